"""Authors as readers see them: found, shown with why they are one person, merged and split."""

import base64
import binascii
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import orjson
from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session, selectinload

from alexandria.errors import InvalidInputError, NotFoundError
from alexandria.models import (
    Author,
    AuthorDecision,
    AuthorLink,
    AuthorMention,
    Resource,
)
from alexandria.services.authors.deciding import DecisionService
from alexandria.services.authors.folding import fold
from alexandria.services.authors.lists import in_chunks
from alexandria.services.authors.registry import AuthorRegistry
from alexandria.services.ledger import Revisions

LARGEST_PAGE = 200
MOST_COAUTHORS = 50
MOST_ALIKE = 20


@dataclass(frozen=True, slots=True)
class AuthorPage:
    total: int
    items: list[Author]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class NameForm:
    """One printed name of an author. `years`: of the earliest and the latest work under it."""

    name: str
    works: int
    years: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class Work:
    resource: Resource
    position: int
    """Of the author among those of the work, from 0."""
    printed: str


@dataclass(frozen=True, slots=True)
class Coauthor:
    author: Author
    works: int
    """Written together."""


@dataclass(frozen=True, slots=True)
class Alike:
    """Another author with a name, and how it is like one of this author's."""

    author: Author
    printed: str
    kind: str


@dataclass(frozen=True, slots=True)
class AuthorRecord:
    """An author with all that is known. `links`: why the names are one person, the surest first."""

    author: Author
    names: list[NameForm]
    works: list[Work]
    coauthors: list[Coauthor]
    links: list[AuthorLink]
    alike: list[Alike]
    decisions: list[AuthorDecision]


class AuthorService(DecisionService):
    """Computes the derivation `authors`, and answers from it."""

    def __init__(self, session: Session) -> None:
        super().__init__(session, AuthorRegistry(session))

    def normalize_names(self, resource_ids: Collection[str]) -> dict[str, Revisions]:
        """Say who the authors of resources are; give the revisions read.

        Commits what the session holds. Resources that are deleted or unknown lose their mentions,
        and are not in the answer.
        """
        return self._registry.update(resource_ids)

    def find(self, query: str = "", limit: int = 50, cursor: str | None = None) -> AuthorPage:
        """Give a page of the authors whose names have words that begin like all of the query's."""
        conditions = [_has_word(word) for one in query.split() if (word := fold(one))]
        total = self._session.scalar(select(func.count()).select_from(Author).where(*conditions))
        rows = select(Author).where(*conditions)
        if cursor:
            name, author_id = _decode(cursor)
            later = and_(Author.sort_name == name, Author.id > author_id)
            rows = rows.where(or_(Author.sort_name > name, later))
        size = max(1, min(limit, LARGEST_PAGE))
        found = list(
            self._session.scalars(rows.order_by(Author.sort_name, Author.id).limit(size + 1))
        )
        items = found[:size]
        after = _encode(items[-1]) if len(found) > size else None
        return AuthorPage(total or 0, items, after)

    def record(self, author_id: str) -> AuthorRecord:
        """Give all that is known of an author. Raises NotFoundError."""
        author = self.get(author_id)
        works = self._works(author_id)
        links = select(AuthorLink).where(AuthorLink.author_id == author_id)
        return AuthorRecord(
            author,
            _names(works),
            works,
            self._coauthors(author_id, [one.resource.id for one in works]),
            list(self._session.scalars(links.order_by(AuthorLink.score.desc(), AuthorLink.id))),
            self._alike(author_id),
            self.decisions_on([(one.resource.id, one.printed) for one in works]),
        )

    def get(self, author_id: str) -> Author:
        author = self._session.get(Author, author_id)
        if author is None:
            raise NotFoundError(
                f"There is no author {author_id}.",
                "They may have been merged with another; search for the name.",
            )
        return author

    def of(self, resource_id: str) -> dict[int, Author]:
        """Give the authors of a resource by their position, as far as they are known by now."""
        rows = self._session.execute(
            select(AuthorMention.position, Author)
            .join(Author, Author.id == AuthorMention.author_id)
            .where(AuthorMention.resource_id == resource_id)
        )
        return {position: author for position, author in rows}  # noqa: C416 (rows)

    def _alike(self, author_id: str) -> list[Alike]:
        """Give authors whose names may be of the same person, but too little speaks for it.

        Whom somebody said to be another person is not among them.
        """
        kinds = self._registry.names_like(author_id)
        apart = self.kept_apart(author_id)
        found: dict[str, tuple[str, str]] = {}
        for chunk in in_chunks(kinds):
            rows = self._session.execute(
                select(AuthorMention.author_id, AuthorMention.name_key, AuthorMention.printed)
                .where(AuthorMention.name_key.in_(chunk), AuthorMention.author_id != author_id)
                .distinct()
                .order_by(AuthorMention.author_id, AuthorMention.printed)
            )
            for one, key, printed in rows:
                if one and one not in apart:
                    found.setdefault(one, (printed, kinds[key]))
        authors = select(Author).where(Author.id.in_(sorted(found)[:MOST_ALIKE]))
        return [
            Alike(one, *found[one.id])
            for one in self._session.scalars(authors.order_by(Author.works.desc(), Author.id))
        ]

    def _works(self, author_id: str) -> list[Work]:
        rows = self._session.execute(
            select(Resource, AuthorMention.position, AuthorMention.printed)
            .join(AuthorMention, AuthorMention.resource_id == Resource.id)
            .where(AuthorMention.author_id == author_id, Resource.deleted_at.is_(None))
            .options(selectinload(Resource.author_rows))
            .order_by(Resource.year.desc().nulls_last(), Resource.title, Resource.id)
        )
        return [Work(*row) for row in rows]

    def _coauthors(self, author_id: str, resource_ids: Sequence[str]) -> list[Coauthor]:
        counts: Counter[str] = Counter()
        for chunk in in_chunks(resource_ids):
            rows = self._session.execute(
                select(AuthorMention.author_id, func.count(AuthorMention.resource_id.distinct()))
                .where(
                    AuthorMention.resource_id.in_(chunk),
                    AuthorMention.author_id.is_not(None),
                    AuthorMention.author_id != author_id,
                )
                .group_by(AuthorMention.author_id)
            )
            counts.update({one: count for one, count in rows if one})
        chosen = sorted(counts.items(), key=lambda one: (-one[1], one[0]))[:MOST_COAUTHORS]
        query = select(Author).where(Author.id.in_([one for one, _ in chosen]))
        authors: Mapping[str, Author] = {one.id: one for one in self._session.scalars(query)}
        return [Coauthor(authors[one], count) for one, count in chosen if one in authors]


def _names(works: Sequence[Work]) -> list[NameForm]:
    """Give the printed names, the one that is printed most first."""
    years: dict[str, list[int | None]] = {}
    for one in works:
        years.setdefault(one.printed, []).append(one.resource.year)
    found = []
    for name, own in years.items():
        known = [year for year in own if year]
        found.append(NameForm(name, len(own), (min(known), max(known)) if known else None))
    return sorted(found, key=lambda one: (-one.works, one.name))


def _has_word(word: str) -> ColumnElement[bool]:
    escaped = word.replace("%", "").replace("_", "")
    mention = select(AuthorMention.author_id).where(
        or_(
            AuthorMention.name_key.like(f"{escaped}%"),
            AuthorMention.name_key.like(f"% {escaped}%"),
        )
    )
    return Author.id.in_(mention)


def _encode(author: Author) -> str:
    raw = orjson.dumps([author.sort_name, author.id])
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _decode(cursor: str) -> tuple[str, str]:
    try:
        match orjson.loads(base64.urlsafe_b64decode(cursor + "=" * 3)):
            case [str(name), str(author_id)]:
                return name, author_id
    except (binascii.Error, ValueError):
        pass  # refused below, with all else that is no cursor
    raise InvalidInputError("This cursor is none of ours.", "Start again without a cursor.")
