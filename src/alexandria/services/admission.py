"""Admission: what was read becomes a resource, or is told to be one that is here already."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import PurePath, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session

from alexandria.db import now
from alexandria.errors import AlexandriaError, ExtractionError, InvalidInputError
from alexandria.models import Ingestion, Resource, ResourceFile
from alexandria.protocols.extraction import ExtractedDocument, ExtractedRecord, Record
from alexandria.services.duplicates import Twin, find_twin, record_sha256
from alexandria.services.resources import ResourceService

FILLED_IN: Mapping[str, str] = {
    "text": "content",
    "abstract": "abstract",
    "doi": "doi",
    "arxiv_id": "arxiv_id",
    "isbn": "isbn",
    "url": "url",
    "year": "year",
    "venue": "venue",
    "authors": "authors",
    "language": "language",
    "external_id": "external_id",
}
"""Field of a record to the field of its twin that it fills in where that is empty."""


class Admission:
    def __init__(self, session: Session, resources: ResourceService) -> None:
        self._session = session
        self._resources = resources

    def admit_document(self, ingestion: Ingestion, document: ExtractedDocument) -> None:
        """Add a document with its file, or fill in its twin. Raises ExtractionError."""
        if document.record is None:
            raise ExtractionError("Nothing was found in this document.", "Check the file.")
        record = _completed(document.record, ingestion)
        resource_id = self._admit(ingestion, record, ingestion.sha256)
        self._attach(resource_id, ingestion)

    def admit_entry(self, parent: Ingestion, entry: ExtractedRecord) -> Ingestion:
        """Add one entry of a bibliography as a child of its ingestion; never raises for it."""
        child = Ingestion(
            parent_id=parent.id,
            position=entry.position,
            source="record",
            name=_name_of(entry),
            line=entry.line,
            state="running",
            add_anyway=parent.add_anyway,
            correlation_id=parent.correlation_id,
            started_at=now(),
            finished_at=now(),
        )
        if entry.record is None:
            child.state, child.error, child.remedy = "failed", entry.error, entry.remedy
        else:
            self._admit_or_fail(child, entry.record)
        self._session.add(child)
        self._session.flush()
        return child

    def readmit(self, child: Ingestion) -> None:
        """Try a record again that failed, or was a duplicate. Raises what is wrong with it."""
        if child.record is None:
            raise InvalidInputError(
                "This entry could not be read.", "Correct the file and bring it again."
            )
        self._admit(child, Record.from_dict(child.record), child.sha256)

    def positions_of(self, parent: Ingestion) -> set[int | None]:
        """Give the entries that are done already, from an earlier attempt."""
        return set(
            self._session.scalars(
                select(Ingestion.position).where(Ingestion.parent_id == parent.id)
            )
        )

    def _admit_or_fail(self, child: Ingestion, record: Record) -> None:
        child.sha256 = record_sha256(record)
        record = replace(record, title=record.title or _stand_in(record))
        try:
            with self._session.begin_nested():
                self._admit(child, record, child.sha256)
        except AlexandriaError as error:
            child.state, child.error, child.remedy = "failed", error.message, error.remedy
        if child.state != "completed":
            child.record = record.to_dict()

    def _admit(self, ingestion: Ingestion, record: Record, sha256: str | None) -> str:
        twin = None if ingestion.add_anyway else find_twin(self._session, record, sha256)
        if twin is None:
            ingestion.resource_id = self._resources.create(record).id
            ingestion.state = "completed"
            return ingestion.resource_id
        self._note_duplicate(ingestion, twin, record)
        return twin.resource.id

    def _note_duplicate(self, ingestion: Ingestion, twin: Twin, record: Record) -> None:
        ingestion.state, ingestion.resource_id = "duplicate", twin.resource.id
        ingestion.duplicate_of = twin.resource.id
        ingestion.duplicate_reason = twin.reason
        missing = _missing(twin.resource, record)
        if missing:
            self._resources.update(twin.resource.id, missing)
            ingestion.filled_in = sorted(missing)

    def _attach(self, resource_id: str, ingestion: Ingestion) -> None:
        if ingestion.sha256 is None:
            return
        if self._session.get(ResourceFile, (resource_id, ingestion.sha256)) is not None:
            return
        self._session.add(
            ResourceFile(
                resource_id=resource_id,
                sha256=ingestion.sha256,
                filename=_file_name(ingestion),
                media_type=ingestion.media_type or "application/octet-stream",
                bytes=ingestion.bytes or 0,
            )
        )


def _missing(twin: Resource, record: Record) -> dict[str, Any]:
    """Give what the record has and its twin lacks."""
    return {
        field: getattr(record, source)
        for source, field in FILLED_IN.items()
        if getattr(record, source) and not _has(twin, field)
    }


def _has(resource: Resource, field: str) -> bool:
    identifiers = {"arxiv_id": "arxiv", "isbn": "isbn"}
    if field in identifiers:
        return identifiers[field] in resource.identifiers
    return bool(getattr(resource, field))


def _completed(record: Record, ingestion: Ingestion) -> Record:
    """Give a document without a title the name of its file or the end of its address."""
    title = record.title or PurePath(urlsplit(ingestion.name).path).stem or ingestion.name
    return replace(record, title=title, url=record.url or ingestion.url)


def _file_name(ingestion: Ingestion) -> str:
    """Give the name without the folders of the archive that it was in."""
    if ingestion.source != "file":
        return ingestion.name
    return PurePosixPath(ingestion.name.replace("\\", "/")).name or ingestion.name


def _stand_in(record: Record) -> str:
    """Name an entry without a title: a periodical by its name, others by their key."""
    return record.venue or record.external_id or "Untitled"


def _name_of(entry: ExtractedRecord) -> str:
    record = entry.record
    found = record and (record.title or record.external_id)
    return found or f"entry {entry.position + 1}"
