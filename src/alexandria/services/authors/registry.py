"""The derivation `authors`: who is meant by the names that resources bear.

A resource touches only the names that are like those of its authors. Where a computation and a
person disagree, the person is right.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session, selectinload

from alexandria.db import new_id, release
from alexandria.models import Author, AuthorLink, AuthorList, AuthorMention, Resource
from alexandria.services.authors.clustering import Clusters, cluster, keys_of
from alexandria.services.authors.comparison import compare
from alexandria.services.authors.decisions import constraints_of, names_said_with, said_of
from alexandria.services.authors.evidence import Frequencies, Link, Node
from alexandria.services.authors.lists import (
    count_words,
    drop_unused,
    in_chunks,
    lock_authors,
    names_of,
    sharing,
    store_list,
)
from alexandria.services.authors.names import Name, read_name
from alexandria.services.authors.nodes import Mention, nodes_of
from alexandria.services.ledger import Revisions

PRODUCER = "author rules 1"
MOST_NAMES = 2_000
"""Names that are judged together; beyond that the farthest are left as they are."""
_MOST_TOLD = 20


class AuthorRegistry:
    """Keeps authors as the resources name them."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def update(self, resource_ids: Collection[str]) -> dict[str, Revisions]:
        """Bring the authors of resources up to date; give the revisions read.

        Resources that are deleted or unknown lose theirs, and are not in the answer.
        """
        sources = self._sources(resource_ids)
        release(self._session)
        lock_authors(self._session)
        live = self._live(sources)
        names = names_of(self._session, resource_ids)
        before = self._authors_of(resource_ids)
        gone = set(resource_ids) - live
        self._session.execute(delete(AuthorList).where(AuthorList.resource_id.in_(gone)))
        for one in sorted(live):
            store_list(self._session, *sources[one])
        names |= names_of(self._session, live)
        self.judge(names)
        self._drop(before)
        drop_unused(self._session, names)
        return {one: sources[one][1] for one in live}

    def judge(self, name_keys: Collection[str]) -> None:
        """Decide anew who is meant by names, and by those like them."""
        mentions, resources = self._mentions(self._alike(name_keys))
        said = said_of(self._session, mentions)
        nodes = nodes_of(_as_mentions(mentions, resources), labels=said.labels)
        pairs = constraints_of(said, nodes)
        words = {word for node in nodes for word in node.name.words}
        frequencies = Frequencies(count_words(self._session, words))
        found = cluster(nodes, frequencies, joined=pairs.joined, apart=pairs.apart)
        self._store(found, {node.key: node for node in nodes}, mentions)

    def _sources(self, resource_ids: Collection[str]) -> dict[str, tuple[Resource, Revisions]]:
        found = self._session.scalars(
            select(Resource)
            .where(Resource.id.in_(list(resource_ids)), Resource.deleted_at.is_(None))
            .options(selectinload(Resource.author_rows))
            .execution_options(populate_existing=True)
        ).all()
        return {one.id: (one, (one.content_revision, one.metadata_revision)) for one in found}

    def _live(self, resource_ids: Collection[str]) -> set[str]:
        query = select(Resource.id).where(
            Resource.id.in_(list(resource_ids)), Resource.deleted_at.is_(None)
        )
        return set(self._session.scalars(query))

    def _authors_of(self, resource_ids: Collection[str]) -> set[str]:
        query = select(AuthorMention.author_id).where(
            AuthorMention.resource_id.in_(list(resource_ids))
        )
        return {one for one in self._session.scalars(query) if one}

    def _alike(self, name_keys: Collection[str]) -> set[str]:
        """Give the names, those that may be of the same people, and so on."""
        known: dict[str, Name] = {}
        frontier = set(name_keys)
        while frontier and len(known) < MOST_NAMES:
            frontier |= self._of_the_same_authors(frontier)
            frontier |= names_said_with(self._session, frontier)
            new = self._read(frontier - known.keys())
            known |= new
            near = self._read(sharing(self._session, list(new.values())) - known.keys())
            frontier = _like_one_of(near, new.values())
        return known.keys() | set(name_keys)

    def names_like(self, author_id: str) -> dict[str, str]:
        """Give the keys of the names that are like an author's, and how each is like one."""
        own = self._read(
            self._session.scalars(
                select(AuthorMention.name_key)
                .where(AuthorMention.author_id == author_id)
                .distinct()
            ).all()
        )
        near = self._read(sharing(self._session, list(own.values())))
        found: dict[str, str] = {}
        for key, name in near.items():
            kinds = [one.kind for mine in own.values() if (one := compare(mine, name))]
            if kinds:
                found[key] = kinds[0]
        return found

    def _of_the_same_authors(self, name_keys: Collection[str]) -> set[str]:
        found: set[str] = set()
        for chunk in in_chunks(name_keys):
            own = select(AuthorMention.author_id).where(AuthorMention.name_key.in_(chunk))
            query = select(AuthorMention.name_key).where(AuthorMention.author_id.in_(own))
            found |= set(self._session.scalars(query.distinct()))
        return found

    def _read(self, name_keys: Collection[str]) -> dict[str, Name]:
        found: dict[str, Name] = {}
        for chunk in in_chunks(name_keys):
            query = select(AuthorMention.name_key, AuthorMention.printed).where(
                AuthorMention.name_key.in_(chunk)
            )
            for key, printed in self._session.execute(query.distinct()):
                found.setdefault(key, read_name(printed))
        return found

    def _mentions(
        self, name_keys: Collection[str]
    ) -> tuple[list[AuthorMention], dict[str, tuple[int | None, str | None, list[str]]]]:
        """Give the mentions of names; and of their resources the year, venue and all authors."""
        mentions = [
            one
            for chunk in in_chunks(name_keys)
            for one in self._session.scalars(
                select(AuthorMention)
                .where(AuthorMention.name_key.in_(chunk))
                .order_by(AuthorMention.resource_id, AuthorMention.position)
                .execution_options(populate_existing=True)
            )
        ]
        ids = {one.resource_id for one in mentions}
        authors: dict[str, list[str]] = defaultdict(list)
        resources = {}
        for chunk in in_chunks(ids):
            everyone = select(AuthorMention.resource_id, AuthorMention.printed).where(
                AuthorMention.resource_id.in_(chunk)
            )
            for one, printed in self._session.execute(everyone.order_by(AuthorMention.position)):
                authors[one].append(printed)
            query = select(Resource.id, Resource.year, Resource.venue)
            for one, year, venue in self._session.execute(query.where(Resource.id.in_(chunk))):
                resources[one] = (year, venue, authors[one])
        return mentions, resources

    def _store(
        self, found: Clusters, nodes: Mapping[str, Node], mentions: Sequence[AuthorMention]
    ) -> None:
        by_place = {(one.resource_id, one.position): one for one in mentions}
        before = {one.author_id for one in mentions if one.author_id}
        members = {
            number: [by_place[place] for key in keys for place in nodes[key].mentions]
            for number, keys in found.members.items()
        }
        owners = _owners(members)
        links: dict[int, list[Link]] = defaultdict(list)
        for link in found.links:
            links[found.of[link.a]].append(link)
        for chunk in in_chunks(before):
            self._session.execute(delete(AuthorLink).where(AuthorLink.author_id.in_(chunk)))
        for number, own in members.items():
            author_id = owners.get(number)
            author = self._session.get(Author, author_id) if author_id else None
            if author is None:
                author = Author(id=new_id())
                self._session.add(author)
            fill_author(author, own)
            self._session.flush()
            for one in own:
                one.author_id = author.id
            for link in links[number]:
                self._session.add(_link_row(author.id, link, nodes))
        self._session.flush()
        self._drop(before - {one.author_id for one in mentions})

    def _drop(self, author_ids: Iterable[str]) -> None:
        """Take authors away whom nothing names any more; count those that are left anew."""
        for one in sorted(author_ids):
            query = select(AuthorMention).where(AuthorMention.author_id == one)
            if left := list(self._session.scalars(query)):
                if (author := self._session.get(Author, one)) is not None:
                    fill_author(author, left)
                continue
            self._session.execute(
                update(AuthorMention).where(AuthorMention.author_id == one).values(author_id=None)
            )
            self._session.execute(delete(Author).where(Author.id == one))
        self._session.flush()


def fill_author(author: Author, mentions: Sequence[AuthorMention]) -> None:
    """Name an author by the fullest printed name, of equally full ones the most usual."""
    counts = Counter(one.printed for one in mentions)
    name = max(counts, key=lambda one: (*_fullness(one), counts[one], one))
    read = read_name(name)
    author.name = name
    author.sort_name = " ".join((*read.family, *read.given)) or name.lower()
    author.works = len({one.resource_id for one in mentions})


def _like_one_of(near: Mapping[str, Name], names: Iterable[Name]) -> set[str]:
    """Give the keys of names that may be of the same people as others with whom they share a key."""
    blocks: dict[str, list[Name]] = defaultdict(list)
    for name in names:
        for key in keys_of(name):
            blocks[key].append(name)
    return {
        one
        for one, name in near.items()
        if any(
            compare(name, other) is not None
            for other in {id(n): n for k in keys_of(name) for n in blocks.get(k, ())}.values()
        )
    }


def _fullness(printed: str) -> tuple[int, int]:
    words = read_name(printed).words
    full = sum(len(word) > 1 for word in words)
    return (full, len(words) - full)


def _owners(members: Mapping[int, Sequence[AuthorMention]]) -> dict[int, str]:
    """Give each set of mentions the author whom most of them were; each author goes to one set."""
    votes = Counter(
        (number, one.author_id)
        for number, own in members.items()
        for one in own
        if one.author_id is not None
    )
    owners: dict[int, str] = {}
    taken: set[str] = set()
    for (number, author_id), _ in sorted(votes.items(), key=lambda v: (-v[1], v[0])):
        if number not in owners and author_id not in taken:
            owners[number] = author_id
            taken.add(author_id)
    return owners


def _as_mentions(rows: Iterable[AuthorMention], resources: Mapping[str, Any]) -> list[Mention]:
    found = []
    for one in rows:
        year, venue, authors = resources[one.resource_id]
        found.append(Mention(one.resource_id, one.printed, one.position, authors, venue, year))
    return found


def _link_row(author_id: str, link: Link, nodes: Mapping[str, Node]) -> AuthorLink:
    evidence: dict[str, Any] = {
        "coauthors": list(link.coauthors[:_MOST_TOLD]),
        "venues": list(link.venues[:_MOST_TOLD]),
        "years_apart": link.years_apart,
    }
    return AuthorLink(
        author_id=author_id,
        first=min(nodes[link.a].printed),
        second=min(nodes[link.b].printed),
        kind=link.kind,
        score=link.score,
        evidence=evidence,
    )
