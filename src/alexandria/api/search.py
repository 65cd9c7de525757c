from time import monotonic, sleep
from typing import Annotated, cast

from fastapi import APIRouter, Depends, Query

from alexandria.access import Reading
from alexandria.api.schemas.search import SearchOut
from alexandria.bootstrap import Services
from alexandria.db import reading
from alexandria.services.search import SearchRequest
from alexandria.services.search.request import Mode, Sort

router = APIRouter(tags=["search"])

LONGEST_WAIT_SECONDS = 30.0
_POLL_SECONDS = 0.05


def _request(
    q: str = "",
    mode: str = "hybrid",
    limit: int = 20,
    offset: int = 0,
    year_from: int | None = None,
    year_to: int | None = None,
    author: str | None = None,
    subject: str | None = None,
    tag: str | None = None,
    min_quality: float | None = None,
    sort: str = "relevance",
) -> SearchRequest:
    return SearchRequest(
        query=q,
        mode=cast("Mode", mode),
        limit=limit,
        offset=offset,
        year_from=year_from,
        year_to=year_to,
        author=author,
        subject=subject,
        tag=tag,
        min_quality=min_quality,
        sort=cast("Sort", sort),
    )


@router.get("/search")
def search(
    services: Reading,
    request: Annotated[SearchRequest, Depends(_request)],
    wait_for: Annotated[
        int | None, Query(description="wait until the index holds this event")
    ] = None,
    timeout: Annotated[float, Query(ge=0, le=LONGEST_WAIT_SECONDS)] = 5.0,
) -> SearchOut:
    """Search; the answer says through which event the index is complete."""
    if wait_for is not None:
        wait_until_complete(wait_for, timeout)
    return SearchOut.model_validate(services.search.search(request))


def wait_until_complete(event_id: int, timeout: float) -> None:
    """Return when the keyword index holds the event, or when the time is up."""
    deadline = monotonic() + timeout
    while monotonic() < deadline:
        with reading() as session:
            if Services(session).freshness.index_state()["complete_through"] >= event_id:
                return
        sleep(_POLL_SECONDS)
