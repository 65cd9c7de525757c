"""The texts of resources as they were brought in, for what no index of stems can tell."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute, Session

from alexandria.adapters.snippets import Snippets, as_html
from alexandria.adapters.text_analysis.finding import ExactPhrase
from alexandria.models import (
    Resource,
    ResourceAuthor,
    ResourceContent,
    ResourceIdentifier,
    ResourceSubject,
    ResourceTag,
)

_AT_ONCE = 1000
_TEXTS_HELD = 20
MOST_READ = 100_000_000
"""Characters of content that are read to verify one phrase; beyond, the stems count."""


@dataclass(frozen=True, slots=True)
class Heading:
    title: str
    abstract: str


def headings(session: Session, ids: Collection[str]) -> dict[str, Heading]:
    query = select(Resource.id, Resource.title, Resource.abstract)
    return {
        row.id: Heading(row.title, row.abstract or "")
        for chunk in _chunks(ids)
        for row in session.execute(query.where(Resource.id.in_(chunk)))
    }


def contents(session: Session, ids: Collection[str]) -> Iterator[tuple[str, str]]:
    """Give the texts of those that have one, few at a time: they may be long."""
    query = select(ResourceContent.resource_id, ResourceContent.text)
    for chunk in _chunks(ids):
        rows = session.execute(query.where(ResourceContent.resource_id.in_(chunk)))
        for row in rows.yield_per(_TEXTS_HELD):
            yield row.resource_id, row.text


def holding(
    session: Session, ids: Collection[str], phrase: ExactPhrase, column: str | None
) -> set[str]:
    """Give those that have just these words; `column`: None for any."""
    found: set[str] = set()
    if column in {None, "title", "abstract"}:
        names = (column,) if column else ("title", "abstract")
        for one, heading in headings(session, ids).items():
            if any(phrase.stands_in(getattr(heading, name)) for name in names):
                found.add(one)
    for labels in (*_LABELS, _AUTHORS) if column is None else (_AUTHORS,) * (column == "authors"):
        found |= _holding_among(labels, session, set(ids) - found, phrase)
    if column in {None, "content"}:
        found |= _holding_in_content(session, [one for one in ids if one not in found], phrase)
    return found


_AUTHORS = (ResourceAuthor.resource_id, ResourceAuthor.name)
_LABELS = (
    (ResourceTag.resource_id, ResourceTag.tag),
    (ResourceSubject.resource_id, ResourceSubject.subject),
    (ResourceIdentifier.resource_id, ResourceIdentifier.value),
    (Resource.id, Resource.venue),
)


def _holding_among(
    columns: tuple[InstrumentedAttribute[str], InstrumentedAttribute[Any]],
    session: Session,
    ids: Collection[str],
    phrase: ExactPhrase,
) -> set[str]:
    resource_id, value = columns
    query = select(resource_id, value).where(value.is_not(None))
    return {
        one
        for chunk in _chunks(ids)
        for one, label in session.execute(query.where(resource_id.in_(chunk)))
        if phrase.stands_in(label)
    }


def snippets_of(session: Session, ids: Collection[str], snippets: Snippets) -> dict[str, str]:
    """Give the best passage of abstract or content, as HTML; of what has neither, the title."""
    found = headings(session, ids)
    best = {one: snippets.passage(heading.abstract) for one, heading in found.items()}
    left = [one for one in found if not snippets.shows_all(best[one])]
    bare = {one for one in left if not found[one].abstract}
    for one, content in contents(session, left):
        bare.discard(one)
        if passage := snippets.passage(content):
            held = best[one]
            best[one] = passage if held is None or passage.score > held.score else held
    best |= {one: snippets.passage(found[one].title) for one in bare}
    return {one: as_html(passage) for one, passage in best.items() if passage}


def _holding_in_content(session: Session, ids: Collection[str], phrase: ExactPhrase) -> set[str]:
    found: set[str] = set()
    read = 0
    left = dict.fromkeys(ids)
    for one, content in contents(session, ids):
        del left[one]
        if phrase.stands_in(content):
            found.add(one)
        read += len(content)
        if read > MOST_READ:
            return found | left.keys()
    return found


def _chunks(ids: Collection[str]) -> Iterator[list[str]]:
    every = list(ids)
    for start in range(0, len(every), _AT_ONCE):
        yield every[start : start + _AT_ONCE]
