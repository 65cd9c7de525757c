from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from alexandria.db.base import Base, Json, UtcDateTime, new_id, now


class Ingestion(Base):
    """The way of one source into the library; a file of many records is a parent with children.

    `state`: queued, running, completed, duplicate or failed.
    """

    __tablename__ = "ingestions"
    __table_args__ = (
        UniqueConstraint("parent_id", "position"),
        Index("ix_ingestions_state", "state", "created_at"),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    parent_id: Mapped[str | None] = mapped_column(
        ForeignKey("ingestions.id", ondelete="CASCADE"), index=True
    )
    position: Mapped[int | None]
    state: Mapped[str] = mapped_column(String(16), default="queued")
    source: Mapped[str] = mapped_column(String(16))
    """`file`, `url`, `identifier` or `record`."""
    name: Mapped[str] = mapped_column(Text)
    """File name, address, identifier (`doi:10.…`), or title of the record, as shown to people; never used as a path."""
    url: Mapped[str | None] = mapped_column(Text)
    sha256: Mapped[str | None] = mapped_column(String(64), index=True)
    """Of the file's bytes, or of what the record says."""
    bytes: Mapped[int | None]
    media_type: Mapped[str | None] = mapped_column(String(128))
    line: Mapped[int | None]
    record: Mapped[dict[str, Any] | None] = mapped_column(Json)
    """What a failed or duplicate child brought, so that a retry or "add anyway" needs no file."""
    add_anyway: Mapped[bool] = mapped_column(default=False)
    resource_id: Mapped[str | None] = mapped_column(String(36), index=True)
    duplicate_of: Mapped[str | None] = mapped_column(String(36))
    duplicate_reason: Mapped[str | None] = mapped_column(Text)
    filled_in: Mapped[list[str]] = mapped_column(Json, default=list)
    """Fields of the twin that this duplicate filled in."""
    error: Mapped[str | None] = mapped_column(Text)
    remedy: Mapped[str | None] = mapped_column(Text)
    total: Mapped[int | None]
    """Records in the file, for a parent."""
    attempt: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    lease_by: Mapped[str | None] = mapped_column(String(64))
    """The task that works on it."""
    correlation_id: Mapped[str | None] = mapped_column(String(128))
    idempotency_key: Mapped[str | None] = mapped_column(String(255), unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now, index=True)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class BatchRun(Base):
    """One `POST /batch`: an operation over many resources; its id is also the task's id."""

    __tablename__ = "batches"

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    operation: Mapped[str] = mapped_column(String(64))
    resource_ids: Mapped[list[str]] = mapped_column(Json)
    state: Mapped[str] = mapped_column(String(16), default="queued")
    current: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None] = mapped_column(Text)
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    correlation_id: Mapped[str | None] = mapped_column(String(128))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
