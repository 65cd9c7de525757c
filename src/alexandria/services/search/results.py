"""From ranked ids to what the reader sees, in a fixed number of statements for a page."""

import html
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from alexandria.models import QualityScore, Resource, ResourceAuthor, ResourceContent
from alexandria.services.search.ranking import Hit
from alexandria.services.search.request import PassageShown, Scores, SearchResult

_SNIPPET_CHARACTERS = 300


def page_of(
    session: Session, hits: Sequence[Hit], snippets: Mapping[str, str]
) -> list[SearchResult]:
    """Give the results in the order of the hits; `freshness` is left empty.

    Where no snippet is given, the start of the abstract or else of the content stands.
    """
    ids = [hit.resource_id for hit in hits]
    rows = {
        row.id: row
        for row in session.execute(
            select(
                Resource.id, Resource.external_id, Resource.title, Resource.abstract, Resource.year
            ).where(Resource.id.in_(ids), Resource.deleted_at.is_(None))
        )
    }
    starts = {one: row.abstract for one, row in rows.items() if row.abstract}
    starts |= _content_starts(session, rows.keys() - starts.keys() - snippets.keys())
    passages = _passages(session, [hit for hit in hits if hit.resource_id in rows])
    authors = _authors(session, ids)
    quality = _quality(session, ids)
    return [
        SearchResult(
            id=one,
            external_id=rows[one].external_id,
            title=rows[one].title,
            authors=authors[one],
            year=rows[one].year,
            score=round(hit.score, 6),
            scores=Scores(keyword=_rounded(hit.keyword), semantic=_rounded(hit.semantic)),
            snippet=snippets.get(one) or _start(_shown(passages.get(one), starts.get(one, ""))),
            passage=passages.get(one),
            quality=quality.get(one),
            freshness={},
        )
        for hit in hits
        if (one := hit.resource_id) in rows
    ]


def _shown(passage: PassageShown | None, start: str) -> str:
    return " ".join(passage["text"].split()) if passage else start


def _passages(session: Session, hits: Sequence[Hit]) -> dict[str, PassageShown]:
    """Read the passages; those of a content that has changed since are left out."""
    found: dict[str, PassageShown] = {}
    for hit in hits:
        if (place := hit.passage) is None:
            continue
        text = session.scalar(
            select(func.substr(ResourceContent.text, place.start + 1, place.end - place.start))
            .join(Resource, Resource.id == ResourceContent.resource_id)
            .where(
                Resource.id == hit.resource_id,
                Resource.content_revision == place.content_revision,
            )
        )
        if text:
            found[hit.resource_id] = PassageShown(start=place.start, end=place.end, text=text)
    return found


def _authors(session: Session, ids: Sequence[str]) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for resource_id, name in session.execute(
        select(ResourceAuthor.resource_id, ResourceAuthor.name)
        .where(ResourceAuthor.resource_id.in_(ids))
        .order_by(ResourceAuthor.resource_id, ResourceAuthor.position)
    ):
        found[resource_id].append(name)
    return found


def _quality(session: Session, ids: Sequence[str]) -> Mapping[str, float | None]:
    return {
        row.resource_id: row.overall
        for row in session.execute(
            select(QualityScore.resource_id, QualityScore.overall).where(
                QualityScore.resource_id.in_(ids)
            )
        )
    }


def _content_starts(session: Session, ids: Collection[str]) -> dict[str, str]:
    if not ids:
        return {}
    start = func.substr(ResourceContent.text, 1, _SNIPPET_CHARACTERS + 1).label("start")
    return {
        row.resource_id: row.start
        for row in session.execute(
            select(ResourceContent.resource_id, start).where(
                ResourceContent.resource_id.in_(list(ids))
            )
        )
    }


def _start(text: str) -> str:
    if len(text) <= _SNIPPET_CHARACTERS:
        return html.escape(text)
    cut = text[:_SNIPPET_CHARACTERS]
    whole_words = cut.rsplit(maxsplit=1)[0] if " " in cut else cut
    return html.escape(f"{whole_words}…")


def _rounded(score: float | None) -> float | None:
    return None if score is None else round(score, 6)
