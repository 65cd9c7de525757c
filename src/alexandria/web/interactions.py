"""What readers do on the page of a resource: opening it, saving it."""

import logging

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse

from alexandria.access import SignedIn, Writing
from alexandria.bootstrap import Services
from alexandria.db import writing
from alexandria.errors import AlexandriaError
from alexandria.services.users import Identity
from alexandria.web.rendering import reader, same_site

logger = logging.getLogger(__name__)

router = APIRouter(prefix="/ui/resources", dependencies=[Depends(reader), Depends(same_site)])


def is_opened(request: Request, who: Identity) -> bool:
    """Tell whether a reader who may write opens the page, and no browser fetches it ahead."""
    purpose = request.headers.get("sec-purpose", request.headers.get("purpose", ""))
    return who.may("write") and "prefetch" not in purpose


def note_opened(user_id: str, resource_id: str) -> None:
    """Note a view after the page is sent; a page that can't be noted is shown all the same."""
    try:
        with writing() as session:
            Services(session).interactions.opened(user_id, resource_id)
    except AlexandriaError as error:
        logger.warning("That %s was opened could not be noted: %s", resource_id, error)


@router.post("/{resource_id}/save")
def save(resource_id: str, services: Writing, who: SignedIn) -> RedirectResponse:
    if not services.interactions.has_saved(who.user_id, resource_id):
        services.interactions.track(who.user_id, resource_id, "save")
        services.session.commit()
    return RedirectResponse(f"/ui/resources/{resource_id}", status_code=303)


@router.post("/{resource_id}/save/undo")
def undo_save(resource_id: str, services: Writing, who: SignedIn) -> RedirectResponse:
    services.interactions.undo_save(who.user_id, resource_id)
    services.session.commit()
    return RedirectResponse(f"/ui/resources/{resource_id}", status_code=303)
