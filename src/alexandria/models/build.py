from datetime import datetime

from sqlalchemy import Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from alexandria.db.base import Base, UtcDateTime, now

_ONE_OF_EACH = text("state IN ('serving', 'building')")


class Build(Base):
    """What answers for one derivation: an embedding model's vectors, or a keyword index.

    One serves; one more may be built beside it, and takes its place when it holds everything.
    """

    __tablename__ = "builds"
    __table_args__ = (
        Index(
            "uq_builds_derivation_state",
            "derivation",
            "state",
            unique=True,
            sqlite_where=_ONE_OF_EACH,
            postgresql_where=_ONE_OF_EACH,
        ),
        {"sqlite_autoincrement": True},  # an id that was used must not come again
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    derivation: Mapped[str] = mapped_column(String(32))
    version: Mapped[str] = mapped_column(String(128))
    """Name and version of the model, or the schema of the index."""
    producer: Mapped[str] = mapped_column(String(128))
    """What stands in the ledger for rows of this build."""
    place: Mapped[str | None] = mapped_column(Text)
    """The model's folder, null for the bundled one; or the table of the index."""
    state: Mapped[str] = mapped_column(String(16))
    """`building`, `serving`, or `retired` until it is taken away."""
    started_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    retired_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
