from datetime import datetime
from typing import Any

from sqlalchemy import String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from alexandria.db.base import Base, Json, UtcDateTime, new_id, now


class DeadLetter(Base):
    """A task that failed for good; the last failure of each task and subject."""

    __tablename__ = "dead_letters"
    __table_args__ = (UniqueConstraint("task", "subject"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    task: Mapped[str] = mapped_column(String(128))
    subject: Mapped[str] = mapped_column(String(64))
    """What it worked on: the id of a resource or ingestion, or a hash of the arguments."""
    task_id: Mapped[str] = mapped_column(String(64))
    args: Mapped[list[Any]] = mapped_column(Json)
    correlation_id: Mapped[str | None] = mapped_column(String(128))
    error: Mapped[str] = mapped_column(Text)
    remedy: Mapped[str | None] = mapped_column(Text)
    traceback: Mapped[str] = mapped_column(Text)
    attempts: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now, index=True)
