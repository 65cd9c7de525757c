from datetime import datetime
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field

from alexandria.services.lookup_comparison import Suggestion


class ComparedOut(BaseModel):
    name: str
    """Of a field of the resource, or `extra.NAME`."""
    ours: Any
    theirs: Any
    differs: bool


class SuggestionOut(BaseModel):
    scheme: str
    value: str
    state: str
    """`queued`, `found`, `unknown` (to every service that is asked) or `failed`."""
    service: str | None
    fetched_at: datetime | None
    error: str | None
    remedy: str | None
    fields: list[ComparedOut]

    @classmethod
    def of(cls, suggestion: Suggestion) -> Self:
        row = suggestion.row
        return cls(
            scheme=suggestion.identifier.scheme,
            value=suggestion.identifier.value,
            state=suggestion.state,
            service=row.service if row else None,
            fetched_at=row.fetched_at if row else None,
            error=row.error if row else None,
            remedy=row.remedy if row else None,
            fields=[
                ComparedOut(name=one.name, ours=one.ours, theirs=one.theirs, differs=one.differs)
                for one in suggestion.fields
            ],
        )


class LookupOut(BaseModel):
    resource_id: str
    suggestions: list[SuggestionOut]


class LookupAccepted(BaseModel):
    task_id: str
    status_url: str


class AcceptRequest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    fields: list[str] = Field(min_length=1)
    scheme: str | None = None
    """Whose suggestion, where there are several."""
    fetched_at: datetime | None = None
    """Of the suggestion that was read; a newer one is refused then."""
