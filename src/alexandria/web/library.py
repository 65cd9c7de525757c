from collections.abc import Sequence
from typing import cast
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse
from markupsafe import Markup
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from alexandria.access import Reading, wait_until_complete
from alexandria.models import QualityScore, Resource
from alexandria.services.quality_rules import WEIGHTS
from alexandria.services.search import SearchRequest
from alexandria.services.search.request import Mode, SearchResult, Sort
from alexandria.web.rendering import number_of, page, reader

router = APIRouter(prefix="/ui", dependencies=[Depends(reader)])

PAGE = 20
PATIENCE_SECONDS = 5.0


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
    change: str = "",
    wait_for: str = "",
) -> HTMLResponse:
    """Search, or list all when nothing is asked.

    `change`: the reader's own edit, of which the index line tells; `wait_for`: it is waited for.
    """
    if waited := number_of(wait_for):
        wait_until_complete(waited, PATIENCE_SECONDS)
    live = select(func.count()).select_from(Resource).where(Resource.deleted_at.is_(None))
    if not services.session.scalar(live):
        return page(request, "empty.html", services)
    asked = SearchRequest(
        query=q,
        mode=cast("Mode", mode),
        limit=PAGE,
        offset=number_of(offset) or 0,
        year_from=number_of(year_from),
        year_to=number_of(year_to),
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
        qualities=_qualities(services.session, [hit["id"] for hit in hits]),
        change=number_of(change) or waited,
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


def _venues(session: Session, ids: Sequence[str]) -> dict[str, str]:
    rows = session.execute(select(Resource.id, Resource.venue).where(Resource.id.in_(ids)))
    return {resource_id: venue for resource_id, venue in rows if venue}


def _qualities(session: Session, ids: Sequence[str]) -> dict[str, dict[str, float | None]]:
    rows = session.scalars(select(QualityScore).where(QualityScore.resource_id.in_(ids)))
    return {row.resource_id: {name: getattr(row, name) for name in WEIGHTS} for row in rows}


def _best_keyword(hits: Sequence[SearchResult]) -> float:
    """Give the largest keyword score of the page; BM25 has no upper end of its own."""
    return max((hit["scores"]["keyword"] or 0.0 for hit in hits), default=0.0)
