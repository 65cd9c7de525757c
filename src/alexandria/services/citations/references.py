"""The derivation `citations`: what each resource cites, read from its file, its text and its record."""

import logging
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from hashlib import blake2b
from time import monotonic
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session, selectinload

from alexandria.db import now, release
from alexandria.errors import AlexandriaError
from alexandria.events import SystemEvent, outbox
from alexandria.models import Citation, CitationList, Resource, ResourceContent, ResourceFile
from alexandria.protocols import FileStore
from alexandria.protocols.citations import CitationReader, Reference
from alexandria.protocols.identifiers import find_arxiv, find_doi, normalise_arxiv, normalise_doi
from alexandria.services.graph.lock import lock_graph
from alexandria.services.ledger import Ledger, Revisions
from alexandria.services.near_duplicates.words import words_of

logger = logging.getLogger(__name__)

LONGEST_TEXT = 1_500_000
"""Characters, from the end, where lists of references stand."""
LARGEST_FILE = 30_000_000
MOST_REFERENCES = 5_000
MOST_TOLD = 100
"""References in an event; all of them stand in the table."""
_LONGEST_TOLD = 200
_LONGEST_RAW = 4_000
SECONDS_AT_ONCE = 8.0
"""After so long a run leaves the rest of its batch to other runs."""
_STRUCTURED = ("application/jats+xml", "application/tei+xml", "text/html", "application/xml")
_YEAR = re.compile(r"\b(?:1[5-9]|20)\d\d")
_COLUMNS = ("title", "venue", "year", "volume", "pages", "doi", "arxiv_id", "url")


@dataclass(frozen=True, slots=True)
class _Source:
    text: str
    cites: tuple[str, ...]
    files: tuple[tuple[str, str], ...]
    """SHA-256 and media type of those whose structure names references."""
    revisions: Revisions


@dataclass(frozen=True, slots=True)
class _Entry:
    reference: Reference
    source: str
    fingerprint: str


class CitationService:
    """Computes the derivation `citations`; `reader` is asked for when there is something to read."""

    def __init__(
        self,
        session: Session,
        ledger: Ledger,
        files: FileStore,
        reader: Callable[[], CitationReader],
    ) -> None:
        self._session = session
        self._ledger = ledger
        self._files = files
        self._reader = reader

    def extract_citations(self, resource_ids: Collection[str]) -> dict[str, Revisions | None]:
        """Read the references of resources; give the revisions read, None for what is left.

        Commits what the session holds, so that no lock is held meanwhile. Resources that are
        deleted or unknown lose theirs, and are not in the answer. Emits `citations.extracted`
        of each that has references, or had some.
        """
        sources = self._sources(resource_ids)
        release(self._session)
        end = monotonic() + SECONDS_AT_ONCE
        read: dict[str, list[_Entry]] = {}
        for one, source in sources.items():
            if read and monotonic() > end:
                break
            read[one] = self._read(source)
        lock_graph(self._session)
        live = self._live(sources)
        self.forget(set(resource_ids) - live.keys())
        for one, entries in read.items():
            if one in live:
                self._store(live[one], entries, sources[one].revisions)
        return {one: sources[one].revisions if one in read else None for one in live}

    def forget(self, resource_ids: Collection[str]) -> None:
        """Take references away; their keys and edges go with them."""
        gone = CitationList.resource_id.in_(list(resource_ids))
        self._session.execute(delete(CitationList).where(gone))

    def _sources(self, resource_ids: Collection[str]) -> dict[str, _Source]:
        ids = list(resource_ids)
        # Revisions before all else: what is read after them is at least as new as they say.
        found = self._session.scalars(
            select(Resource)
            .where(Resource.id.in_(ids), Resource.deleted_at.is_(None))
            .options(selectinload(Resource.cite_rows))
            .execution_options(populate_existing=True)
        ).all()
        contents = select(ResourceContent.resource_id, ResourceContent.text)
        rows = self._session.execute(contents.where(ResourceContent.resource_id.in_(ids)))
        texts = {one: text[-LONGEST_TEXT:] for one, text in rows}
        files: dict[str, list[tuple[str, str]]] = {}
        for row in self._session.scalars(
            select(ResourceFile)
            .where(
                ResourceFile.resource_id.in_(ids),
                ResourceFile.media_type.in_(_STRUCTURED),
                ResourceFile.bytes <= LARGEST_FILE,
            )
            .order_by(ResourceFile.created_at, ResourceFile.sha256)
        ):
            files.setdefault(row.resource_id, []).append((row.sha256, row.media_type))
        return {
            one.id: _Source(
                texts.get(one.id, ""),
                tuple(one.cites),
                tuple(files.get(one.id, ())),
                (one.content_revision, one.metadata_revision),
            )
            for one in found
        }

    def _read(self, source: _Source) -> list[_Entry]:
        """Give what is cited, each once: what the record names, then what the document lists.

        What the record names by an identifier that stands in the list is only in the list.
        """
        entries: dict[str, _Entry] = {}
        for kind, references in (
            ("record", map(_named, source.cites)),
            ("document", self._in_document(source)),
        ):
            for reference in references:
                mark = fingerprint(reference.raw)
                if reference.raw.strip() and len(entries) < MOST_REFERENCES:
                    entries.setdefault(mark, _Entry(reference, kind, mark))
        printed = (one.reference for one in entries.values() if one.source == "document")
        listed = {found for one in printed for found in _identifiers(one)} - {None}
        return [
            one
            for one in entries.values()
            if one.source == "document" or listed.isdisjoint(_identifiers(one.reference))
        ]

    def _in_document(self, source: _Source) -> Iterator[Reference]:
        for sha256, media_type in source.files:
            try:
                data = self._files.intact_path(sha256).read_bytes()
                found = self._reader().references_of(data, media_type)
            except (AlexandriaError, OSError) as error:
                logger.warning("File %s is not read for references: %s", sha256, error)
                continue
            if found:
                yield from found
                return
        if _YEAR.search(source.text):  # without a year there is no list of references
            yield from self._reader().references_in_text(source.text)

    def _live(self, resource_ids: Collection[str]) -> dict[str, Resource]:
        query = select(Resource).where(
            Resource.id.in_(list(resource_ids)), Resource.deleted_at.is_(None)
        )
        found = self._session.scalars(query.execution_options(populate_existing=True))
        return {one.id: one for one in found}

    def _store(self, resource: Resource, entries: list[_Entry], read: Revisions) -> None:
        """Store what was read, unless something newer is there; what stays the same stays itself."""
        row = self._session.get(CitationList, resource.id, populate_existing=True)
        before = row.total if row else 0
        if row is None:
            row = CitationList(resource_id=resource.id)
            self._session.add(row)
        elif row.content_revision > read[0] or row.metadata_revision > read[1]:
            return
        row.total, row.computed_at = len(entries), now()
        row.content_revision, row.metadata_revision = read
        self._session.flush()
        if not entries and not before:
            return
        own = select(Citation).where(Citation.resource_id == resource.id)
        there = {one.fingerprint: one for one in self._session.scalars(own)}
        for position, entry in enumerate(entries):
            citation = there.pop(entry.fingerprint, None)
            if citation is None:
                citation = Citation(resource_id=resource.id, fingerprint=entry.fingerprint)
                self._session.add(citation)
            fill_citation(citation, position, entry.source, entry.reference)
        for gone in there.values():
            self._session.delete(gone)
        self._session.flush()
        data = {
            "resource_id": resource.id,
            "total": len(entries),
            "citations": [_told(entry.reference) for entry in entries[:MOST_TOLD]],
        }
        event_id = outbox.record(self._session, SystemEvent.CITATIONS_EXTRACTED, data)
        self._ledger.mark(resource, {"citations"}, event_id)


def damaged_lists(session: Session) -> set[str]:
    """Give the resources that have not as many references as were read."""
    counts = select(Citation.resource_id, func.count()).group_by(Citation.resource_id)
    held = {one: count for one, count in session.execute(counts)}  # noqa: C416 (rows)
    rows = session.execute(select(CitationList.resource_id, CitationList.total))
    return {one for one, total in rows if held.get(one, 0) != total}


def fingerprint(raw: str) -> str:
    """Know a reference again, however its spaces and signs are read the next time."""
    words = "".join(words_of(raw)) or raw
    return blake2b(words.encode(), digest_size=16).hexdigest()


def _named(target: str) -> Reference:
    """Take what a record names: a DOI, an arXiv id, an id of the same import, or a title."""
    doi, arxiv_id = normalise_doi(target), normalise_arxiv(target)
    return Reference(
        raw=target, title=None if doi or arxiv_id else target, doi=doi, arxiv_id=arxiv_id
    )


def _identifiers(reference: Reference) -> tuple[str | None, str | None]:
    """Give DOI and arXiv id, as parsed or else as they stand in what was printed."""
    doi = normalise_doi(reference.doi) or find_doi(reference.raw)
    return doi, normalise_arxiv(reference.arxiv_id) or find_arxiv(reference.raw)


def fill_citation(citation: Citation, position: int, source: str, reference: Reference) -> None:
    """Put what was read of a reference into its row."""
    citation.position, citation.source = position, source
    citation.raw = _clean(reference.raw)[:_LONGEST_RAW]
    citation.authors = [
        _clean(one) for one in reference.authors or filter(None, [reference.author])
    ]
    for name in _COLUMNS:
        value: Any = getattr(reference, name)
        setattr(citation, name, _clean(value) if isinstance(value, str) else value)
    citation.doi, citation.arxiv_id = _identifiers(reference)


def _told(reference: Reference) -> dict[str, Any]:
    told = {"raw": reference.raw[:_LONGEST_TOLD], "authors": list(reference.authors[:5])}
    told |= {name: getattr(reference, name) for name in _COLUMNS}
    cut = {k: v[:_LONGEST_TOLD] if isinstance(v, str) else v for k, v in told.items()}
    return {name: value for name, value in cut.items() if value}


def _clean(text: str) -> str:
    """PostgreSQL takes neither NUL nor half a surrogate pair."""
    return text.replace("\x00", "").encode(errors="ignore").decode()
