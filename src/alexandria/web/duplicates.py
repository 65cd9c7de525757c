"""The page of resources that may be one: side by side, with what speaks for it."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from alexandria.access import Reading, SignedIn, Writing
from alexandria.bootstrap import Services
from alexandria.errors import InvalidInputError
from alexandria.events import outbox
from alexandria.models import Merge, Resource
from alexandria.services.fields import FIELDS, read_field
from alexandria.services.near_duplicates import SuggestionPage
from alexandria.web.rendering import page, reader, same_site

router = APIRouter(prefix="/ui", dependencies=[Depends(reader), Depends(same_site)])

PAGE = 20


@router.get("/duplicates")
def duplicates(
    request: Request,
    services: Reading,
    of: str = "",
    show: str = "",
    cursor: str = "",
    merged: str = "",
    dismissed: str = "",
) -> HTMLResponse:
    """List suggestions, of one resource (`of`) or all; `show=dismissed` lists the dismissed ones.

    `merged`, `dismissed`: what the reader has just done, which can be undone.
    """
    shows_dismissed = show == "dismissed"
    found = _found(services, of, cursor, dismissed=shows_dismissed)
    return page(
        request,
        "duplicates.html",
        services,
        found=found,
        of=services.resources.get(of) if of else None,
        shows_dismissed=shows_dismissed,
        kept={one.id: _fuller(one.first, one.second).id for one in found.items},
        backlog=services.freshness.backlog()["duplicates"],
        merge=_merge(services, merged),
        dismissed=dismissed,
    )


@router.post("/duplicates/{suggestion_id}/merge")
def merge(
    suggestion_id: str, kept_id: Annotated[str, Form()], services: Writing, _who: SignedIn
) -> RedirectResponse:
    """Merge the two; the one that is not kept goes into the other."""
    suggestion = services.suggestions.get(suggestion_id)
    ids = [suggestion.first.id, suggestion.second.id]
    if kept_id not in ids:
        raise InvalidInputError("Which of the two is kept?", "Go back and choose one of them.")
    ids.remove(kept_id)
    made = services.merging.merge(kept_id, ids[0])
    services.session.commit()
    return RedirectResponse(f"/ui/duplicates?merged={made.id}", status_code=303)


@router.post("/merges/{merge_id}/undo")
def undo_merge(merge_id: str, services: Writing, _who: SignedIn) -> RedirectResponse:
    made = services.merging.undo(merge_id)
    services.session.commit()
    change = outbox.last_event_id(services.session)
    return RedirectResponse(f"/ui/resources/{made.other_id}?change={change}", status_code=303)


@router.post("/duplicates/{suggestion_id}/dismiss")
def dismiss(suggestion_id: str, services: Writing, _who: SignedIn) -> RedirectResponse:
    services.suggestions.dismiss(suggestion_id)
    services.session.commit()
    return RedirectResponse(f"/ui/duplicates?dismissed={suggestion_id}", status_code=303)


@router.post("/duplicates/{suggestion_id}/dismiss/undo")
def undo_dismissal(suggestion_id: str, services: Writing, _who: SignedIn) -> RedirectResponse:
    services.suggestions.undo_dismissal(suggestion_id)
    services.session.commit()
    return RedirectResponse("/ui/duplicates", status_code=303)


def _found(services: Services, of: str, cursor: str, *, dismissed: bool) -> SuggestionPage:
    if of:
        items = list(services.suggestions.of(of))
        return SuggestionPage(len(items), items, None)
    return services.suggestions.page(PAGE, cursor or None, dismissed=dismissed)


def _merge(services: Services, merge_id: str) -> tuple[Merge, str] | None:
    """Give a merge that can be undone, and the title of what was merged away."""
    made = services.session.get(Merge, merge_id) if merge_id else None
    if made is None or made.undone_at is not None:
        return None
    return made, services.session.get_one(Resource, made.other_id).title


def _fuller(first: Resource, second: Resource) -> Resource:
    """Give the one with more fields filled; of two that are alike the older one."""

    def filled(resource: Resource) -> int:
        return sum(bool(read_field(resource, name)) for name in FIELDS)

    older, newer = sorted((first, second), key=lambda one: (one.created_at, one.id))
    return newer if filled(newer) > filled(older) else older
