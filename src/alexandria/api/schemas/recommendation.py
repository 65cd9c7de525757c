from dataclasses import asdict

from pydantic import BaseModel

from alexandria.services.recommendations import Recommendation


class RecommendationOut(BaseModel):
    resource_id: str
    title: str
    authors: list[str]
    year: int | None
    score: float
    """Comparable within one answer."""
    reason: str
    """Why, in words."""
    parts: dict[str, float]
    """What the score is the sum of: `meaning`, `citations`, `readers`; `fresh` where nothing is
    known of the reader."""

    @classmethod
    def of(cls, one: Recommendation) -> "RecommendationOut":
        return cls(**asdict(one))


class DismissedOut(BaseModel):
    resource_id: str
    dismissed: bool
