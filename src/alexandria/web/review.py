"""The page Review: where the library is unsure of a subject, and a person's word decides."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from alexandria.access import Reading, SignedIn, Writing
from alexandria.models import Category, Resource
from alexandria.services.classification.review import CLOSE, UNSURE
from alexandria.web.rendering import page, reader, same_site

router = APIRouter(prefix="/ui/review", dependencies=[Depends(reader), Depends(same_site)])

_SHOWN = 20
Choice = Annotated[list[str], Form()]


@router.get("")
def review(
    request: Request, services: Reading, cursor: str = "", answered: str = "", categories: str = ""
) -> HTMLResponse:
    """`answered`, `categories`: the resource and the categories of the answer just given."""
    named = [services.session.get(Category, one) for one in categories.split(",") if one]
    return page(
        request,
        "review.html",
        services,
        found=services.review.page(_SHOWN, cursor or None),
        cursor=cursor,
        answered=services.session.get(Resource, answered) if answered else None,
        decided=[one for one in named if one],
        trainings=services.training.history(5),
        producer=services.producer_of("classification"),
        unsure=round(100 * UNSURE),
        close=round(100 * CLOSE),
    )


@router.post("/{resource_id}")
def answer(
    resource_id: str,
    services: Writing,
    who: SignedIn,
    confirm: Choice = [],  # noqa: B006 (FastAPI copies it)
    reject: Choice = [],  # noqa: B006
    undo: Choice = [],  # noqa: B006
    shown: Choice = [],  # noqa: B006
    none: Annotated[str, Form()] = "",
    cursor: Annotated[str, Form()] = "",
) -> RedirectResponse:
    """Confirm or reject categories of a resource, or all that were `shown` with `none`."""
    refused = [*reject, *(shown if none else [])]
    for category_id in confirm:
        services.taxonomy.confirm(resource_id, category_id, who.user_id)
    for category_id in refused:
        services.taxonomy.reject(resource_id, category_id, who.user_id)
    for category_id in undo:
        services.taxonomy.undo_decision(resource_id, category_id)
    services.session.commit()
    decided = ",".join([*confirm, *refused])
    told = {"answered": resource_id, "categories": decided} if decided else {}
    query = urlencode(told | ({"cursor": cursor} if cursor else {}))
    return RedirectResponse(f"/ui/review?{query}" if query else "/ui/review", status_code=303)
