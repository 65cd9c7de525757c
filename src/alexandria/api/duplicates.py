"""Suggestions of duplicates; those that are right go to `POST /resources/{id}/merge`."""

from typing import Annotated

from fastapi import APIRouter, Query

from alexandria.access import Reading, Writing
from alexandria.api.schemas.duplicates import SuggestionOut
from alexandria.api.schemas.page import Page
from alexandria.services.near_duplicates import LARGEST_PAGE

router = APIRouter(tags=["duplicates"])


@router.get("/duplicates")
def list_suggestions(
    services: Reading,
    limit: Annotated[int, Query(ge=1, le=LARGEST_PAGE)] = 50,
    cursor: str | None = None,
    dismissed: Annotated[
        bool, Query(description="those that were dismissed, and no others")
    ] = False,
) -> Page[SuggestionOut]:
    """List pairs of resources that may be one, the likeliest first, with what speaks for it."""
    page = services.suggestions.page(limit, cursor, dismissed=dismissed)
    items = [SuggestionOut.of(one) for one in page.items]
    return Page(total=page.total, items=items, next_cursor=page.next_cursor)


@router.get("/resources/{resource_id}/duplicates")
def of_resource(resource_id: str, services: Reading) -> Page[SuggestionOut]:
    """List what the resource may be a duplicate of; its freshness says whether this is current."""
    services.resources.get(resource_id)
    items = [SuggestionOut.of(one) for one in services.suggestions.of(resource_id)]
    return Page(total=len(items), items=items)


@router.post("/duplicates/{suggestion_id}/dismiss")
def dismiss(suggestion_id: str, services: Writing) -> SuggestionOut:
    """Say that the two are not the same: they are not suggested again, whatever changes."""
    suggestion = services.suggestions.dismiss(suggestion_id)
    services.session.commit()
    return SuggestionOut.of(suggestion)


@router.post("/duplicates/{suggestion_id}/dismiss/undo")
def undo_dismissal(suggestion_id: str, services: Writing) -> SuggestionOut:
    """Take back that the two are not the same."""
    suggestion = services.suggestions.undo_dismissal(suggestion_id)
    services.session.commit()
    return SuggestionOut.of(suggestion)
