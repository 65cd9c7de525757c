from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from alexandria.db.base import Base, Json, UtcDateTime, now


class LedgerRow(Base):
    """From which revisions one derivation of one subject was computed, by what, and when.

    `due_at` is null exactly while the row is fresh.
    """

    __tablename__ = "ledger"
    __table_args__ = (
        Index(
            "ix_ledger_due",
            "derivation",
            "due_at",
            sqlite_where=text("due_at IS NOT NULL"),
            postgresql_where=text("due_at IS NOT NULL"),
        ),
    )

    subject_type: Mapped[str] = mapped_column(String(32), primary_key=True)
    subject_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    derivation: Mapped[str] = mapped_column(String(32), primary_key=True)
    content_revision: Mapped[int] = mapped_column(default=0)
    metadata_revision: Mapped[int] = mapped_column(default=0)
    """Computed from these; 0: never computed."""
    wanted_content: Mapped[int]
    wanted_metadata: Mapped[int]
    """The newest revisions that changed an input of this derivation."""
    marks: Mapped[int] = mapped_column(default=0)
    """How often it was made due by what no revision counts: an interaction, a person."""
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    stale_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    stale_event: Mapped[int | None]
    """The first event that this row does not include."""
    claimed_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    claimed_by: Mapped[str | None] = mapped_column(String(64))
    """The task that computes it; delivered again, the same task goes on at once."""
    producer: Mapped[str | None] = mapped_column(String(128))
    computed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    error: Mapped[str | None] = mapped_column(Text)


class EmbeddingRow(Base):
    """A vector as little-endian float16; null marks one that was taken away.

    While a model is built beside the one that serves, a resource has a row of each. `change`
    grows with every write to the table, so that processes can follow what changed.
    """

    __tablename__ = "embeddings"
    __table_args__ = (Index("ix_embeddings_model_change", "model", "change"),)

    resource_id: Mapped[str] = mapped_column(
        ForeignKey("resources.id", ondelete="CASCADE"), primary_key=True
    )
    model: Mapped[str] = mapped_column(String(128), primary_key=True)
    change: Mapped[int]
    vector: Mapped[bytes | None] = mapped_column(LargeBinary)
    content_revision: Mapped[int]
    metadata_revision: Mapped[int]
    computed_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class PassageRow(Base):
    """The vectors of the passages of one resource's content; null where they were taken away.

    `spans`: for each passage an item of SPAN; `vectors`: as many rows of signed bytes, in the same
    order, each of the direction of its vector. `change` is as in EmbeddingRow.
    """

    __tablename__ = "passages"
    __table_args__ = (Index("ix_passages_model_change", "model", "change"),)

    SPAN: ClassVar[list[tuple[str, str]]] = [("start", "<i4"), ("end", "<i4"), ("digest", "<u8")]
    """A numpy dtype: the characters of the content, and a hash of them."""

    resource_id: Mapped[str] = mapped_column(
        ForeignKey("resources.id", ondelete="CASCADE"), primary_key=True
    )
    model: Mapped[str] = mapped_column(String(128), primary_key=True)
    change: Mapped[int]
    spans: Mapped[bytes | None] = mapped_column(LargeBinary)
    vectors: Mapped[bytes | None] = mapped_column(LargeBinary)
    complete: Mapped[bool]
    """False while passages are still to be computed."""
    content_revision: Mapped[int]
    metadata_revision: Mapped[int]
    computed_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class QualityScore(Base):
    """Scores from 0 to 1; a dimension without evidence is null."""

    __tablename__ = "quality_scores"

    resource_id: Mapped[str] = mapped_column(
        ForeignKey("resources.id", ondelete="CASCADE"), primary_key=True
    )
    overall: Mapped[float | None] = mapped_column(index=True)
    accuracy: Mapped[float | None]
    completeness: Mapped[float | None]
    consistency: Mapped[float | None]
    timeliness: Mapped[float | None]
    relevance: Mapped[float | None]
    reasons: Mapped[dict[str, Any]] = mapped_column(Json)
    """Dimension to the sentences that explain it."""
    content_revision: Mapped[int]
    metadata_revision: Mapped[int]
    producer: Mapped[str] = mapped_column(String(128))
    computed_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
