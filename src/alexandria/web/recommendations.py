"""The page For you: what the reader may want next, with why; save it, or say that it is not."""

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from alexandria.access import Reading, SignedIn, Writing
from alexandria.models import Resource
from alexandria.web.rendering import page, reader, same_site

router = APIRouter(prefix="/ui/for-you", dependencies=[Depends(reader), Depends(same_site)])

_SHOWN = 20


@router.get("")
def for_you(
    request: Request, services: Reading, who: SignedIn, dismissed: str = "", saved: str = ""
) -> HTMLResponse:
    """`dismissed`, `saved`: the resource of which the reader has just said so."""
    preferences = services.profiles.preferences(who.user_id)
    return page(
        request,
        "for_you.html",
        services,
        found=services.recommendations.recommend(who.user_id, _SHOWN),
        based_on=len(preferences.seeds),
        learned=services.profiles.learned(who.user_id),
        dismissed=services.session.get(Resource, dismissed) if dismissed else None,
        saved=services.session.get(Resource, saved) if saved else None,
    )


@router.post("/{resource_id}/save")
def save(resource_id: str, services: Writing, who: SignedIn) -> RedirectResponse:
    services.interactions.save(who.user_id, resource_id)
    services.session.commit()
    return RedirectResponse(f"/ui/for-you?saved={resource_id}", status_code=303)


@router.post("/{resource_id}/save/undo")
def undo_save(resource_id: str, services: Writing, who: SignedIn) -> RedirectResponse:
    services.interactions.undo_save(who.user_id, resource_id)
    services.session.commit()
    return RedirectResponse("/ui/for-you", status_code=303)


@router.post("/{resource_id}/dismiss")
def dismiss(resource_id: str, services: Writing, who: SignedIn) -> RedirectResponse:
    services.recommendations.dismiss(who.user_id, resource_id)
    services.session.commit()
    return RedirectResponse(f"/ui/for-you?dismissed={resource_id}", status_code=303)


@router.post("/{resource_id}/dismiss/undo")
def undo_dismissal(resource_id: str, services: Writing, who: SignedIn) -> RedirectResponse:
    services.recommendations.undo_dismissal(who.user_id, resource_id)
    services.session.commit()
    return RedirectResponse("/ui/for-you", status_code=303)
