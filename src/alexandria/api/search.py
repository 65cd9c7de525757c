from typing import Annotated, cast

from fastapi import APIRouter, Depends, Query

from alexandria.access import LONGEST_WAIT_SECONDS, Reading, wait_until_complete
from alexandria.api.schemas.search import SearchOut
from alexandria.services.search import SearchRequest
from alexandria.services.search.request import Mode, Sort

router = APIRouter(tags=["search"])


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
    venue: str | None = None,
    type: str | None = None,  # noqa: A002 (the name of the parameter)
    language: str | None = None,
    sort: str = "relevance",
    facets: bool = True,
    explain: Annotated[bool, Query(description="say what each score is the sum of")] = False,
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
        venue=venue,
        type=type,
        language=language,
        facets=facets,
        explain=explain,
        sort=cast("Sort", sort),
    )


@router.get("/search", response_model_exclude_unset=True)
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
