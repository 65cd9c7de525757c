from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from alexandria.db.base import Base, Json, UtcDateTime, new_id, now


class Author(Base):
    """A person who wrote resources, under one printed name or several; derived."""

    __tablename__ = "authors"

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(Text)
    """The fullest of the printed names."""
    sort_name: Mapped[str] = mapped_column(Text, index=True)
    """Family name first, folded."""
    works: Mapped[int]


class AuthorList(Base):
    """That the authors of a resource were read, and from which revisions; derived."""

    __tablename__ = "author_lists"

    resource_id: Mapped[str] = mapped_column(
        ForeignKey("resources.id", ondelete="CASCADE"), primary_key=True
    )
    total: Mapped[int]
    content_revision: Mapped[int]
    metadata_revision: Mapped[int]
    computed_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class AuthorMention(Base):
    """That a resource names an author, and who that is."""

    __tablename__ = "author_mentions"

    resource_id: Mapped[str] = mapped_column(
        ForeignKey("author_lists.resource_id", ondelete="CASCADE"), primary_key=True
    )
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    printed: Mapped[str] = mapped_column(Text)
    name_key: Mapped[str] = mapped_column(Text, index=True)
    """The name folded; `author_name_keys` finds names like it."""
    author_id: Mapped[str | None] = mapped_column(
        ForeignKey("authors.id", ondelete="SET NULL"), index=True
    )


class AuthorNameKey(Base):
    """The index of names: a name is compared with those that share a key with it."""

    __tablename__ = "author_name_keys"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012 (SQLAlchemy's own form)

    key: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    name_key: Mapped[str] = mapped_column(Text, primary_key=True, index=True)


class AuthorLink(Base):
    """Why two printed names of an author are taken for one person; derived."""

    __tablename__ = "author_links"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    author_id: Mapped[str] = mapped_column(ForeignKey("authors.id", ondelete="CASCADE"), index=True)
    first: Mapped[str] = mapped_column(Text)
    second: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(String(32))
    score: Mapped[float]
    evidence: Mapped[dict[str, Any]] = mapped_column(Json)


class AuthorDecision(Base):
    """What a person said: these mentions are one author (`merge`), or two (`split`).

    No computation overrules it; it counts until it is undone, or a newer one says otherwise.
    """

    __tablename__ = "author_decisions"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    kind: Mapped[str] = mapped_column(String(8))
    decided_by: Mapped[str | None] = mapped_column(String(36))
    """The user's id."""
    made_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    undone_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class AuthorDecisionMention(Base):
    """A mention that a decision is about, and on which of its two sides (0 or 1) it stands."""

    __tablename__ = "author_decision_mentions"

    decision_id: Mapped[int] = mapped_column(
        ForeignKey("author_decisions.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    resource_id: Mapped[str] = mapped_column(
        ForeignKey("resources.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    printed: Mapped[str] = mapped_column(Text)
    side: Mapped[int]
