"""The page of what the system does: how fresh everything is, and the tasks that failed for good."""

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from alexandria.access import Reading, SignedIn, Writing
from alexandria.events import outbox
from alexandria.tasks.dead import run_again
from alexandria.web.rendering import page, reader, same_site

router = APIRouter(prefix="/ui/activity", dependencies=[Depends(reader), Depends(same_site)])


@router.get("")
def activity(request: Request, services: Reading, cursor: str = "") -> HTMLResponse:
    return page(
        request,
        "activity.html",
        services,
        backlog=services.freshness.backlog(),
        outbox=outbox.waiting(services.session),
        letters=services.dead_letters.list(cursor=cursor or None, limit=20),
    )


@router.post("/dead/retry")
def retry_all(_: SignedIn, services: Writing) -> RedirectResponse:
    run_again(services, services.dead_letters.of_task())
    return RedirectResponse("/ui/activity", status_code=303)


@router.post("/dead/{letter_id}/retry")
def retry(letter_id: str, _: SignedIn, services: Writing) -> RedirectResponse:
    run_again(services, [services.dead_letters.get(letter_id)])
    return RedirectResponse("/ui/activity", status_code=303)


@router.post("/dead/{letter_id}/discard")
def discard(letter_id: str, _: SignedIn, services: Writing) -> RedirectResponse:
    services.dead_letters.discard(services.dead_letters.get(letter_id))
    services.session.commit()
    return RedirectResponse("/ui/activity", status_code=303)
