from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from alexandria.db.base import Base, Json, UtcDateTime, now


class DuplicateSignature(Base):
    """What of a resource is compared to find its near-duplicates; derived from its fields.

    A sketch is NUMBERS little-endian integers of 32 bits; null where too little is there.
    """

    __tablename__ = "duplicate_signatures"

    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    resource_id: Mapped[str] = mapped_column(
        ForeignKey("resources.id", ondelete="CASCADE"), unique=True
    )
    title: Mapped[str] = mapped_column(Text)
    """Folded words."""
    names: Mapped[list[list[str]]] = mapped_column(Json)
    """Surname and initials of each author."""
    year: Mapped[int | None]
    identifiers: Mapped[dict[str, str]] = mapped_column(Json)
    title_sketch: Mapped[bytes | None] = mapped_column(LargeBinary)
    abstract_sketch: Mapped[bytes | None] = mapped_column(LargeBinary)
    content_sketch: Mapped[bytes | None] = mapped_column(LargeBinary)
    content_revision: Mapped[int]
    metadata_revision: Mapped[int]
    computed_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class DuplicateKey(Base):
    """The index of the signatures: resources that share a key are compared."""

    __tablename__ = "duplicate_keys"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012 (SQLAlchemy's own form)

    key: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(
        ForeignKey("duplicate_signatures.number", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
        index=True,
    )


class DuplicatePair(Base):
    """Two resources that may be one, and what speaks for it; derived from their signatures.

    `first_id` is the smaller id; `id` is made of the two, so it is the same when computed again.
    """

    __tablename__ = "duplicate_pairs"
    __table_args__ = (Index("ix_duplicate_pairs_score", "score", "id"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    first_id: Mapped[str] = mapped_column(
        ForeignKey("duplicate_signatures.resource_id", ondelete="CASCADE"), index=True
    )
    second_id: Mapped[str] = mapped_column(
        ForeignKey("duplicate_signatures.resource_id", ondelete="CASCADE"), index=True
    )
    score: Mapped[float]
    evidence: Mapped[dict[str, Any]] = mapped_column(Json)


class DuplicateDismissal(Base):
    """Somebody said that two resources are not one: they are never suggested again."""

    __tablename__ = "duplicate_dismissals"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    """Of the pair."""
    first_id: Mapped[str] = mapped_column(
        ForeignKey("resources.id", ondelete="CASCADE"), index=True
    )
    second_id: Mapped[str] = mapped_column(
        ForeignKey("resources.id", ondelete="CASCADE"), index=True
    )
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
