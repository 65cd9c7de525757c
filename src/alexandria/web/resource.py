import logging

from fastapi import APIRouter, Depends, Request
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse
from sqlalchemy import select

from alexandria.access import Reading, SignedIn, Writing
from alexandria.bootstrap import Services, file_store
from alexandria.errors import NotFoundError, TransientError
from alexandria.events import outbox
from alexandria.models import Merge, Resource, ResourceFile
from alexandria.tasks.celery_tasks.derivations import TASK_OF, request_for
from alexandria.tasks.queueing import queue_all
from alexandria.web.rendering import number_of, page, reader, same_site

logger = logging.getLogger(__name__)

router = APIRouter(prefix="/ui/resources", dependencies=[Depends(reader), Depends(same_site)])


@router.get("/{resource_id}")
def read(request: Request, resource_id: str, services: Reading, change: str = "") -> HTMLResponse:
    """Show a resource; `change`: the reader's own edit, of which the index line tells."""
    resource = services.resources.get(resource_id)
    quality = services.quality.get_quality_scores(resource_id)
    return page(
        request,
        "resource.html",
        services,
        resource=resource,
        change=number_of(change),
        ledger=_ledger(services, resource_id),
        quality=quality,
        bars=quality and {name: one["score"] for name, one in quality["dimensions"].items()},
        similar=services.search.similar(resource_id, 6),
        files=_files(services, resource_id),
        duplicates=services.suggestions.of(resource_id),
        merges=_merges(services, resource_id),
        events=outbox.events_of(services.session, resource_id, limit=20),
    )


@router.get("/{resource_id}/ledger")
def ledger(request: Request, resource_id: str, services: Reading) -> HTMLResponse:
    """Give the ledger alone, for the page to renew while something is pending."""
    resource = services.resources.get(resource_id)
    rows = _ledger(services, resource_id)
    return page(request, "ledger.html", resource=resource, ledger=rows)


@router.get("/{resource_id}/files/{sha256}")
def download(resource_id: str, sha256: str, services: Reading) -> FileResponse:
    services.resources.get(resource_id)
    found = services.session.get(ResourceFile, (resource_id, sha256))
    if found is None:
        raise NotFoundError("This resource has no such file.", "Open its page to see its files.")
    return FileResponse(
        file_store().path(sha256),
        filename=found.filename or sha256,
        media_type="application/octet-stream",
        headers={"X-Content-Type-Options": "nosniff"},
    )


@router.post("/{resource_id}/compute/{derivation}")
def compute(
    resource_id: str, derivation: str, services: Writing, _who: SignedIn
) -> RedirectResponse:
    """Have one derivation computed now."""
    if derivation not in TASK_OF:
        raise NotFoundError(
            f"There is no derivation {derivation}.", "Open the resource to see those it has."
        )
    services.ledger.make_due(derivation, services.resources.get(resource_id))
    services.session.commit()
    _queue_or_leave(derivation, resource_id)
    return RedirectResponse(f"/ui/resources/{resource_id}", status_code=303)


@router.post("/{resource_id}/delete")
def delete(resource_id: str, services: Writing, _who: SignedIn) -> RedirectResponse:
    change = services.resources.delete(resource_id)
    services.session.commit()
    return RedirectResponse(f"/ui/?change={change}&deleted={resource_id}", status_code=303)


@router.post("/{resource_id}/restore")
def restore(resource_id: str, services: Writing, _who: SignedIn) -> RedirectResponse:
    """Bring it back from the trash."""
    services.resources.restore(resource_id)
    services.session.commit()
    change = outbox.last_event_id(services.session)
    where = f"/ui/resources/{resource_id}" + (f"?change={change}" if change else "")
    return RedirectResponse(where, status_code=303)


def _queue_or_leave(derivation: str, resource_id: str) -> None:
    """Queue it, or leave it to the reconciler while the broker is away."""
    try:
        queue_all([request_for(TASK_OF[derivation], resource_id)])
    except TransientError as error:
        logger.warning("%s of %s waits for the reconciler: %s", derivation, resource_id, error)


def _ledger(services: Services, resource_id: str) -> list[tuple[str, str, object]]:
    """Give derivation, state and row."""
    rows = services.freshness.of([resource_id])[resource_id]
    return [(name, services.freshness.state(row), row) for name, row in sorted(rows.items())]


def _merges(services: Services, resource_id: str) -> list[tuple[Merge, str]]:
    """Give what was merged into it, and the titles."""
    return [
        (one, services.session.get_one(Resource, one.other_id).title)
        for one in services.merging.of(resource_id)
        if one.undone_at is None
    ]


def _files(services: Services, resource_id: str) -> list[ResourceFile]:
    query = select(ResourceFile).where(ResourceFile.resource_id == resource_id)
    return list(services.session.scalars(query))
