"""Subjects: the tree of categories, what was predicted of resources, and what people said of it."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from alexandria.db import new_id
from alexandria.db.base import Base, Json, UtcDateTime, now


class Category(Base):
    __tablename__ = "categories"

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(Text, index=True)
    slug: Mapped[str] = mapped_column(String(200), unique=True)
    parent_id: Mapped[str | None] = mapped_column(
        ForeignKey("categories.id", ondelete="RESTRICT"), index=True
    )
    description: Mapped[str] = mapped_column(Text, default="")
    keywords: Mapped[list[str]] = mapped_column(Json, default=list)
    notation: Mapped[str | None] = mapped_column(Text)
    uri: Mapped[str | None] = mapped_column(Text, unique=True, index=True)
    """The address of the concept in the thesaurus that it came from."""
    language: Mapped[str | None] = mapped_column(Text)
    """The tag of the language of name, keywords and description, where it is known."""
    labels: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    """In other languages, by their tags: `preferred`, `alternative` (a list), `definition`."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class ClassificationRun(Base):
    """From which revisions the subjects of a resource were last predicted."""

    __tablename__ = "classification_runs"

    resource_id: Mapped[str] = mapped_column(
        ForeignKey("resources.id", ondelete="CASCADE"), primary_key=True
    )
    content_revision: Mapped[int]
    metadata_revision: Mapped[int]
    producer: Mapped[str] = mapped_column(String(128))
    computed_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class ClassificationPrediction(Base):
    """A category that a resource may belong to; `confidence` is a probability."""

    __tablename__ = "classification_predictions"
    __table_args__ = (Index("ix_classification_predictions_confidence", "confidence"),)

    resource_id: Mapped[str] = mapped_column(
        ForeignKey("resources.id", ondelete="CASCADE"), primary_key=True
    )
    category_id: Mapped[str] = mapped_column(
        ForeignKey("categories.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    confidence: Mapped[float]


class ClassificationDecision(Base):
    """What a person said: the resource belongs to the category, or it does not."""

    __tablename__ = "classification_decisions"

    resource_id: Mapped[str] = mapped_column(
        ForeignKey("resources.id", ondelete="CASCADE"), primary_key=True
    )
    category_id: Mapped[str] = mapped_column(
        ForeignKey("categories.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    is_confirmed: Mapped[bool]
    changed_subjects: Mapped[bool]
    """Whether it added the name to the resource's subjects, or took it away."""
    decided_by: Mapped[str | None] = mapped_column(String(36))
    """The user's id."""
    decided_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class ClassifierTraining(Base):
    """One training of the classifier, with what was measured on the examples held back.

    The newest that was accepted is in use; its model lies in the data folder as `file`.
    """

    __tablename__ = "classifier_trainings"

    id: Mapped[int] = mapped_column(primary_key=True)
    producer: Mapped[str] = mapped_column(String(128))
    file: Mapped[str] = mapped_column(Text)
    is_accepted: Mapped[bool]
    examples: Mapped[int]
    held_back: Mapped[int]
    macro_f1: Mapped[float]
    ece: Mapped[float]
    old_macro_f1: Mapped[float | None]
    """Of the model that was in use, on the same examples held back."""
    reason: Mapped[str] = mapped_column(Text)
    trained_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
