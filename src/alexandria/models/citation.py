from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from alexandria.db.base import Base, Json, UtcDateTime, now


class CitationList(Base):
    """That the references of a resource were read, and from which revisions; derived."""

    __tablename__ = "citation_lists"

    resource_id: Mapped[str] = mapped_column(
        ForeignKey("resources.id", ondelete="CASCADE"), primary_key=True
    )
    total: Mapped[int]
    content_revision: Mapped[int]
    metadata_revision: Mapped[int]
    computed_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class GraphNode(Base):
    """What of a resource a reference to it is compared with; derived from its fields."""

    __tablename__ = "graph_nodes"

    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    resource_id: Mapped[str] = mapped_column(
        ForeignKey("resources.id", ondelete="CASCADE"), unique=True
    )
    title: Mapped[str] = mapped_column(Text)
    authors: Mapped[list[str]] = mapped_column(Json)
    year: Mapped[int | None]
    identifiers: Mapped[dict[str, str]] = mapped_column(Json)
    content_revision: Mapped[int]
    metadata_revision: Mapped[int]
    computed_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class GraphKey(Base):
    """The index of the nodes: a reference is compared with those that share a key with it."""

    __tablename__ = "graph_keys"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012 (SQLAlchemy's own form)

    key: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(
        ForeignKey("graph_nodes.number", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
        index=True,
    )


class Citation(Base):
    """A reference of a resource as it was read, and the resource that it is matched with.

    With `cited_id` it is an edge of the graph; `score` and `evidence` say why.
    """

    __tablename__ = "citations"
    __table_args__ = (UniqueConstraint("resource_id", "fingerprint"),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    resource_id: Mapped[str] = mapped_column(
        ForeignKey("citation_lists.resource_id", ondelete="CASCADE")
    )
    fingerprint: Mapped[str] = mapped_column(String(32))
    """Of the words of the reference, so that it is known again when it is read anew."""
    position: Mapped[int]
    source: Mapped[str] = mapped_column(String(16))
    """`document`, or `record` for what an import named as `cites`."""
    raw: Mapped[str] = mapped_column(Text)
    authors: Mapped[list[str]] = mapped_column(Json)
    title: Mapped[str | None] = mapped_column(Text)
    venue: Mapped[str | None] = mapped_column(Text)
    year: Mapped[int | None]
    volume: Mapped[str | None] = mapped_column(Text)
    pages: Mapped[str | None] = mapped_column(Text)
    doi: Mapped[str | None] = mapped_column(Text)
    arxiv_id: Mapped[str | None] = mapped_column(Text)
    url: Mapped[str | None] = mapped_column(Text)
    cited_id: Mapped[str | None] = mapped_column(
        ForeignKey("graph_nodes.resource_id", ondelete="SET NULL"), index=True
    )
    score: Mapped[float | None]
    evidence: Mapped[dict[str, Any] | None] = mapped_column(Json)


class CitationKey(Base):
    """The index of the references: a resource that comes is compared with those it shares one."""

    __tablename__ = "citation_keys"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012 (SQLAlchemy's own form)

    key: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    citation_id: Mapped[int] = mapped_column(
        ForeignKey("citations.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
        index=True,
    )


class CitationDecision(Base):
    """What a person said of a reference: it is this resource, or it is not."""

    __tablename__ = "citation_decisions"

    resource_id: Mapped[str] = mapped_column(
        ForeignKey("resources.id", ondelete="CASCADE"), primary_key=True
    )
    fingerprint: Mapped[str] = mapped_column(String(32), primary_key=True)
    cited_id: Mapped[str] = mapped_column(
        ForeignKey("resources.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    is_right: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
