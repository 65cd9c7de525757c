from collections.abc import Mapping, Sequence
from typing import Annotated, cast
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
from alexandria.services.search.explanation import in_words
from alexandria.services.search.request import Mode, SearchResult, Sort
from alexandria.services.users import Identity
from alexandria.web.rendering import number_of, page, reader
from alexandria.web.saved_searches import saved_of

router = APIRouter(prefix="/ui", dependencies=[Depends(reader)])

PAGE = 20
PATIENCE_SECONDS = 5.0


@router.get("/")
def library(
    request: Request,
    services: Reading,
    who: Annotated[Identity, Depends(reader)],
    q: str = "",
    mode: str = "hybrid",
    sort: str = "relevance",
    author: str = "",
    tag: str = "",
    subject: str = "",
    venue: str = "",
    type: str = "",  # noqa: A002 (the name of the parameter)
    language: str = "",
    min_quality: str = "",
    year_from: str = "",
    year_to: str = "",
    offset: str = "",
    change: str = "",
    wait_for: str = "",
    saved: str = "",
    since: str = "",
    deleted: str = "",
) -> HTMLResponse:
    """Search, or list all when nothing is asked.

    `change`: the reader's own edit, of which the index line tells; `wait_for`: it is waited for.
    `saved`: the saved search that this is; `since`: when the reader looked before, ISO 8601.
    `deleted`: what the reader has just deleted, and may restore.
    """
    if waited := number_of(wait_for):
        wait_until_complete(waited, PATIENCE_SECONDS)
    live = select(func.count()).select_from(Resource).where(Resource.deleted_at.is_(None))
    if not services.session.scalar(live):
        return page(request, "empty.html", services, deleted=_deleted(services.session, deleted))
    asked = SearchRequest(
        query=q,
        mode=cast("Mode", mode),
        limit=PAGE,
        offset=number_of(offset) or 0,
        year_from=number_of(year_from),
        year_to=number_of(year_to),
        author=author.strip() or None,
        tag=tag.strip() or None,
        subject=subject.strip() or None,
        venue=venue.strip() or None,
        type=type.strip() or None,
        language=language.strip() or None,
        min_quality=_quality(min_quality),
        sort=cast("Sort", sort),
        explain=True,
    )
    answer = services.search.search(asked)
    hits = answer["results"]
    return page(
        request,
        "library.html",
        services,
        answer=answer,
        asked=asked,
        chosen=_chosen(asked),
        names=_NAMES,
        snippets={hit["id"]: Markup(hit["snippet"]) for hit in hits},  # noqa: S704 (escaped by the index)
        venues=_venues(services.session, [hit["id"] for hit in hits]),
        qualities=_qualities(services.session, [hit["id"] for hit in hits]),
        change=number_of(change) or waited,
        **saved_of(services, who, asked, saved, since),
        best_keyword=_best_keyword(hits),
        deleted=_deleted(services.session, deleted),
        reasons={hit["id"]: in_words(hit["explanation"]) for hit in hits if q.strip()},
        links=_Links(request, asked.offset, answer["total"]),
    )


_NAMES: Mapping[str, str] = {
    "year": "Year",
    "author": "Author",
    "venue": "Venue",
    "subject": "Subject",
    "tag": "Tag",
    "type": "Type",
    "language": "Language",
    "quality": "Quality",
}
"""Of the facets, in the order in which they stand on the page."""
_FILTERS = ("author", "venue", "subject", "tag", "type", "language")


def _chosen(asked: SearchRequest) -> dict[str, str]:
    """Give the filters that are set, by parameter, in words."""
    found = {name: str(value) for name in _FILTERS if (value := getattr(asked, name))}
    if asked.year_from is not None:
        found["year_from"] = f"from {asked.year_from}"
    if asked.year_to is not None:
        found["year_to"] = f"to {asked.year_to}"
    if asked.min_quality is not None:
        found["min_quality"] = f"quality {asked.min_quality:g} and above"
    return found


def _quality(given: str) -> float | None:
    """Give the least quality asked for; what is no number from 0 to 1 asks for nothing."""
    try:
        least = float(given)
    except ValueError:
        return None
    return least if 0 <= least <= 1 else None


class _Links:
    """Addresses of the pages of results beside this one."""

    def __init__(self, request: Request, offset: int, total: int) -> None:
        self._asked = {k: v for k, v in request.query_params.items() if k != "deleted"}
        self.next = self._at(offset + PAGE) if offset + PAGE < total else None
        self.previous = self._at(max(0, offset - PAGE)) if offset else None

    def _at(self, offset: int) -> str:
        return "?" + urlencode(self._asked | {"offset": str(offset)})

    def asking(self, query: str) -> str:
        """Give the address of the same search with another query."""
        kept = {name: value for name, value in self._asked.items() if name != "offset"}
        return "?" + urlencode(kept | {"q": query})

    def narrowed(self, facet: str, value: str) -> str:
        """Give the address of the results that have this value as well."""
        names = {"year": ("year_from", "year_to"), "quality": ("min_quality",)}.get(facet, (facet,))
        asked = self._asked | dict.fromkeys(names, str(value))
        return "?" + urlencode({name: one for name, one in asked.items() if name != "offset"})

    def without(self, *names: str) -> str:
        left = {name: value for name, value in self._asked.items() if name not in names}
        return "?" + urlencode({name: value for name, value in left.items() if name != "offset"})


def _deleted(session: Session, resource_id: str) -> Resource | None:
    resource = session.get(Resource, resource_id) if resource_id else None
    return resource if resource and resource.deleted_at else None


def _venues(session: Session, ids: Sequence[str]) -> dict[str, str]:
    rows = session.execute(select(Resource.id, Resource.venue).where(Resource.id.in_(ids)))
    return {resource_id: venue for resource_id, venue in rows if venue}


def _qualities(session: Session, ids: Sequence[str]) -> dict[str, dict[str, float | None]]:
    rows = session.scalars(select(QualityScore).where(QualityScore.resource_id.in_(ids)))
    return {row.resource_id: {name: getattr(row, name) for name in WEIGHTS} for row in rows}


def _best_keyword(hits: Sequence[SearchResult]) -> float:
    """Give the largest keyword score of the page; BM25 has no upper end of its own."""
    return max((hit["scores"]["keyword"] or 0.0 for hit in hits), default=0.0)
