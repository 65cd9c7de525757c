"""Authors: found, shown with why their names are one person, merged and split."""

from typing import Annotated

from fastapi import APIRouter, Query

from alexandria.access import Reading, SignedIn, Writing
from alexandria.api.schemas.author import (
    AuthorMergeIn,
    AuthorOut,
    AuthorRecordOut,
    AuthorsDecidedOut,
    AuthorSplitIn,
)
from alexandria.api.schemas.page import Page
from alexandria.services.authors.service import LARGEST_PAGE

router = APIRouter(prefix="/authors", tags=["authors"])


@router.get("")
def list_authors(
    services: Reading,
    q: Annotated[str, Query(max_length=200, description="beginnings of words of the name")] = "",
    limit: Annotated[int, Query(ge=1, le=LARGEST_PAGE)] = 50,
    cursor: str | None = None,
) -> Page[AuthorOut]:
    """List authors by family name."""
    found = services.authors.find(q, limit, cursor)
    items = [AuthorOut.of(one) for one in found.items]
    return Page(total=found.total, items=items, next_cursor=found.next_cursor)


@router.get("/{author_id}")
def read_author(author_id: str, services: Reading) -> AuthorRecordOut:
    """Give an author: names, works, co-authors, why the names are one person, what was decided."""
    return AuthorRecordOut.from_record(services.authors.record(author_id), services.authors)


@router.post("/merge")
def merge_authors(body: AuthorMergeIn, services: Writing, who: SignedIn) -> AuthorsDecidedOut:
    """Say that authors are one person; this stays so, whatever is computed later."""
    decision = services.authors.merge(body.author_ids, who.user_id)
    services.session.commit()
    return AuthorsDecidedOut.of(decision, services.authors)


@router.post("/split")
def split_author(body: AuthorSplitIn, services: Writing, who: SignedIn) -> AuthorsDecidedOut:
    """Say that what goes is by another person; this stays so, whatever is computed later."""
    if body.from_author_id:
        decision = services.authors.keep_apart(body.author_id, body.from_author_id, who.user_id)
    else:
        decision = services.authors.split(
            body.author_id, body.names, body.resource_ids, who.user_id
        )
    services.session.commit()
    return AuthorsDecidedOut.of(decision, services.authors)


@router.post("/decisions/{decision_id}/undo")
def undo_author_decision(decision_id: int, services: Writing, _who: SignedIn) -> AuthorsDecidedOut:
    """Take back a merge or a split; the rules decide again."""
    decision = services.authors.undo(decision_id)
    services.session.commit()
    return AuthorsDecidedOut.of(decision, services.authors)
