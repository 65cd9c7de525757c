from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from alexandria.access import Reading, Sent, SignedIn, Writing
from alexandria.bootstrap import SAMPLE, Services
from alexandria.errors import InvalidInputError
from alexandria.models import Ingestion
from alexandria.services.ingestion_list import IngestionListRequest, list_ingestions
from alexandria.tasks.celery_tasks.ingestion import queue_or_leave
from alexandria.tasks.intake import take_file, take_identifier, take_path, take_url
from alexandria.web.rendering import page, reader, same_site

router = APIRouter(prefix="/ui", dependencies=[Depends(reader), Depends(same_site)])

SHOWN = 50
SHOWN_OF_FILE = 500


@router.get("/add")
def add(request: Request, services: Reading, cursor: str | None = None) -> HTMLResponse:
    return page(
        request, "add.html", services, lookups_on=services.lookups.on, **_newest(services, cursor)
    )


@router.get("/add/list")
def newest(request: Request, services: Reading) -> HTMLResponse:
    """Give the list alone, for the page to renew while something is under way."""
    return page(request, "ingestions.html", **_newest(services, None))


@router.get("/add/{ingestion_id}")
def entries(request: Request, ingestion_id: str, services: Reading) -> HTMLResponse:
    """Show the entries of a file that failed or are duplicates."""
    parent = services.ingestion.get(ingestion_id)
    return page(request, "add_file.html", services, **_troubled(services, parent))


@router.post("/add")
def take(source: Sent, services: Writing, _who: SignedIn) -> RedirectResponse:
    files = [file for file in source.files if file.filename]
    addresses = (source.url or "").split()
    if not files and not addresses and not source.identifier:
        raise InvalidInputError(
            "No file was chosen and nothing given.", "Go back and choose or paste something."
        )
    if source.identifier:
        take_identifier(services, source.identifier)
    for file in files:
        take_file(services, file.file, file.filename or "", file.content_type, {})
    for address in addresses:
        take_url(services, address)
    return RedirectResponse("/ui/add", status_code=303)


@router.post("/sample")
def sample(services: Writing, _who: SignedIn) -> RedirectResponse:
    take_path(services, SAMPLE, "Sample library.jsonl")
    return RedirectResponse("/ui/add", status_code=303)


@router.post("/ingestions/{ingestion_id}/retry")
def retry(
    ingestion_id: str,
    services: Writing,
    _who: SignedIn,
    add_anyway: Annotated[bool, Form()] = False,
) -> RedirectResponse:
    """Try a failed one again, or add a duplicate all the same."""
    parent_id = services.ingestion.retry(ingestion_id, add_anyway=add_anyway).parent_id
    services.session.commit()
    queue_or_leave([ingestion_id])
    return RedirectResponse(f"/ui/add/{parent_id}" if parent_id else "/ui/add", status_code=303)


@router.post("/add/{ingestion_id}/retry")
def retry_failed(ingestion_id: str, services: Writing, _who: SignedIn) -> RedirectResponse:
    """Try all failed records of a file again that could be read."""
    queued = services.ingestion.retry_failed(ingestion_id)
    services.session.commit()
    queue_or_leave(queued)
    return RedirectResponse(f"/ui/add/{ingestion_id}", status_code=303)


def _newest(services: Services, cursor: str | None) -> dict[str, Any]:
    asked = IngestionListRequest(limit=SHOWN, cursor=cursor)
    total, rows, following = list_ingestions(services.session, asked)
    renew = f"/ui/add?cursor={cursor}" if cursor else "/ui/add/list"
    return {"total": total, "next": following, "renew": renew, **_shown(services, rows)}


def _troubled(services: Services, parent: Ingestion) -> dict[str, Any]:
    """Give a file's entries that need a look; those under way too, since a retry leads here.

    Files of files among them come as well: what failed within shows on their own pages.
    """
    rows: list[Ingestion] = []
    total = 0
    for state in ("running", "queued", "failed", "duplicate"):
        asked = IngestionListRequest(state=state, parent_id=parent.id, limit=SHOWN_OF_FILE)
        count, found, _ = list_ingestions(services.session, asked)
        rows += found
        total += count
    within = services.ingestion.files_of_files_in(parent.id, SHOWN_OF_FILE)
    rows, total = [*rows, *within], total + len(within)
    shown = _shown(services, [parent, *rows])
    return shown | {
        "parent": parent,
        "ingestions": rows,
        "total": total,
        "retriable": sum(row.state == "failed" and bool(row.sha256) for row in rows),
        "next": None,
        "renew": f"/ui/add/{parent.id}",
    }


def _shown(services: Services, rows: list[Ingestion]) -> dict[str, Any]:
    counts = services.ingestion.counts([row.id for row in rows if row.total is not None])
    busy = any(row.state in {"queued", "running"} for row in rows)
    return {"ingestions": rows, "counts": counts, "busy": busy}
