from typing import Annotated, cast
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse
from markupsafe import Markup
from sqlalchemy import func, select

from alexandria.access import Reading
from alexandria.models import Resource
from alexandria.services.search import SearchRequest
from alexandria.services.search.request import Mode, Sort
from alexandria.web.rendering import Reader, page, reader

router = APIRouter(prefix="/ui", dependencies=[Depends(reader)])

PAGE = 20


@router.get("/")
def library(
    request: Request,
    services: Reading,
    _reader: Reader,
    q: str = "",
    mode: str = "hybrid",
    sort: str = "relevance",
    author: str = "",
    tag: str = "",
    year_from: str = "",
    year_to: str = "",
    offset: Annotated[int, Query(ge=0)] = 0,
) -> HTMLResponse:
    """Search, or list the newest."""
    live = select(func.count()).select_from(Resource).where(Resource.deleted_at.is_(None))
    if not services.session.scalar(live):
        return page(request, "empty.html", services)
    asked = SearchRequest(
        query=q,
        mode=cast("Mode", mode),
        limit=PAGE,
        offset=offset,
        year_from=_year(year_from),
        year_to=_year(year_to),
        author=author or None,
        tag=tag or None,
        sort=cast("Sort", sort),
    )
    answer = services.search.search(asked)
    snippets = {hit["id"]: Markup(hit["snippet"]) for hit in answer["results"]}  # noqa: S704 (escaped by the index)
    return page(
        request,
        "library.html",
        services,
        answer=answer,
        asked=asked,
        snippets=snippets,
        next=_link(request, offset + PAGE) if offset + PAGE < answer["total"] else None,
        previous=_link(request, offset - PAGE) if offset else None,
    )


def _year(given: str) -> int | None:
    return int(given) if given.isdecimal() else None


def _link(request: Request, offset: int) -> str:
    return "?" + urlencode(dict(request.query_params) | {"offset": str(max(0, offset))})
