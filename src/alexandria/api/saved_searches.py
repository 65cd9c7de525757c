from typing import Annotated

from fastapi import APIRouter, Query, Response

from alexandria.access import LONGEST_WAIT_SECONDS, Reading, SignedIn, Writing, wait_until_complete
from alexandria.api.schemas.page import Page
from alexandria.api.schemas.saved_search import (
    Removed,
    SavedResults,
    SavedSearchIn,
    SavedSearchOut,
    SavedSearchPatch,
)
from alexandria.bootstrap import Services
from alexandria.db import now
from alexandria.models import SavedSearch
from alexandria.services.saved_searches import request_of

router = APIRouter(prefix="/saved-searches", tags=["saved searches"])


@router.get("")
def list_all(services: Reading, who: SignedIn) -> Page[SavedSearchOut]:
    """List your saved searches by name, each with how many of its results are new to you."""
    items = [_out(services, saved) for saved in services.saved_searches.of(who.user_id)]
    return Page(total=len(items), items=items)


@router.post("", status_code=201)
def create(
    body: SavedSearchIn, services: Writing, who: SignedIn, response: Response
) -> SavedSearchOut:
    """Keep a search under a name; what it finds by now counts as seen."""
    saved = services.saved_searches.create(who.user_id, body.name, body.as_request())
    response.headers["Location"] = f"/saved-searches/{saved.id}"
    return _written(services, saved)


@router.get("/{saved_id}")
def read(saved_id: str, services: Reading, who: SignedIn) -> SavedSearchOut:
    """Read a saved search, with how many of its results are new to you."""
    return _out(services, services.saved_searches.get(who.user_id, saved_id))


@router.put("/{saved_id}")
def replace(saved_id: str, body: SavedSearchIn, services: Writing, who: SignedIn) -> SavedSearchOut:
    """Replace name and question; what is left out becomes what it is in `/search`."""
    saved = services.saved_searches.get(who.user_id, saved_id)
    services.saved_searches.change(saved, name=body.name, asked=body.asked())
    return _written(services, saved)


@router.patch("/{saved_id}")
def change(
    saved_id: str, body: SavedSearchPatch, services: Writing, who: SignedIn
) -> SavedSearchOut:
    """Change what is sent: the name, parts of the question, or when you last looked."""
    saved = services.saved_searches.get(who.user_id, saved_id)
    asked = body.asked(sent_only=True)
    services.saved_searches.change(
        saved, name=body.name, asked=asked or None, last_seen_at=body.last_seen_at
    )
    return _written(services, saved)


@router.delete("/{saved_id}")
def delete(saved_id: str, services: Writing, who: SignedIn) -> Removed:
    """Delete a saved search; the resources that it finds stay."""
    services.saved_searches.delete(services.saved_searches.get(who.user_id, saved_id))
    services.session.commit()
    return Removed(id=saved_id)


@router.get("/{saved_id}/results", response_model_exclude_unset=True)
def results(
    saved_id: str,
    services: Reading,
    who: SignedIn,
    *,
    limit: int = 20,
    offset: int = 0,
    facets: bool = True,
    wait_for: Annotated[
        int | None, Query(description="wait until the index holds this event")
    ] = None,
    timeout: Annotated[float, Query(ge=0, le=LONGEST_WAIT_SECONDS)] = 5.0,
) -> SavedResults:
    """Search, as `/search` does; it does not count as a look until you say so."""
    if wait_for is not None:
        wait_until_complete(wait_for, timeout)
    asked_at = now()  # before it is searched, so that nothing is missed that comes meanwhile
    saved = services.saved_searches.get(who.user_id, saved_id)
    answer = services.search.search(request_of(saved, limit=limit, offset=offset, facets=facets))
    new = services.saved_searches.new_of(saved)
    more = {"saved_search": SavedSearchOut.of(saved, len(new)), "new_ids": new}
    return SavedResults.model_validate({**answer, **more, "asked_at": asked_at})


def _out(services: Services, saved: SavedSearch) -> SavedSearchOut:
    return SavedSearchOut.of(saved, len(services.saved_searches.new_of(saved)))


def _written(services: Services, saved: SavedSearch) -> SavedSearchOut:
    services.session.commit()
    return _out(services, saved)
