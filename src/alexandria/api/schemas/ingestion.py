from datetime import datetime
from typing import Self

from pydantic import BaseModel, ConfigDict

from alexandria.models import Ingestion


class IngestUrl(BaseModel):
    model_config = ConfigDict(extra="forbid")

    url: str
    add_anyway: bool = False


class IngestIdentifier(BaseModel):
    model_config = ConfigDict(extra="forbid")

    identifier: str
    """DOI, arXiv id, ISBN or PMID."""
    add_anyway: bool = False


class RetryRequest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    add_anyway: bool = False


class Accepted(BaseModel):
    ingestion_id: str
    status_url: str


class ImportAccepted(Accepted):
    task_id: str
    """For `GET /tasks/{task_id}`, which tells how far it is."""


class IngestionError(BaseModel):
    message: str
    remedy: str | None


class Counts(BaseModel):
    added: int
    duplicates: int
    failed: int


class IngestionOut(BaseModel):
    id: str
    parent_id: str | None
    position: int | None
    state: str
    source: str
    name: str
    url: str | None
    media_type: str | None
    line: int | None
    resource_id: str | None
    duplicate_of: str | None
    duplicate_reason: str | None
    filled_in: list[str]
    error: IngestionError | None
    total: int | None
    counts: Counts | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None

    @classmethod
    def of(cls, ingestion: Ingestion, counts: dict[str, int] | None) -> Self:
        own = cls.model_fields.keys() - {"error", "counts"}
        return cls(
            **{name: getattr(ingestion, name) for name in own},
            error=IngestionError(message=ingestion.error, remedy=ingestion.remedy)
            if ingestion.error
            else None,
            counts=Counts(**counts) if counts is not None else None,
        )
