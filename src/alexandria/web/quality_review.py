"""The page of what the looks at quality found, for somebody to see."""

from typing import Literal

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from alexandria.access import Reading, SignedIn, Writing
from alexandria.web.rendering import page, reader, same_site

router = APIRouter(prefix="/ui/review/quality", dependencies=[Depends(reader), Depends(same_site)])

_SHOWN = 50


@router.get("")
def review(request: Request, services: Reading, show: str = "") -> HTMLResponse:
    """List what nobody has seen yet; `show=seen`: what somebody has."""
    seen = show == "seen"
    total, found = services.quality_review.list(_SHOWN, seen=seen)
    return page(request, "quality_review.html", services, found=found, total=total, shows_seen=seen)


@router.post("/{resource_id}/{kind}/seen")
def mark_seen(
    resource_id: str,
    kind: Literal["degradation", "outlier"],
    services: Writing,
    _who: SignedIn,
) -> RedirectResponse:
    services.quality_review.mark(resource_id, kind, seen=True)
    services.session.commit()
    return RedirectResponse("/ui/review/quality", status_code=303)


@router.post("/{resource_id}/{kind}/seen/undo")
def undo_seen(
    resource_id: str,
    kind: Literal["degradation", "outlier"],
    services: Writing,
    _who: SignedIn,
) -> RedirectResponse:
    services.quality_review.mark(resource_id, kind, seen=False)
    services.session.commit()
    return RedirectResponse("/ui/review/quality?show=seen", status_code=303)
