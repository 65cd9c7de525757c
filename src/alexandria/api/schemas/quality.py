from datetime import datetime

from pydantic import BaseModel


class Dimension(BaseModel):
    """Null without evidence; the reasons say in words where the score comes from."""

    score: float | None
    reasons: list[str]


class QualityOut(BaseModel):
    resource_id: str
    overall: float | None
    dimensions: dict[str, Dimension]
    weights: dict[str, float]
    producer: str
    computed_at: datetime
    content_revision: int
    metadata_revision: int


class Outlier(BaseModel):
    """A resource whose overall score, or one dimension, lies far below the others'."""

    resource_id: str
    title: str
    overall: float
    threshold: float
    """Of the overall score: what lies below it is far below the others."""
    why: list[str]
    """Sentences, the furthest from the others first."""
    reasons: dict[str, list[str]]
