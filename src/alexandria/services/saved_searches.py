"""Searches that a reader keeps under a name, and what they find that is new to the reader."""

import unicodedata
from collections.abc import Mapping
from dataclasses import asdict, fields
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from alexandria.db import SKEW, now
from alexandria.errors import ConflictError, InvalidInputError, NotFoundError
from alexandria.models import SavedSearch
from alexandria.services.search import SearchRequest, SearchService

LONGEST_NAME = 200
MOST = 100
"""Of one user: each is searched anew to say what is new."""

_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_OF_A_PAGE = frozenset({"limit", "offset", "facets", "explain"})
_DEFAULTS = {one.name: one.default for one in fields(SearchRequest) if one.name not in _OF_A_PAGE}
ASKED = tuple(_DEFAULTS)
"""Fields of a SearchRequest that are kept."""


class SavedSearchService:
    """A user sees and changes only their own."""

    def __init__(self, session: Session, search: SearchService) -> None:
        self._session = session
        self._search = search

    def of(self, user_id: str) -> list[SavedSearch]:
        query = select(SavedSearch).where(SavedSearch.user_id == user_id)
        return list(self._session.scalars(query.order_by(SavedSearch.name, SavedSearch.id)))

    def get(self, user_id: str, saved_id: str) -> SavedSearch:
        return self._one(user_id, SavedSearch.id, saved_id)

    def named(self, user_id: str, name: str) -> SavedSearch:
        return self._one(user_id, SavedSearch.name, _checked_name(name))

    def create(self, user_id: str, name: str, request: SearchRequest) -> SavedSearch:
        """Keep a search; what it finds by now counts as seen. Raises ConflictError."""
        query = select(func.count()).where(SavedSearch.user_id == user_id)
        if (self._session.scalar(query) or 0) >= MOST:
            raise ConflictError(
                f"You have {MOST} saved searches, and there can be no more.",
                "Delete one that you no longer need.",
            )
        saved = SavedSearch(user_id=user_id, name=_checked_name(name), asked=kept(request))
        self._write(saved)
        return saved

    def change(
        self,
        saved: SavedSearch,
        *,
        name: str | None = None,
        asked: Mapping[str, Any] | None = None,
        last_seen_at: datetime | None = None,
    ) -> None:
        """Change what is given; `asked`: fields of the SearchRequest, the others stay."""
        if last_seen_at is not None:
            if not _EARLIEST < last_seen_at < now() + SKEW:
                raise InvalidInputError(
                    "Nobody can have looked at that time.",
                    "Send the `asked_at` of the results, or the time now.",
                )
            saved.last_seen_at = last_seen_at
        if asked is not None:
            saved.asked = kept(SearchRequest(**{**saved.asked, **asked}))
        if name is not None:
            saved.name = _checked_name(name)
        if name is not None or asked is not None:
            saved.updated_at = now()
        self._write(saved)

    def delete(self, saved: SavedSearch) -> None:
        self._session.delete(saved)
        self._session.flush()

    def look(self, saved: SavedSearch) -> datetime:
        """Note that the reader looks now; give when they looked before."""
        before, saved.last_seen_at = saved.last_seen_at, now()
        self._session.flush()
        return before

    def new_of(self, saved: SavedSearch, since: datetime | None = None) -> list[str]:
        """Give what it finds that came in since the reader looked, or since another moment."""
        return self._search.found_since(request_of(saved), since or saved.last_seen_at)

    def _one(self, user_id: str, column: Any, value: str) -> SavedSearch:
        found = None
        if "\x00" not in value:  # PostgreSQL takes none even to look for it
            query = select(SavedSearch).where(SavedSearch.user_id == user_id, column == value)
            found = self._session.scalar(query)
        if found is None:
            raise NotFoundError(
                f"You have no saved search {value!r}.", "Look at the list of those you have."
            )
        return found

    def _write(self, saved: SavedSearch) -> None:
        name = saved.name
        try:
            with self._session.begin_nested():
                self._session.add(saved)
                self._session.flush()
        except IntegrityError as error:
            raise ConflictError(
                f"You have a saved search {name!r} already.",
                "Choose another name, or rename or delete that one first.",
            ) from error


def request_of(saved: SavedSearch, **page: Any) -> SearchRequest:
    """Give what is asked; `page`: limit, offset, facets. Raises InvalidInputError for the page."""
    return SearchRequest(**saved.asked, **page)


def kept(request: SearchRequest) -> dict[str, Any]:
    """Give what is kept of a request: all but its page, where it is not as by default."""
    values = asdict(request.cleaned())
    return {name: values[name] for name in ASKED if values[name] != _DEFAULTS[name]}


def _checked_name(name: str) -> str:
    name = " ".join(unicodedata.normalize("NFC", name).split())
    if not name or not name.isprintable() or len(name) > LONGEST_NAME:
        raise InvalidInputError(
            "This is no name for a saved search.",
            f"Give one of 1 to {LONGEST_NAME} characters that can be read.",
        )
    return name
