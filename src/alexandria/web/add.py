from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from alexandria.access import Reading, Sent, SignedIn, Writing
from alexandria.bootstrap import SAMPLE, Services
from alexandria.models import Ingestion
from alexandria.services.ingestion_list import IngestionListRequest, list_ingestions
from alexandria.tasks.celery_tasks.ingestion import queue_or_leave
from alexandria.tasks.intake import take_file, take_path, take_url
from alexandria.web.rendering import page, reader, same_site

router = APIRouter(prefix="/ui", dependencies=[Depends(reader), Depends(same_site)])

SHOWN = 100


@router.get("/add")
def add(request: Request, services: Reading) -> HTMLResponse:
    return page(request, "add.html", services, parent=None, **_list(services, None))


@router.get("/add/list")
def newest(request: Request, services: Reading) -> HTMLResponse:
    """Give the list alone, for the page to renew while something is under way."""
    return page(request, "ingestions.html", **_list(services, None))


@router.get("/add/{ingestion_id}")
def entries(request: Request, ingestion_id: str, services: Reading) -> HTMLResponse:
    """Show what became of the entries of a file, the failed and duplicate ones first."""
    parent = services.ingestion.get(ingestion_id)
    return page(request, "add.html", services, parent=parent, **_list(services, parent.id))


@router.post("/add")
def take(source: Sent, services: Writing, _who: SignedIn) -> RedirectResponse:
    for file in source.files:
        if file.filename:
            take_file(services, file.file, file.filename, file.content_type, {})
    for url in (source.url or "").split():
        take_url(services, url)
    return RedirectResponse("/ui/add", status_code=303)


@router.post("/sample")
def sample(services: Writing, _who: SignedIn) -> RedirectResponse:
    take_path(services, SAMPLE, "Sample library (ACL Anthology).jsonl")
    return RedirectResponse("/ui/add", status_code=303)


@router.post("/ingestions/{ingestion_id}/retry")
def retry(
    ingestion_id: str,
    services: Writing,
    _who: SignedIn,
    add_anyway: Annotated[bool, Form()] = False,
) -> RedirectResponse:
    services.ingestion.retry(ingestion_id, add_anyway=add_anyway)
    services.session.commit()
    queue_or_leave([ingestion_id])
    return RedirectResponse("/ui/add", status_code=303)


def _list(services: Services, parent_id: str | None) -> dict[str, Any]:
    asked = IngestionListRequest(parent_id=parent_id, limit=SHOWN)
    total, rows, _ = list_ingestions(services.session, asked)
    if parent_id:
        rows.sort(key=lambda row: row.state == "completed")
    counts = services.ingestion.counts([row.id for row in rows if row.total is not None])
    return {"total": total, "ingestions": rows, "counts": counts, "busy": any(map(_busy, rows))}


def _busy(row: Ingestion) -> bool:
    return row.state in {"queued", "running"}
