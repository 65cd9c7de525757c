from datetime import datetime
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field

from alexandria.models import Resource
from alexandria.protocols.extraction import Record


class ResourceIn(BaseModel):
    """A resource as a client sends it. Unknown fields are refused, so that no typo loses data."""

    model_config = ConfigDict(extra="forbid")

    title: str = Field(min_length=1)
    external_id: str | None = None
    type: str | None = None
    abstract: str | None = None
    content: str | None = None
    authors: list[str] = []
    year: int | None = None
    venue: str | None = None
    doi: str | None = None
    arxiv_id: str | None = None
    isbn: str | None = None
    url: str | None = None
    language: str | None = None
    tags: list[str] = []
    subjects: list[str] = []
    cites: list[str] = []
    extra: dict[str, str] = {}

    def as_record(self) -> Record:
        values = self.model_dump()
        values["text"] = values.pop("content")
        return Record.from_dict(values)


class ResourcePatch(ResourceIn):
    """The fields to change; those that are left out stay as they are."""

    title: str = Field(default="", min_length=1)


class ResourceOut(BaseModel):
    id: str
    external_id: str | None
    type: str | None
    title: str
    abstract: str | None
    content: str
    authors: list[str]
    year: int | None
    venue: str | None
    doi: str | None
    identifiers: dict[str, str]
    url: str | None
    language: str | None
    tags: list[str]
    subjects: list[str]
    cites: list[str]
    extra: dict[str, str]
    content_revision: int
    metadata_revision: int
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, resource: Resource, **more: Any) -> Self:
        names = cls.model_fields.keys() - more.keys()
        return cls(**{name: getattr(resource, name) for name in names}, **more)


class ResourceWritten(ResourceOut):
    event_id: int | None
    """The highest event of this write; null if nothing had to change."""


class ResourceSummary(BaseModel):
    """A resource in a list: without its text."""

    id: str
    external_id: str | None
    title: str
    abstract: str | None
    authors: list[str]
    year: int | None
    venue: str | None
    doi: str | None
    url: str | None
    language: str | None
    tags: list[str]
    subjects: list[str]
    content_revision: int
    metadata_revision: int
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, resource: Resource) -> Self:
        return cls(**{name: getattr(resource, name) for name in cls.model_fields})


class Deleted(BaseModel):
    id: str
    event_id: int | None
    """Null for what was deleted for good: its event went out when it came into the trash."""


class Derived(BaseModel):
    state: str
    content_revision: int
    metadata_revision: int
    producer: str | None
    computed_at: datetime | None
    due_at: datetime | None
    error: str | None


class Freshness(BaseModel):
    resource_id: str
    content_revision: int
    metadata_revision: int
    derivations: dict[str, Derived]


class Change(BaseModel):
    event_id: int
    name: str
    at: datetime
    correlation_id: str | None
    data: dict[str, Any]


class Replaced(BaseModel):
    content_revision: int
    metadata_revision: int
    at: datetime
    replaced: dict[str, Any]
    merged_from: str | None
    """The resource whose revision it was, if that one was merged into this."""


class History(BaseModel):
    resource_id: str
    events: list[Change]
    revisions: list[Replaced]


class SimilarPart(BaseModel):
    value: float
    """From 0 to 1."""
    weight: float


class SimilarItem(BaseModel):
    """`similarity` is the sum of the parts, each its value times its weight.

    `parts`: `meaning`, `words`, `citations`: those that find the resource alike; `reasons`: a
    sentence for each.
    """

    id: str
    title: str
    authors: list[str]
    year: int | None
    similarity: float
    parts: dict[str, SimilarPart]
    reasons: list[str]
