from collections.abc import Mapping
from datetime import datetime
from typing import Any, Self

from pydantic import AliasChoices, AwareDatetime, BaseModel, ConfigDict, Field

from alexandria.api.schemas.search import SearchOut
from alexandria.models import SavedSearch
from alexandria.services.saved_searches import ASKED, request_of
from alexandria.services.search import SearchRequest


class Asked(BaseModel):
    """The parameters of `/search`, but for those of a page."""

    model_config = ConfigDict(extra="forbid")

    query: str = Field(default="", validation_alias=AliasChoices("query", "q"))
    mode: str = "hybrid"
    sort: str = "relevance"
    year_from: int | None = None
    year_to: int | None = None
    author: str | None = None
    subject: str | None = None
    tag: str | None = None
    min_quality: float | None = None
    venue: str | None = None
    type: str | None = None
    language: str | None = None

    def asked(self, *, sent_only: bool = False) -> Mapping[str, Any]:
        """Give fields of a SearchRequest."""
        return self.model_dump(include=set(ASKED), exclude_unset=sent_only)


class SavedSearchIn(Asked):
    name: str = Field(min_length=1)

    def as_request(self) -> SearchRequest:
        """Raise InvalidInputError for what `/search` refuses too."""
        return SearchRequest(**self.asked())


class SavedSearchPatch(Asked):
    """What to change; what is left out stays as it is."""

    name: str | None = None
    last_seen_at: AwareDatetime | None = None
    """When the reader looked: what came in later counts as new."""


class SavedSearchOut(Asked):
    id: str
    name: str
    new: int
    """Results that came in since `last_seen_at`."""
    last_seen_at: datetime
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, saved: SavedSearch, new: int) -> Self:
        request = request_of(saved)
        return cls(
            **{name: getattr(request, name) for name in ASKED},
            **{name: getattr(saved, name) for name in cls.model_fields.keys() - {*ASKED, "new"}},
            new=new,
        )


class SavedResults(SearchOut):
    """The answer of `/search`, and what of it is new to the reader."""

    saved_search: SavedSearchOut
    new_ids: list[str]
    """The best first; not all need be on this page."""
    asked_at: datetime
    """To be sent as `last_seen_at` (PATCH) once the reader has looked."""


class Removed(BaseModel):
    id: str
