from collections.abc import Sequence
from typing import cast
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse
from markupsafe import Markup
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from alexandria.access import Reading
from alexandria.errors import InvalidInputError
from alexandria.models import Resource
from alexandria.services.search import SearchRequest
from alexandria.services.search.request import Mode, SearchResult, Sort
from alexandria.web.rendering import page, reader

router = APIRouter(prefix="/ui", dependencies=[Depends(reader)])

PAGE = 20
_LONGEST_NUMBER = 9


@router.get("/")
def library(
    request: Request,
    services: Reading,
    q: str = "",
    mode: str = "hybrid",
    sort: str = "relevance",
    author: str = "",
    tag: str = "",
    year_from: str = "",
    year_to: str = "",
    offset: str = "",
) -> HTMLResponse:
    """Search, or list all when nothing is asked."""
    live = select(func.count()).select_from(Resource).where(Resource.deleted_at.is_(None))
    if not services.session.scalar(live):
        return page(request, "empty.html", services)
    asked = SearchRequest(
        query=q,
        mode=cast("Mode", mode),
        limit=PAGE,
        offset=_number(offset) or 0,
        year_from=_number(year_from),
        year_to=_number(year_to),
        author=author.strip() or None,
        tag=tag.strip() or None,
        sort=cast("Sort", sort),
    )
    answer = services.search.search(asked)
    hits = answer["results"]
    return page(
        request,
        "library.html",
        services,
        answer=answer,
        asked=asked,
        filters=sum(map(bool, (author, tag, year_from, year_to))),
        snippets={hit["id"]: Markup(hit["snippet"]) for hit in hits},  # noqa: S704 (escaped by the index)
        venues=_venues(services.session, [hit["id"] for hit in hits]),
        best_keyword=_best_keyword(hits),
        links=_Links(request, asked.offset, answer["total"]),
    )


class _Links:
    """Addresses of the pages of results beside this one."""

    def __init__(self, request: Request, offset: int, total: int) -> None:
        self._asked = dict(request.query_params)
        self.next = self._at(offset + PAGE) if offset + PAGE < total else None
        self.previous = self._at(max(0, offset - PAGE)) if offset else None

    def _at(self, offset: int) -> str:
        return "?" + urlencode(self._asked | {"offset": str(offset)})

    def without(self, *names: str) -> str:
        left = {name: value for name, value in self._asked.items() if name not in names}
        return "?" + urlencode({name: value for name, value in left.items() if name != "offset"})


def _number(given: str) -> int | None:
    """Read a field that may be left empty. Raises InvalidInputError."""
    given = given.strip()
    if not given:
        return None
    if not given.isdecimal() or len(given) > _LONGEST_NUMBER:
        raise InvalidInputError(
            f"{given[:40]!r} is no year or page.", "Go back and write it in digits, such as 2020."
        )
    return int(given)


def _venues(session: Session, ids: Sequence[str]) -> dict[str, str]:
    rows = session.execute(select(Resource.id, Resource.venue).where(Resource.id.in_(ids)))
    return {resource_id: venue for resource_id, venue in rows if venue}


def _best_keyword(hits: Sequence[SearchResult]) -> float:
    """Give the largest keyword score of the page; BM25 has no upper end of its own."""
    return max((hit["scores"]["keyword"] or 0.0 for hit in hits), default=0.0)
