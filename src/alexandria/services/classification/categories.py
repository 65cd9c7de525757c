"""The tree of categories."""

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from alexandria.db import new_id, now
from alexandria.errors import ConflictError, InvalidInputError, NotFoundError
from alexandria.models import Category
from alexandria.services.ledger import Ledger

_FIELDS = (
    *("name", "parent_id", "description", "keywords", "notation"),
    *("uri", "language", "labels"),
)


class CategoryService:
    """`follows_categories`: whether what predicts reads the categories themselves."""

    def __init__(self, session: Session, ledger: Ledger, *, follows_categories: bool) -> None:
        self._session = session
        self._ledger = ledger
        self._follows_categories = follows_categories

    def categories(self) -> list[Category]:
        """Give all categories, those above before those below."""
        found = self._session.scalars(select(Category).order_by(Category.name, Category.id)).all()
        below: dict[str | None, list[Category]] = {}
        for one in found:
            below.setdefault(one.parent_id, []).append(one)
        ordered: list[Category] = []
        waiting = list(reversed(below.get(None, [])))
        while waiting:
            one = waiting.pop()
            ordered.append(one)
            waiting += reversed(below.get(one.id, []))
        return ordered

    def get(self, category_id: str) -> Category:
        found = self._session.get(Category, category_id)
        if found is None:
            raise NotFoundError(
                f"There is no category {category_id}.", "List them with GET /taxonomy/categories."
            )
        return found

    def create(self, values: Mapping[str, Any]) -> Category:
        """Add a category with these fields, as the table has them."""
        category = self.put(None, values)
        self.announce()
        return category

    def update(self, category_id: str, changes: Mapping[str, Any]) -> Category:
        """Change the fields given; the id and the slug stay."""
        self.lock()
        category = self.put(self.get(category_id), changes)
        self.announce()
        return category

    def put(self, category: Category | None, values: Mapping[str, Any]) -> Category:
        """Add one (None), or change it; for many, between one `lock` and one `announce`."""
        is_new = category is None
        if category is None:
            category = Category(id=new_id(), name="", description="", keywords=[], labels={})
        self._assign(category, values)
        category.updated_at = now()
        if is_new:
            category.slug = self._free_slug(category.name)
            self._session.add(category)
        self._session.flush()
        return category

    def delete(self, category_id: str, *, with_children: bool = False) -> int:
        """Delete a category with what was said of it; give how many went.

        Raises ConflictError if others stand below it, unless they are to go as well.
        """
        self.lock()
        self.get(category_id)
        below: dict[str | None, list[str]] = {}
        for one, parent in self._session.execute(select(Category.id, Category.parent_id)):
            below.setdefault(parent, []).append(one)
        gone = [category_id]
        for one in gone:
            gone += below.get(one, [])
        if len(gone) > 1 and not with_children:
            raise ConflictError(
                f"{len(gone) - 1} categories stand below this one.",
                "Move them first, or delete them too with `children=delete`.",
            )
        for one in reversed(gone):  # those below first
            self._session.execute(delete(Category).where(Category.id == one))
        self._session.expire_all()
        self.announce()
        return len(gone)

    def _assign(self, category: Category, values: Mapping[str, Any]) -> None:
        """Set the fields given; raises before anything is set if they can't stand so."""
        name = " ".join(values.get("name", category.name).split())
        if not name:
            raise InvalidInputError("A category needs a name.", "Give it one.")
        if "parent_id" in values:
            self._refuse_a_circle(category.id, values["parent_id"])
        for field in _FIELDS:
            if field in values:
                setattr(category, field, values[field])
        category.name = name
        category.keywords = list(dict.fromkeys(" ".join(k.split()) for k in category.keywords if k))

    def _refuse_a_circle(self, category_id: str, parent_id: str | None) -> None:
        seen, above = {category_id}, parent_id
        while above is not None:
            if above in seen:
                raise InvalidInputError(
                    "The category would stand below itself.", "Choose another parent."
                )
            seen.add(above)
            above = self.get(above).parent_id

    def _free_slug(self, name: str) -> str:
        base = slug_of(name)
        with self._session.no_autoflush:
            taken = set(
                self._session.scalars(select(Category.slug).where(Category.slug.startswith(base)))
            )
        number, slug = 1, base
        while slug in taken:
            number += 1
            slug = f"{base}-{number}"
        return slug

    def lock(self) -> list[Category]:
        """Read the tree as it is now, and keep it so: two moves at once could make a circle."""
        query = select(Category).order_by(Category.id).with_for_update()
        return list(self._session.scalars(query.execution_options(populate_existing=True)))

    def announce(self) -> None:
        """Have what follows from the categories themselves looked at again."""
        if self._follows_categories:
            self._ledger.make_all_due("classification")


def slug_of(name: str) -> str:
    """Give the name in letters and digits with hyphens between, at most 180 characters."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    return re.sub(r"[\W_]+", "-", folded).strip("-")[:180] or "category"
