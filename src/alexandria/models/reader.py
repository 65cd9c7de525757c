from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from alexandria.db.base import Base, Json, UtcDateTime, now


class ReaderProfile(Base):
    """What a reader prefers, as learned from what they did."""

    __tablename__ = "reader_profiles"

    user_id: Mapped[str] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    preferences: Mapped[dict[str, Any]] = mapped_column(Json)
    """`seeds`: resource id to weight, the best first; `tags`, `subjects`, `authors`: name to weight."""
    interactions: Mapped[int]
    """How many it was learned from."""
    producer: Mapped[str] = mapped_column(String(128))
    computed_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class CoReading(Base):
    """What a comparison of all readers found for one of them: resource id and score from 0 to 1."""

    __tablename__ = "co_readings"

    user_id: Mapped[str] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    found: Mapped[list[Any]] = mapped_column(Json)
    producer: Mapped[str] = mapped_column(String(128))
    computed_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class RecommendationDismissal(Base):
    """A reader said of a resource that it is not for them."""

    __tablename__ = "recommendation_dismissals"

    user_id: Mapped[str] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    resource_id: Mapped[str] = mapped_column(
        ForeignKey("resources.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class QualityLook(Base):
    """The score that a resource had when degradation was last looked for."""

    __tablename__ = "quality_looks"

    resource_id: Mapped[str] = mapped_column(
        ForeignKey("resources.id", ondelete="CASCADE"), primary_key=True
    )
    overall: Mapped[float]
    looked_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
