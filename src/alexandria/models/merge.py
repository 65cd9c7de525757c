from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from alexandria.db.base import Base, Json, UtcDateTime, new_id, now


class Merge(Base):
    """One resource was merged into another: what this changed, so that it can be undone."""

    __tablename__ = "merges"

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    kept_id: Mapped[str] = mapped_column(ForeignKey("resources.id", ondelete="CASCADE"), index=True)
    other_id: Mapped[str] = mapped_column(
        ForeignKey("resources.id", ondelete="CASCADE"), index=True
    )
    filled: Mapped[dict[str, Any]] = mapped_column(Json)
    """Field of the kept resource to what it was, and what it is since: `[before, after]`."""
    moved: Mapped[dict[str, list[Any]]] = mapped_column(Json)
    """`files`, `interactions`, … to the keys of the rows that went over."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    undone_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
