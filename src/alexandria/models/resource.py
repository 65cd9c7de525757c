from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from alexandria.db.base import Base, Json, UtcDateTime, new_id, now


class Resource(Base):
    """One item of the library; its text stands apart, so that lists stay fast."""

    __tablename__ = "resources"
    __table_args__ = (
        Index("ix_resources_live", "created_at", "id", sqlite_where=text("deleted_at IS NULL")),
        Index("ix_resources_year", "year"),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    external_id: Mapped[str | None] = mapped_column(String(512), index=True)
    type: Mapped[str | None] = mapped_column(String(64))
    title: Mapped[str] = mapped_column(Text)
    abstract: Mapped[str | None] = mapped_column(Text)
    year: Mapped[int | None]
    venue: Mapped[str | None] = mapped_column(Text)
    url: Mapped[str | None] = mapped_column(Text, index=True)
    language: Mapped[str | None] = mapped_column(String(16))
    extra: Mapped[dict[str, str]] = mapped_column(Json, default=dict)
    content_revision: Mapped[int] = mapped_column(default=1)
    metadata_revision: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    deleted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    body: Mapped["ResourceContent | None"] = relationship(
        cascade="all, delete-orphan", lazy="select"
    )
    author_rows: Mapped[list["ResourceAuthor"]] = relationship(
        order_by="ResourceAuthor.position", cascade="all, delete-orphan"
    )
    identifier_rows: Mapped[list["ResourceIdentifier"]] = relationship(
        order_by="ResourceIdentifier.scheme", cascade="all, delete-orphan"
    )
    tag_rows: Mapped[list["ResourceTag"]] = relationship(
        order_by="ResourceTag.position", cascade="all, delete-orphan"
    )
    subject_rows: Mapped[list["ResourceSubject"]] = relationship(
        order_by="ResourceSubject.position", cascade="all, delete-orphan"
    )
    cite_rows: Mapped[list["ResourceCite"]] = relationship(
        order_by="ResourceCite.position", cascade="all, delete-orphan"
    )

    @property
    def content(self) -> str:
        return self.body.text if self.body else ""

    @property
    def authors(self) -> list[str]:
        return [row.name for row in self.author_rows]

    @property
    def tags(self) -> list[str]:
        return [row.tag for row in self.tag_rows]

    @property
    def subjects(self) -> list[str]:
        return [row.subject for row in self.subject_rows]

    @property
    def cites(self) -> list[str]:
        return [row.target for row in self.cite_rows]

    @property
    def identifiers(self) -> dict[str, str]:
        return {row.scheme: row.value for row in self.identifier_rows}

    @property
    def doi(self) -> str | None:
        return self.identifiers.get("doi")


class ResourceContent(Base):
    __tablename__ = "resource_contents"

    resource_id: Mapped[str] = mapped_column(
        ForeignKey("resources.id", ondelete="CASCADE"), primary_key=True
    )
    text: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    """Of the text with white space folded: equal for equal texts, however they are broken."""


class ResourceAuthor(Base):
    __tablename__ = "resource_authors"

    resource_id: Mapped[str] = mapped_column(
        ForeignKey("resources.id", ondelete="CASCADE"), primary_key=True
    )
    position: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Text, index=True)


class ResourceIdentifier(Base):
    """An identifier by scheme: `doi`, `arxiv`, `isbn`, `url` (canonical), …"""

    __tablename__ = "resource_identifiers"
    __table_args__ = (Index("ix_resource_identifiers_value", "scheme", "value"),)

    resource_id: Mapped[str] = mapped_column(
        ForeignKey("resources.id", ondelete="CASCADE"), primary_key=True
    )
    scheme: Mapped[str] = mapped_column(String(32), primary_key=True)
    value: Mapped[str] = mapped_column(Text)


class ResourceTag(Base):
    __tablename__ = "resource_tags"

    resource_id: Mapped[str] = mapped_column(
        ForeignKey("resources.id", ondelete="CASCADE"), primary_key=True
    )
    position: Mapped[int] = mapped_column(primary_key=True)
    tag: Mapped[str] = mapped_column(Text, index=True)


class ResourceSubject(Base):
    __tablename__ = "resource_subjects"

    resource_id: Mapped[str] = mapped_column(
        ForeignKey("resources.id", ondelete="CASCADE"), primary_key=True
    )
    position: Mapped[int] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(Text, index=True)


class ResourceCite(Base):
    """A citation as the record gives it: the external id or DOI of what is cited."""

    __tablename__ = "resource_cites"

    resource_id: Mapped[str] = mapped_column(
        ForeignKey("resources.id", ondelete="CASCADE"), primary_key=True
    )
    position: Mapped[int] = mapped_column(primary_key=True)
    target: Mapped[str] = mapped_column(Text, index=True)


class ResourceRevision(Base):
    """What a change replaced: nothing that was once written is lost."""

    __tablename__ = "resource_revisions"

    id: Mapped[int] = mapped_column(primary_key=True)
    resource_id: Mapped[str] = mapped_column(
        ForeignKey("resources.id", ondelete="CASCADE"), index=True
    )
    content_revision: Mapped[int]
    metadata_revision: Mapped[int]
    replaced: Mapped[dict[str, Any]] = mapped_column(Json)
    """Field to the value that it had in the revisions above."""
    event_id: Mapped[int | None]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class ResourceFile(Base):
    """An original file behind a resource; the bytes lie in the file store."""

    __tablename__ = "resource_files"

    resource_id: Mapped[str] = mapped_column(
        ForeignKey("resources.id", ondelete="CASCADE"), primary_key=True
    )
    sha256: Mapped[str] = mapped_column(String(64), primary_key=True, index=True)
    filename: Mapped[str | None] = mapped_column(Text)
    media_type: Mapped[str] = mapped_column(String(128))
    bytes: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
