"""The page of what looking after quality found: why, and a way to say that it was seen."""

from typing import Literal

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from alexandria.access import Reading, SignedIn, Writing
from alexandria.web.rendering import page, reader, same_site

router = APIRouter(prefix="/ui/review/quality", dependencies=[Depends(reader), Depends(same_site)])

_SHOWN = 50
Kind = Literal["degradation", "outlier"]


@router.get("")
def findings(request: Request, services: Reading, show: str = "") -> HTMLResponse:
    """List what nobody has seen yet; `show=seen` lists the rest."""
    shows_seen = show == "seen"
    total, found = services.quality_review.page(_SHOWN, seen=shows_seen)
    return page(
        request,
        "quality_review.html",
        services,
        total=total,
        found=found,
        shows_seen=shows_seen,
    )


@router.post("/seen")
def all_seen(services: Writing, who: SignedIn) -> RedirectResponse:
    services.quality_review.mark_all_seen(who.user_id)
    services.session.commit()
    return RedirectResponse("/ui/review/quality", status_code=303)


@router.post("/{resource_id}/{kind}/seen")
def seen(resource_id: str, kind: Kind, services: Writing, who: SignedIn) -> RedirectResponse:
    services.quality_review.mark_seen(who.user_id, resource_id, kind)
    services.session.commit()
    return RedirectResponse("/ui/review/quality", status_code=303)


@router.post("/{resource_id}/{kind}/seen/undo")
def undo_seen(resource_id: str, kind: Kind, services: Writing, _who: SignedIn) -> RedirectResponse:
    services.quality_review.undo_seen(resource_id, kind)
    services.session.commit()
    return RedirectResponse("/ui/review/quality?show=seen", status_code=303)
