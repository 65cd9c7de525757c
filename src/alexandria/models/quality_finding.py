from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from alexandria.db.base import Base, Json, UtcDateTime, now


class QualityFinding(Base):
    """What looking after quality found of a resource, and who has seen it.

    `kind`: `degradation` or `outlier`; `why`: sentences.
    """

    __tablename__ = "quality_findings"

    resource_id: Mapped[str] = mapped_column(
        ForeignKey("resources.id", ondelete="CASCADE"), primary_key=True
    )
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    overall: Mapped[float]
    why: Mapped[list[Any]] = mapped_column(Json)
    found_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    seen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    seen_by: Mapped[str | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
