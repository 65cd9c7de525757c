"""Collections: resources put together by a person, nested, for all or for their owner alone."""

import unicodedata
from collections.abc import Collection as Ids
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, delete, func, or_, select
from sqlalchemy.orm import Session

from alexandria.db import now
from alexandria.errors import ConflictError, ForbiddenError, InvalidInputError, NotFoundError
from alexandria.models import Collection, CollectionMember, Resource

LONGEST_NAME = 200
LONGEST_DESCRIPTION = 10_000
DEEPEST = 8
"""So many collections may lie in one another."""
MOST_AT_ONCE = 1000
"""Resources that are put in or taken out by one request."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A collection in the tree. `depth`: 0 at the top; `members`: of its own, not deleted."""

    collection: Collection
    depth: int
    members: int


class CollectionService:
    """What a user sees and does: shared collections, and their own."""

    def __init__(self, session: Session, user_id: str) -> None:
        self._session = session
        self._user_id = user_id

    def tree(self) -> list[Placed]:
        """Give the collections by name, each after the one in which it lies."""
        seen = list(self._session.scalars(select(Collection).where(self._is_visible())))
        counts = self._counts([one.id for one in seen])
        ids = {one.id for one in seen}
        below: dict[str | None, list[Collection]] = {}
        for one in sorted(seen, key=lambda each: (each.name.casefold(), each.id)):
            # In one that is deleted, or not the user's to see, it stands at the top.
            below.setdefault(one.parent_id if one.parent_id in ids else None, []).append(one)
        found: list[Placed] = []

        def place(parent: str | None, depth: int) -> None:
            for one in below.get(parent, ()):
                found.append(Placed(one, depth, counts.get(one.id, 0)))
                place(one.id, depth + 1)

        place(None, 0)
        return found

    def get(self, collection_id: str) -> Collection:
        """Raises NotFoundError for what is not there, and for what the user may not see."""
        query = select(Collection).where(Collection.id == collection_id, self._is_visible())
        found = None if "\x00" in collection_id else self._session.scalar(query)
        if found is None:
            raise NotFoundError(
                f"There is no collection {collection_id[:80]}.", "Look at the list of collections."
            )
        return found

    def create(
        self,
        name: str,
        *,
        description: str = "",
        parent_id: str | None = None,
        is_shared: bool = False,
    ) -> Collection:
        """Make an empty collection. Raises InvalidInputError, NotFoundError for the parent."""
        made = Collection(
            owner_id=self._user_id,
            name=_checked_name(name),
            description=_checked_description(description),
            is_shared=is_shared,
        )
        self._session.add(made)
        self._session.flush()
        if parent_id is not None:
            self._move(made, parent_id)
        return made

    def change(self, collection: Collection, fields: Mapping[str, object]) -> None:
        """Change `name`, `description`, `parent_id`, `is_shared`: those that are given.

        Raises ForbiddenError for another's collection.
        """
        self._require_owner(collection)
        if "name" in fields:
            collection.name = _checked_name(str(fields["name"]))
        if "description" in fields:
            collection.description = _checked_description(str(fields["description"]))
        if "is_shared" in fields:
            collection.is_shared = bool(fields["is_shared"])
        if "parent_id" in fields:
            self._move(collection, None if fields["parent_id"] is None else str(fields["parent_id"]))
        collection.updated_at = now()
        self._session.flush()

    def delete(self, collection: Collection) -> None:
        """Delete it until it is restored; what lies in it stays, and its resources stay."""
        self._require_owner(collection)
        collection.deleted_at = collection.updated_at = now()
        self._session.flush()

    def restore(self, collection_id: str) -> Collection:
        """Bring back one's own deleted collection. Raises NotFoundError, ConflictError."""
        found = self._session.get(Collection, collection_id)
        if found is None or found.owner_id != self._user_id:
            raise NotFoundError(
                f"There is no collection {collection_id[:80]} of yours.",
                "Only who made a collection can restore it.",
            )
        if found.deleted_at is None:
            raise ConflictError("This collection is not deleted.", "There is nothing to restore.")
        found.deleted_at, found.updated_at = None, now()
        self._session.flush()
        return found

    def add(self, collection: Collection, resource_ids: Ids[str]) -> int:
        """Put resources in; give how many were not in it. Raises NotFoundError if one is unknown."""
        ids = _some(resource_ids)
        live = select(Resource.id).where(Resource.id.in_(ids), Resource.deleted_at.is_(None))
        if missing := ids - set(self._session.scalars(live)):
            raise NotFoundError(
                f"{len(missing)} of these resources are not in the library.",
                "They may have been deleted; look into the trash.",
            )
        new = ids - set(self._members(collection, ids))
        self._session.add_all(
            CollectionMember(
                collection_id=collection.id, resource_id=one, added_by=self._user_id
            )
            for one in sorted(new)
        )
        self._touch(collection)
        return len(new)

    def take_out(self, collection: Collection, resource_ids: Ids[str]) -> int:
        """Take resources out; give how many were in it."""
        there = self._members(collection, _some(resource_ids))
        self._session.execute(
            delete(CollectionMember).where(
                CollectionMember.collection_id == collection.id,
                CollectionMember.resource_id.in_(there),
            )
        )
        self._touch(collection)
        return len(there)

    def members(self, collection: Collection) -> list[str]:
        """Give the resources in it that are not deleted, the last added first."""
        query = (
            select(CollectionMember.resource_id)
            .join(Resource, Resource.id == CollectionMember.resource_id)
            .where(
                CollectionMember.collection_id == collection.id, Resource.deleted_at.is_(None)
            )
            .order_by(CollectionMember.added_at.desc(), CollectionMember.resource_id)
        )
        return list(self._session.scalars(query))

    def of(self, resource_id: str) -> list[Collection]:
        """Give the collections that a resource is in, as far as the user sees them."""
        query = (
            select(Collection)
            .join(CollectionMember, CollectionMember.collection_id == Collection.id)
            .where(CollectionMember.resource_id == resource_id, self._is_visible())
        )
        return list(self._session.scalars(query.order_by(Collection.name, Collection.id)))

    def _is_visible(self) -> ColumnElement[bool]:
        mine = Collection.owner_id == self._user_id
        return and_(Collection.deleted_at.is_(None), or_(Collection.is_shared, mine))

    def _require_owner(self, collection: Collection) -> None:
        if collection.owner_id != self._user_id:
            raise ForbiddenError(
                "This collection is another's; its resources alone are yours to change.",
                "Ask who made it, or make one of your own.",
            )

    def _move(self, collection: Collection, parent_id: str | None) -> None:
        """Put it into another, or at the top. Raises InvalidInputError for a circle or too deep."""
        if parent_id is not None:
            above = self._above(self.get(parent_id))
            if collection.id in above:
                raise InvalidInputError(
                    "A collection can't lie within itself.", "Choose another place for it."
                )
            if len(above) + self._height(collection.id) > DEEPEST:
                raise InvalidInputError(
                    f"Collections can lie in one another {DEEPEST} deep, and no deeper.",
                    "Choose a place higher up.",
                )
        collection.parent_id = parent_id
        self._session.flush()

    def _above(self, collection: Collection) -> list[str]:
        """Give the ids from a collection up to the top."""
        found = [collection.id]
        while collection.parent_id is not None and len(found) <= DEEPEST:
            collection = self._session.get_one(Collection, collection.parent_id)
            found.append(collection.id)
        return found

    def _height(self, collection_id: str) -> int:
        """Give how many collections lie in one another, from this one down."""
        level, height = [collection_id], 0
        while level and height <= DEEPEST:
            height += 1
            below = select(Collection.id).where(Collection.parent_id.in_(level))
            level = list(self._session.scalars(below))
        return height

    def _members(self, collection: Collection, ids: Ids[str]) -> Sequence[str]:
        query = select(CollectionMember.resource_id).where(
            CollectionMember.collection_id == collection.id, CollectionMember.resource_id.in_(ids)
        )
        return self._session.scalars(query).all()

    def _counts(self, ids: Ids[str]) -> dict[str, int]:
        query = (
            select(CollectionMember.collection_id, func.count())
            .join(Resource, Resource.id == CollectionMember.resource_id)
            .where(CollectionMember.collection_id.in_(ids), Resource.deleted_at.is_(None))
            .group_by(CollectionMember.collection_id)
        )
        return {row[0]: row[1] for row in self._session.execute(query)}

    def _touch(self, collection: Collection) -> None:
        collection.updated_at = now()
        self._session.flush()


def _some(resource_ids: Ids[str]) -> set[str]:
    ids = set(resource_ids)
    if not 1 <= len(ids) <= MOST_AT_ONCE:
        raise InvalidInputError(
            f"{len(ids)} resources can't be put in or taken out at once.",
            f"Send 1 to {MOST_AT_ONCE} of them.",
        )
    return ids


def _checked_name(name: str) -> str:
    name = " ".join(unicodedata.normalize("NFC", name).split())
    if not name or not name.isprintable() or len(name) > LONGEST_NAME:
        raise InvalidInputError(
            "This is no name for a collection.",
            f"Give one of 1 to {LONGEST_NAME} characters that can be read.",
        )
    return name


def _checked_description(text: str) -> str:
    text = text.strip()
    if "\x00" in text or len(text) > LONGEST_DESCRIPTION:
        raise InvalidInputError(
            "This is no description for a collection.",
            f"Give at most {LONGEST_DESCRIPTION:,} characters that can be read.",
        )
    return text
