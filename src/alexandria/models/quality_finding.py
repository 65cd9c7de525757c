from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from alexandria.db.base import Base, Json, UtcDateTime, now


class QualityFinding(Base):
    """A resource whose quality fell, or lies far below the others', for somebody to look at."""

    __tablename__ = "quality_findings"

    resource_id: Mapped[str] = mapped_column(
        ForeignKey("resources.id", ondelete="CASCADE"), primary_key=True
    )
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    """`degradation` or `outlier`."""
    score: Mapped[float]
    """The overall score that it was found by."""
    details: Mapped[dict[str, Any]] = mapped_column(Json)
    """Of a degradation `before`; of an outlier `threshold` and `why`, a list of sentences."""
    found_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now, index=True)
    seen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When a reader marked it as seen."""
