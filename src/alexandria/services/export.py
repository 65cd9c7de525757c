"""Resources as records, the form in which they came and in which they leave."""

from collections.abc import Iterable, Iterator

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, selectinload

from alexandria.models import Resource
from alexandria.protocols.extraction import Record

_ROWS_AT_ONCE = 200


class ExportService:
    def __init__(self, session: Session) -> None:
        self._session = session

    def everything(self) -> list[str]:
        """Give the ids of all resources that are not deleted, in the order in which they came."""
        order = (Resource.created_at, Resource.id)
        live = select(Resource.id).where(Resource.deleted_at.is_(None)).order_by(*order)
        return list(self._session.scalars(live))

    def records(self, resource_ids: Iterable[str]) -> Iterator[Record]:
        """Yield the records of these resources, in their order; what is deleted is left out."""
        ids = list(resource_ids)
        for start in range(0, len(ids), _ROWS_AT_ONCE):
            chunk = ids[start : start + _ROWS_AT_ONCE]
            found = {one.id: one for one in self._session.scalars(_whole(chunk))}
            yield from (record_of(found[one]) for one in chunk if one in found)
            self._session.expunge_all()


def record_of(resource: Resource) -> Record:
    identifiers = resource.identifiers
    return Record(
        title=resource.title,
        abstract=resource.abstract,
        text=resource.content or None,
        authors=tuple(resource.authors),
        year=resource.year,
        venue=resource.venue,
        doi=identifiers.get("doi"),
        arxiv_id=identifiers.get("arxiv"),
        isbn=identifiers.get("isbn"),
        url=resource.url,
        language=resource.language,
        tags=tuple(resource.tags),
        subjects=tuple(resource.subjects),
        cites=tuple(resource.cites),
        external_id=resource.external_id,
        type=resource.type,
        extra=dict(resource.extra),
    )


def _whole(resource_ids: list[str]) -> Select[Resource]:
    lists = (
        *(Resource.body, Resource.author_rows, Resource.identifier_rows),
        *(Resource.tag_rows, Resource.subject_rows, Resource.cite_rows),
    )
    live = (Resource.id.in_(resource_ids), Resource.deleted_at.is_(None))
    return select(Resource).where(*live).options(*(selectinload(one) for one in lists))
