"""Resources: the one way in which they are created, changed, deleted and brought back."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from alexandria.db import new_id, now
from alexandria.errors import InvalidInputError, NotFoundError, PreconditionFailedError
from alexandria.events import EventPriority, SystemEvent, outbox
from alexandria.models import Merge, Resource, ResourceRevision
from alexandria.protocols import FullTextIndex
from alexandria.protocols.extraction import Record
from alexandria.services.fields import (
    FIELDS,
    as_inputs,
    assign_field,
    checked_fields,
    read_field,
    values_of,
)
from alexandria.services.ledger import Ledger
from alexandria.services.search.entries import entry_for

_MOST_AUTHORS = 100
"""Names in an event; all of them stand in the record."""
_LONGEST_NAME = 200


class ResourceService:
    """`fulltext`: the keyword index, written in the same transaction."""

    def __init__(self, session: Session, ledger: Ledger, fulltext: FullTextIndex) -> None:
        self._session = session
        self._ledger = ledger
        self._fulltext = fulltext

    def get(self, resource_id: str, *, for_update: bool = False) -> Resource:
        resource = self._session.get(
            Resource, resource_id, with_for_update=for_update, populate_existing=for_update
        )
        if resource is None or resource.deleted_at is not None:
            raise self._not_found(resource_id)
        return resource

    def create(self, record: Record) -> Resource:
        """Add a resource with content and metadata revision 1."""
        values = checked_fields(values_of(record))
        if not values.get("title"):
            raise InvalidInputError("A resource needs a title.", "Give it one.")
        resource = Resource(id=new_id(), content_revision=1, metadata_revision=1, extra={})
        for name, value in values.items():
            assign_field(resource, name, value)
        self._session.add(resource)
        self._session.flush()
        first = self._record(SystemEvent.RESOURCE_CREATED, resource)
        self._record(SystemEvent.RESOURCE_CONTENT_CHANGED, resource, EventPriority.HIGH)
        self._record(
            SystemEvent.RESOURCE_METADATA_CHANGED,
            resource,
            fields=sorted(values.keys() - {"content"}),
        )
        self._tell_authors(resource)
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
        checked = checked_fields(changes)
        replaced = {
            name: current
            for name, value in checked.items()
            if (current := read_field(resource, name)) != value
        }
        if not replaced:
            return resource
        if "title" in replaced and not checked["title"]:
            raise InvalidInputError("A resource needs a title.", "Give it one, or leave it as is.")
        self._keep(resource, replaced)
        for name in replaced:
            assign_field(resource, name, checked[name])
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
        self._fulltext.remove([resource_id])
        self._ledger.close("search", [resource_id])
        return event_id

    def restore(self, resource_id: str) -> Resource:
        """Bring a deleted resource back; one that is there stays as it is.

        All that was derived from it is computed anew: it was taken away.
        """
        resource = self._session.get(Resource, resource_id, with_for_update=True)
        if resource is None:
            raise self._not_found(resource_id)
        if resource.deleted_at is not None:
            resource.deleted_at = None
            self._changed(resource, set(FIELDS))
        return resource

    def revisions(self, resource_id: str) -> list[ResourceRevision]:
        """Give what changes replaced, the newest first."""
        return list(
            self._session.scalars(
                select(ResourceRevision)
                .where(ResourceRevision.resource_id == resource_id)
                .order_by(ResourceRevision.id.desc())
            )
        )

    def _not_found(self, resource_id: str) -> NotFoundError:
        merged = select(Merge.kept_id).where(
            Merge.other_id == resource_id, Merge.undone_at.is_(None)
        )
        kept = self._session.scalar(merged.order_by(Merge.created_at.desc()).limit(1))
        remedy = "It may have been deleted; search for it, or look among the deleted ones."
        return NotFoundError(
            f"There is no resource {resource_id}.",
            remedy if kept is None else f"It was merged into {kept}.",
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
        if "authors" in fields:
            self._tell_authors(resource)
        self._ledger.mark(resource, as_inputs(fields), first)
        self._index(resource)

    def _index(self, resource: Resource) -> None:
        # In the same transaction: the change is searchable the moment it is acknowledged.
        self._fulltext.put([entry_for(resource)])
        self._ledger.computed(
            "search", {resource.id: (resource.content_revision, resource.metadata_revision)}
        )

    def _tell_authors(self, resource: Resource) -> None:
        names = resource.authors
        self._record(
            SystemEvent.AUTHORS_EXTRACTED,
            resource,
            total=len(names),
            authors=[name[:_LONGEST_NAME] for name in names[:_MOST_AUTHORS]],
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


def _guard(resource: Resource, expected: tuple[int, int] | None) -> None:
    current = (resource.content_revision, resource.metadata_revision)
    if expected is not None and expected != current:
        raise PreconditionFailedError(
            "Somebody changed this resource after you read it.",
            "Read it again, and make your change to what is there now.",
        )
