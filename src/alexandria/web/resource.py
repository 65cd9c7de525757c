import logging
from typing import Annotated, Any, Literal

from fastapi import APIRouter, BackgroundTasks, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from sqlalchemy.exc import OperationalError

from alexandria.access import Reading, SignedIn, Writing
from alexandria.bootstrap import Services
from alexandria.db import writing
from alexandria.errors import NotFoundError, TransientError
from alexandria.events import outbox
from alexandria.models import Merge, Resource
from alexandria.services.users import Identity
from alexandria.tasks.celery_tasks.derivation_runs import request_for
from alexandria.tasks.celery_tasks.derivations import TASK_OF
from alexandria.tasks.queueing import queue_all
from alexandria.web.lookups import suggested
from alexandria.web.rendering import number_of, page, reader, same_site

logger = logging.getLogger(__name__)

router = APIRouter(prefix="/ui/resources", dependencies=[Depends(reader), Depends(same_site)])


@router.get("/{resource_id}")
def read(
    request: Request,
    resource_id: str,
    services: Reading,
    who: Annotated[Identity, Depends(reader)],
    afterwards: BackgroundTasks,
    change: str = "",
    start: str = "",
    end: str = "",
) -> HTMLResponse:
    """Show a resource, and note that the reader saw it.

    `change`: the reader's own edit, of which the index line tells.

    `start`, `end`: characters of the content that are marked, for the page to open at.
    """
    resource = services.resources.get(resource_id)
    if who.may("write") and "prefetch" not in request.headers.get("sec-purpose", ""):
        afterwards.add_task(_note_view, who.user_id, resource_id)
    quality = services.quality.get_quality_scores(resource_id)
    return page(
        request,
        "resource.html",
        services,
        resource=resource,
        change=number_of(change),
        marked=_marked(number_of(start), number_of(end), len(resource.content)),
        ledger=_ledger(services, resource_id),
        quality=quality,
        bars=quality and {name: one["score"] for name, one in quality["dimensions"].items()},
        authors=services.authors.of(resource_id),
        similar=services.similar.of(resource_id, 6),
        originals=services.originals.of(resource_id),
        **suggested(services, resource),
        **_citations(services, resource_id),
        classifications=services.taxonomy.of(resource_id),
        duplicates=services.suggestions.of(resource_id),
        merges=_merges(services, resource_id),
        events=outbox.events_of(services.session, resource_id, limit=20),
        saved=services.interactions.saved(who.user_id, resource_id),
    )


def _note_view(user_id: str, resource_id: str) -> None:
    """After the page is sent, so that no reader waits for a writer."""
    try:
        with writing() as session:
            Services(session).interactions.viewed(user_id, resource_id)
    except (NotFoundError, OperationalError) as error:
        logger.warning("The view of %s is not noted: %s", resource_id, error)


def _marked(start: int | None, end: int | None, length: int) -> slice | None:
    if start is None or end is None or not 0 <= start < end <= length:
        return None
    return slice(start, end)


@router.get("/{resource_id}/ledger")
def ledger(request: Request, resource_id: str, services: Reading) -> HTMLResponse:
    """Give the ledger alone, for the page to renew while something is pending."""
    resource = services.resources.get(resource_id)
    rows = _ledger(services, resource_id)
    return page(request, "ledger.html", resource=resource, ledger=rows)


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


@router.post("/{resource_id}/classification/{category_id}/{what}")
def decide(
    resource_id: str,
    category_id: str,
    what: Literal["confirm", "reject", "undo"],
    services: Writing,
    who: SignedIn,
) -> RedirectResponse:
    """Say whether the resource belongs to the category, or take that back."""
    if what == "undo":
        services.taxonomy.undo_decision(resource_id, category_id)
    else:
        decided = services.taxonomy.confirm if what == "confirm" else services.taxonomy.reject
        decided(resource_id, category_id, who.user_id)
    services.session.commit()
    return RedirectResponse(f"/ui/resources/{resource_id}#subjects", status_code=303)


@router.post("/{resource_id}/save")
def save(resource_id: str, services: Writing, who: SignedIn) -> RedirectResponse:
    """Note that the reader saved it; recommendations learn from that."""
    services.interactions.save(who.user_id, resource_id)
    services.session.commit()
    return RedirectResponse(f"/ui/resources/{resource_id}", status_code=303)


@router.post("/{resource_id}/save/undo")
def undo_save(resource_id: str, services: Writing, who: SignedIn) -> RedirectResponse:
    services.interactions.undo_save(who.user_id, resource_id)
    services.session.commit()
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


def _citations(services: Services, resource_id: str) -> dict[str, Any]:
    """Give what it cites and what cites it, and the titles of what is in the library."""
    found = services.graph.citations_of(resource_id)
    return {"citations": found, "works": services.graph.titles_in(found)}


def _merges(services: Services, resource_id: str) -> list[tuple[Merge, str]]:
    """Give what was merged into it, and the titles."""
    return [
        (one, services.session.get_one(Resource, one.other_id).title)
        for one in services.merging.of(resource_id)
        if one.undone_at is None
    ]
