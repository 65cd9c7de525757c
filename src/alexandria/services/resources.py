"""Resources: the one way in which they are created, changed and deleted."""

import hashlib
import re
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from alexandria.db import new_id, now
from alexandria.errors import InvalidInputError, NotFoundError, PreconditionFailedError
from alexandria.events import EventPriority, SystemEvent, outbox
from alexandria.models import (
    Resource,
    ResourceAuthor,
    ResourceCite,
    ResourceContent,
    ResourceIdentifier,
    ResourceRevision,
    ResourceSubject,
    ResourceTag,
)
from alexandria.protocols import FullTextIndex
from alexandria.protocols.extraction import Record
from alexandria.protocols.identifiers import (
    canonical_url,
    normalise_arxiv,
    normalise_doi,
    normalise_isbn,
)
from alexandria.services.ledger import Ledger
from alexandria.services.search.entries import entry_for

_TEXT_FIELDS = ("external_id", "type", "title", "abstract", "venue", "url", "language")
_LIST_FIELDS = ("authors", "tags", "subjects", "cites")
_IDENTIFIERS: Mapping[str, tuple[str, Callable[[str], str | None]]] = {
    "doi": ("doi", normalise_doi),
    "arxiv_id": ("arxiv", normalise_arxiv),
    "isbn": ("isbn", normalise_isbn),
}
FIELDS = (*_TEXT_FIELDS, "content", "year", "extra", *_LIST_FIELDS, *_IDENTIFIERS)
YEARS = range(1, 2201)

_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


class ResourceService:
    """`fulltext`: the keyword index to write in the same transaction; None where there is none."""

    def __init__(self, session: Session, ledger: Ledger, fulltext: FullTextIndex | None) -> None:
        self._session = session
        self._ledger = ledger
        self._fulltext = fulltext

    def get(self, resource_id: str, *, for_update: bool = False) -> Resource:
        resource = self._session.get(
            Resource, resource_id, with_for_update=for_update, populate_existing=for_update
        )
        if resource is None or resource.deleted_at is not None:
            raise NotFoundError(
                f"There is no resource {resource_id}.", "It may have been deleted; search for it."
            )
        return resource

    def create(self, record: Record) -> Resource:
        """Add a resource with content and metadata revision 1."""
        values = _checked(_values_of(record))
        if not values.get("title"):
            raise InvalidInputError("A resource needs a title.", "Give it one.")
        resource = Resource(id=new_id(), content_revision=1, metadata_revision=1, extra={})
        for name, value in values.items():
            _assign(resource, name, value)
        self._session.add(resource)
        self._session.flush()
        first = self._record(SystemEvent.RESOURCE_CREATED, resource)
        self._record(SystemEvent.RESOURCE_CONTENT_CHANGED, resource, EventPriority.HIGH)
        self._record(
            SystemEvent.RESOURCE_METADATA_CHANGED,
            resource,
            fields=sorted(values.keys() - {"content"}),
        )
        self._ledger.open(resource, first)
        self._index(resource)
        return resource

    def update(
        self,
        resource_id: str,
        changes: Mapping[str, Any],
        expected: tuple[int, int] | None = None,
    ) -> Resource:
        """Change the fields given, and only those that differ; the old values are kept.

        `expected`: the revisions that the writer saw. Raises PreconditionFailedError if they are
        no longer the newest.
        """
        resource = self.get(resource_id, for_update=True)
        _guard(resource, expected)
        checked = _checked(changes)
        replaced = {
            name: current
            for name, value in checked.items()
            if (current := _read(resource, name)) != value
        }
        if not replaced:
            return resource
        if "title" in replaced and not checked["title"]:
            raise InvalidInputError("A resource needs a title.", "Give it one, or leave it as is.")
        self._keep(resource, replaced)
        for name in replaced:
            _assign(resource, name, checked[name])
        self._changed(resource, set(replaced))
        return resource

    def delete(self, resource_id: str, expected: tuple[int, int] | None = None) -> int:
        """Take the resource out of the library; give the event's id. Its rows are kept."""
        resource = self.get(resource_id, for_update=True)
        _guard(resource, expected)
        resource.deleted_at = resource.updated_at = now()
        resource.metadata_revision += 1
        self._session.flush()
        event_id = self._record(SystemEvent.RESOURCE_DELETED, resource, EventPriority.HIGH)
        self._ledger.mark_all(resource, event_id)
        if self._fulltext:
            self._fulltext.remove([resource_id])
            self._ledger.close("search", [resource_id])
        return event_id

    def revisions(self, resource_id: str) -> list[ResourceRevision]:
        """Give what changes replaced, the newest first."""
        return list(
            self._session.scalars(
                select(ResourceRevision)
                .where(ResourceRevision.resource_id == resource_id)
                .order_by(ResourceRevision.id.desc())
            )
        )

    def _keep(self, resource: Resource, replaced: dict[str, Any]) -> None:
        self._session.add(
            ResourceRevision(
                resource_id=resource.id,
                content_revision=resource.content_revision,
                metadata_revision=resource.metadata_revision,
                replaced=replaced,
            )
        )

    def _changed(self, resource: Resource, fields: set[str]) -> None:
        metadata = fields - {"content"}
        resource.content_revision += "content" in fields
        resource.metadata_revision += bool(metadata)
        resource.updated_at = now()
        self._session.flush()
        first = self._record(SystemEvent.RESOURCE_UPDATED, resource, fields=sorted(fields))
        if "content" in fields:
            self._record(SystemEvent.RESOURCE_CONTENT_CHANGED, resource, EventPriority.HIGH)
        if metadata:
            self._record(SystemEvent.RESOURCE_METADATA_CHANGED, resource, fields=sorted(metadata))
        self._ledger.mark(resource, _as_inputs(fields), first)
        self._index(resource)

    def _index(self, resource: Resource) -> None:
        # In the same transaction: the change is searchable the moment it is acknowledged.
        if self._fulltext:
            self._fulltext.put([entry_for(resource)])
            self._ledger.computed(
                "search", {resource.id: (resource.content_revision, resource.metadata_revision)}
            )

    def _record(
        self,
        name: SystemEvent,
        resource: Resource,
        priority: EventPriority = EventPriority.NORMAL,
        **more: Any,
    ) -> int:
        data = {
            "resource_id": resource.id,
            "content_revision": resource.content_revision,
            "metadata_revision": resource.metadata_revision,
        }
        return outbox.record(self._session, name, data | more, priority)


def folded_sha256(text: str) -> str:
    """Hash the text with white space folded: equal texts are equal however their lines break."""
    return hashlib.sha256(" ".join(text.split()).encode()).hexdigest()


def _values_of(record: Record) -> dict[str, Any]:
    """Give the fields that the record has."""
    values = {name: getattr(record, name) for name in FIELDS if name != "content"}
    values["content"] = record.text
    return {name: value for name, value in values.items() if value not in (None, (), {}, "")}


def _checked(changes: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _check(name, value) for name, value in changes.items()}


def _check(name: str, value: Any) -> Any:
    if name in _IDENTIFIERS:
        return _check_identifier(name, value)
    if name in _LIST_FIELDS:
        return list(dict.fromkeys(filter(None, map(_clean, value or ()))))
    if name == "extra":
        return {_clean(key): _clean(str(one)) for key, one in (value or {}).items()}
    if name == "year":
        return _check_year(value)
    if name == "content":
        return _clean(value or "")
    if name in _TEXT_FIELDS:
        return _clean(value) or None if value is not None else None
    raise InvalidInputError(f"A resource has no field {name!r}.", f"It has: {', '.join(FIELDS)}.")


def _check_year(value: int | None) -> int | None:
    if value is not None and value not in YEARS:
        raise InvalidInputError(f"{value} is no year of a publication.", "Give 4 digits, or none.")
    return value


def _check_identifier(name: str, value: str | None) -> str | None:
    if not value:
        return None
    normal = _IDENTIFIERS[name][1](value)
    if normal is None:
        raise InvalidInputError(
            f"{value!r} is not a valid {name}.", "Correct it, or leave the field out."
        )
    return normal


def _clean(value: str) -> str:
    return _UNPRINTABLE.sub("", value).strip()


def _read(resource: Resource, name: str) -> Any:
    if name in _IDENTIFIERS:
        return resource.identifiers.get(_IDENTIFIERS[name][0])
    return getattr(resource, name)


def _assign(resource: Resource, name: str, value: Any) -> None:
    if name in _IDENTIFIERS:
        _set_identifier(resource, _IDENTIFIERS[name][0], value)
    elif name == "content":
        _set_content(resource, value)
    elif name == "authors":
        resource.author_rows = [ResourceAuthor(position=i, name=v) for i, v in enumerate(value)]
    elif name == "tags":
        resource.tag_rows = [ResourceTag(position=i, tag=v) for i, v in enumerate(value)]
    elif name == "subjects":
        resource.subject_rows = [
            ResourceSubject(position=i, subject=v) for i, v in enumerate(value)
        ]
    elif name == "cites":
        resource.cite_rows = [ResourceCite(position=i, target=v) for i, v in enumerate(value)]
    else:
        setattr(resource, name, value)
        if name == "url":
            _set_identifier(resource, "url", canonical_url(value) if value else None)


def _set_identifier(resource: Resource, scheme: str, value: str | None) -> None:
    row = next((r for r in resource.identifier_rows if r.scheme == scheme), None)
    if row and value:
        row.value = value
    elif row:
        resource.identifier_rows.remove(row)
    elif value:
        resource.identifier_rows.append(ResourceIdentifier(scheme=scheme, value=value))


def _set_content(resource: Resource, text: str) -> None:
    if resource.body is None:
        resource.body = ResourceContent(text=text, sha256=folded_sha256(text))
    else:
        resource.body.text, resource.body.sha256 = text, folded_sha256(text)


def _as_inputs(fields: set[str]) -> set[str]:
    """Give the names by which derivations know the fields."""
    return {"identifiers" if name in _IDENTIFIERS else name for name in fields}


def _guard(resource: Resource, expected: tuple[int, int] | None) -> None:
    current = (resource.content_revision, resource.metadata_revision)
    if expected is not None and expected != current:
        raise PreconditionFailedError(
            "Somebody changed this resource after you read it.",
            "Read it again, and make your change to what is there now.",
        )
