"""The trash: what was deleted comes back from here, or goes for good after a second question."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from sqlalchemy import select

from alexandria.access import Reading, SignedIn, Writing, erase_for_good
from alexandria.bootstrap import Services
from alexandria.db import now
from alexandria.errors import InvalidInputError
from alexandria.models import Resource
from alexandria.services.listing import ListRequest, list_resources
from alexandria.web.rendering import number_of, page, reader, same_site

router = APIRouter(prefix="/ui/trash", dependencies=[Depends(reader), Depends(same_site)])

PAGE = 50
NAMED = 10
"""Titles on the page that asks."""


@router.get("")
def trash(
    request: Request, services: Reading, cursor: str = "", restored: str = "", erased: str = ""
) -> HTMLResponse:
    """List what was deleted, the latest first; `restored`, `erased`: how many just were."""
    wanted = ListRequest(deleted=True, sort="-updated", limit=PAGE, cursor=cursor or None)
    found = list_resources(services.session, wanted)
    return page(
        request,
        "trash.html",
        services,
        found=found,
        merges=services.trash.merged_into([one.id for one in found.items]),
        restored=number_of(restored),
        erased=number_of(erased),
    )


@router.post("/restore")
def restore(
    services: Writing, _who: SignedIn, ids: Annotated[Sequence[str], Form(alias="id")] = ()
) -> RedirectResponse:
    """Bring the chosen ones back; those that were merged with all that went over from them."""
    merges = services.trash.merged_into(list(ids))
    for one in _some(ids):
        merge = merges.get(one)
        if merge and services.session.get_one(Resource, merge.kept_id).deleted_at is None:
            services.merging.undo(merge.id)
        else:
            services.resources.restore(one)
    services.session.commit()
    return RedirectResponse(f"/ui/trash?restored={len(ids)}", status_code=303)


@router.get("/erase")
def ask(
    request: Request,
    services: Reading,
    ids: Annotated[Sequence[str], Query(alias="id")] = (),
    everything: bool = False,
) -> HTMLResponse:
    """Ask once more before anything goes for good."""
    moment = now()
    there = services.trash.ids(moment)
    chosen = there if everything else list(_some([one for one in there if one in set(ids)]))
    query = select(Resource.title).where(Resource.id.in_(chosen[:NAMED]))
    return page(
        request,
        "erase.html",
        services,
        ids=[] if everything else chosen,
        count=len(chosen),
        titles=services.session.scalars(query.order_by(Resource.title)).all(),
        moment=moment.isoformat() if everything else None,
    )


@router.post("/erase")
def erase(
    services: Writing,
    _who: SignedIn,
    ids: Annotated[Sequence[str], Form(alias="id")] = (),
    moment: Annotated[datetime | None, Form()] = None,
) -> RedirectResponse:
    """Delete for good the chosen ones, or all that was in the trash at that moment."""
    count = erase_for_good(services, _chosen(services, ids, moment))
    return RedirectResponse(f"/ui/trash?erased={count}", status_code=303)


def _chosen(services: Services, ids: Sequence[str], moment: datetime | None) -> Sequence[str]:
    if moment is None:
        return _some(ids)
    if moment.tzinfo is None:
        raise InvalidInputError("This moment has no time zone.", "Open the trash and begin again.")
    return services.trash.ids(moment)


def _some(ids: Sequence[str]) -> Sequence[str]:
    if not ids:
        raise InvalidInputError(
            "Nothing is chosen that is in the trash.", "Go back and tick what you mean."
        )
    return ids
