"""Is it here already? By file, identifier, text, address, or the very same record."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from alexandria.models import (
    Ingestion,
    Resource,
    ResourceContent,
    ResourceFile,
    ResourceIdentifier,
)
from alexandria.protocols.extraction import Record
from alexandria.protocols.identifiers import canonical_url, normalise_pmid
from alexandria.services.fields import folded_sha256

SHORTEST_TELLING_TEXT = 200
"""Characters; shorter texts may be equal by chance ("Abstract not available")."""


@dataclass(frozen=True, slots=True)
class Twin:
    resource: Resource
    reason: str


def record_sha256(record: Record) -> str:
    """Hash what a record says, so that the same record brought twice is known again."""
    return hashlib.sha256(orjson.dumps(record.to_dict(), option=orjson.OPT_SORT_KEYS)).hexdigest()


def find_twin(session: Session, record: Record, source_sha256: str | None) -> Twin | None:
    """Give the resource that this record or file is already, and how one can tell.

    `source_sha256`: of the file's bytes, or `record_sha256` for an entry of a bibliography.
    """
    for query, reason in _queries(record, source_sha256):
        resource = session.scalar(query.where(Resource.deleted_at.is_(None)).limit(1))
        if resource is not None:
            return Twin(resource, reason)
    return None


def _queries(record: Record, source_sha256: str | None) -> Iterator[tuple[Select[Any], str]]:
    if source_sha256:
        yield _by_file(source_sha256), "the same file"
        yield _by_ingestion(source_sha256), "the same record"
    if record.doi:
        yield _by_identifier("doi", record.doi), f"the same DOI, {record.doi}"
    if record.arxiv_id:
        yield _by_identifier("arxiv", record.arxiv_id), f"the same arXiv id, {record.arxiv_id}"
    if pmid := normalise_pmid(record.extra.get("pmid")):
        yield _by_identifier("pmid", pmid), f"the same PMID, {pmid}"
    if record.isbn and record.type == "book":
        yield _by_isbn(record), f"the same ISBN, {record.isbn}"
    if record.text and len(record.text) >= SHORTEST_TELLING_TEXT:
        yield _by_text(record.text), "the same text"
    if record.url and record.title:
        yield _by_address(record), "the same address and title"


def _by_file(sha256: str) -> Select[Any]:
    return select(Resource).join(ResourceFile).where(ResourceFile.sha256 == sha256)


def _by_ingestion(sha256: str) -> Select[Any]:
    return (
        select(Resource)
        .join(Ingestion, Ingestion.resource_id == Resource.id)
        .where(Ingestion.sha256 == sha256, Ingestion.source == "record")
    )


def _by_identifier(scheme: str, value: str) -> Select[Any]:
    return (
        select(Resource)
        .join(ResourceIdentifier)
        .where(ResourceIdentifier.scheme == scheme, ResourceIdentifier.value == value)
    )


def _by_isbn(record: Record) -> Select[Any]:
    # The chapters of a book have its ISBN too.
    query = _by_identifier("isbn", record.isbn or "")
    return query.where(or_(Resource.type == "book", Resource.title == record.title))


def _by_text(text: str) -> Select[Any]:
    return (
        select(Resource).join(ResourceContent).where(ResourceContent.sha256 == folded_sha256(text))
    )


def _by_address(record: Record) -> Select[Any]:
    # A publisher's front page stands in many records: the title must agree as well.
    query = _by_identifier("url", canonical_url(record.url or "") or "")
    return query.where(Resource.title == record.title)
