from datetime import datetime
from typing import Any

from sqlalchemy import Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from alexandria.db.base import Base, Json, UtcDateTime, new_id, now


class Lookup(Base):
    """What public services say of one identifier, whichever resources have it.

    `state`: queued, found, unknown (no service knows it) or failed.
    """

    __tablename__ = "lookups"
    __table_args__ = (
        UniqueConstraint("scheme", "value"),
        Index(
            "ix_lookups_queued",
            "due_at",
            sqlite_where=text("state = 'queued'"),
            postgresql_where=text("state = 'queued'"),
        ),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    scheme: Mapped[str] = mapped_column(String(32))
    value: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(16), default="queued")
    service: Mapped[str | None] = mapped_column(String(64))
    """That answered, or failed."""
    payload: Mapped[dict[str, Any] | None] = mapped_column(Json)
    """The fields of a record; those of the last answer while it is asked anew."""
    fetched_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    error: Mapped[str | None] = mapped_column(Text)
    remedy: Mapped[str | None] = mapped_column(Text)
    attempt: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    lease_by: Mapped[str | None] = mapped_column(String(64))
    """The task that asks."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
