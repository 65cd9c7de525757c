from datetime import datetime
from typing import Self

from pydantic import BaseModel

from alexandria.api.schemas.resource import ResourceSummary
from alexandria.services.near_duplicates import Suggestion


class ReasonOut(BaseModel):
    name: str
    """`doi`, `arxiv`, `title`, `authors`, `year`, `abstract` or `content`."""
    value: float | None
    """From 0 to 1; null where one of the two does not say."""
    words: str


class SuggestionOut(BaseModel):
    id: str
    """Of these two resources, whenever they are suggested."""
    score: float
    first: ResourceSummary
    second: ResourceSummary
    evidence: list[ReasonOut]
    dismissed_at: datetime | None

    @classmethod
    def of(cls, suggestion: Suggestion) -> Self:
        return cls(
            id=suggestion.id,
            score=suggestion.score,
            first=ResourceSummary.of(suggestion.first),
            second=ResourceSummary.of(suggestion.second),
            evidence=[
                ReasonOut(name=one.name, value=one.value, words=one.words)
                for one in suggestion.reasons
            ],
            dismissed_at=suggestion.dismissed_at,
        )
