from typing import Annotated

from fastapi import APIRouter, Depends, Header

from alexandria.access import Reading, Sent, Source, Writing
from alexandria.api.schemas.ingestion import (
    Accepted,
    ImportAccepted,
    IngestIdentifier,
    IngestionOut,
    IngestUrl,
    RetryRequest,
)
from alexandria.api.schemas.page import Page
from alexandria.bootstrap import Services
from alexandria.errors import InvalidInputError
from alexandria.models import Ingestion
from alexandria.services.ingestion_list import IngestionListRequest, list_ingestions
from alexandria.tasks.celery_tasks.ingestion import queue_or_leave
from alexandria.tasks.intake import take_file, take_identifier, take_url

router = APIRouter(tags=["ingestion"])

IdempotencyKey = Annotated[
    str | None,
    Header(max_length=255, description="The same key twice gives the same ingestion"),
]
_FORM = {
    "schema": {
        "type": "object",
        "required": ["file"],
        "properties": {
            "file": {"type": "string", "format": "binary"},
            "add_anyway": {"type": "boolean", "default": False},
        },
    }
}
_FILE_OR_URL = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "anyOf": [IngestUrl.model_json_schema(), IngestIdentifier.model_json_schema()]
                }
            },
            "multipart/form-data": _FORM,
        },
    }
}
_FILE = {"requestBody": {"required": True, "content": {"multipart/form-data": _FORM}}}


@router.post("/ingest", status_code=202, openapi_extra=_FILE_OR_URL)
def ingest(source: Sent, services: Writing, idempotency_key: IdempotencyKey = None) -> Accepted:
    """Bring a file (multipart `file`) or an address (JSON `url`) into the library.

    JSON with an `identifier` (DOI, arXiv id, ISBN or PMID) adds what public services say of it.
    """
    return Accepted(**_accepted(_take(source, services, idempotency_key)))


@router.post("/imports", status_code=202, openapi_extra=_FILE)
def import_file(
    source: Sent, services: Writing, idempotency_key: IdempotencyKey = None
) -> ImportAccepted:
    """Bring a bibliography in: BibTeX, RIS, CSL-JSON, JSON lines or CSV."""
    if not source.files:
        raise InvalidInputError("There is no file in this form.", "Send it as `file`.")
    ingestion = _take(source, services, idempotency_key)
    return ImportAccepted(**_accepted(ingestion), task_id=ingestion.id)


@router.get("/ingestions")
def list_all(
    services: Reading, request: Annotated[IngestionListRequest, Depends()]
) -> Page[IngestionOut]:
    """List what came in, the newest first; the records of a file under its `parent_id`."""
    total, rows, cursor = list_ingestions(services.session, request)
    return Page(total=total, items=_out(services, rows), next_cursor=cursor)


@router.get("/ingestions/{ingestion_id}")
def read(ingestion_id: str, services: Reading) -> IngestionOut:
    """Tell how far one source is, and if it failed, why and what to do."""
    return _out(services, [services.ingestion.get(ingestion_id)])[0]


@router.post("/ingestions/{ingestion_id}/retry", status_code=202)
def retry(ingestion_id: str, services: Writing, body: RetryRequest | None = None) -> Accepted:
    """Try a failed one again, or add a duplicate all the same (`add_anyway`)."""
    add_anyway = body is not None and body.add_anyway
    ingestion = services.ingestion.retry(ingestion_id, add_anyway=add_anyway)
    services.session.commit()
    queue_or_leave([ingestion.id])
    return Accepted(**_accepted(ingestion))


def _take(source: Source, services: Services, idempotency_key: str | None) -> Ingestion:
    options = {"add_anyway": source.add_anyway, "idempotency_key": idempotency_key}
    sent = [*source.files, *filter(None, (source.url, source.identifier))]
    if len(sent) != 1:
        raise InvalidInputError(
            "This wants one `file`, one `url` or one `identifier`.", "Send one at a time."
        )
    if source.identifier:
        return take_identifier(services, source.identifier, options)
    if source.url:
        return take_url(services, source.url, options)
    file = source.files[0]
    return take_file(services, file.file, file.filename or "", file.content_type, options)


def _accepted(ingestion: Ingestion) -> dict[str, str]:
    return {"ingestion_id": ingestion.id, "status_url": f"/ingestions/{ingestion.id}"}


def _out(services: Services, rows: list[Ingestion]) -> list[IngestionOut]:
    counts = services.ingestion.counts([row.id for row in rows if row.total is not None])
    return [IngestionOut.of(row, counts.get(row.id)) for row in rows]
