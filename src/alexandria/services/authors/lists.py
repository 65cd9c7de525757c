"""The authors of resources as rows: lists, mentions, and the index of their names."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from hashlib import blake2b
from typing import TypeVar

from sqlalchemy import delete, func, insert, select
from sqlalchemy import text as sql
from sqlalchemy.orm import Session

from alexandria.db import now
from alexandria.models import AuthorList, AuthorMention, AuthorNameKey, Resource
from alexandria.services.authors.clustering import LARGEST_BLOCK, keys_of
from alexandria.services.authors.names import Name, read_name
from alexandria.services.authors.nodes import name_key
from alexandria.services.ledger import Revisions

_POSTGRES_LOCK = 0x0A07
_CHUNK = 400
T = TypeVar("T", str, int)
_LONGEST_NAME = 300


def lock_authors(session: Session) -> None:
    """Wait for others, until this transaction ends; on SQLite one writes at a time anyway."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(sql("SELECT pg_advisory_xact_lock(:key)"), {"key": _POSTGRES_LOCK})


def names_of(session: Session, resource_ids: Collection[str]) -> set[str]:
    """Give the name keys that resources bear as they are stored."""
    return {
        one
        for chunk in in_chunks(resource_ids)
        for one in session.scalars(
            select(AuthorMention.name_key).where(AuthorMention.resource_id.in_(chunk)).distinct()
        )
    }


def store_list(session: Session, resource: Resource, read: Revisions) -> None:
    """Store whom a resource names, unless a newer list is there; who that is stays as it was."""
    row = session.get(AuthorList, resource.id, populate_existing=True)
    if row is None:
        row = AuthorList(resource_id=resource.id)
        session.add(row)
    elif row.content_revision > read[0] or row.metadata_revision > read[1]:
        return
    printed = [name[:_LONGEST_NAME] for name in resource.authors if name.strip()]
    row.total = len(printed)
    row.content_revision, row.metadata_revision = read
    row.computed_at = now()
    session.flush()
    own = select(AuthorMention).where(AuthorMention.resource_id == resource.id)
    there = list(session.scalars(own.execution_options(populate_existing=True)))
    authors = {one.printed: one.author_id for one in there}
    by_place = {one.position: one for one in there}
    for position, name in enumerate(printed):
        mention = by_place.pop(position, None)
        if mention is None:
            mention = AuthorMention(resource_id=resource.id, position=position, author_id=None)
            session.add(mention)
        if mention.author_id is None or mention.printed != name:
            mention.author_id = authors.get(name, mention.author_id)
        mention.printed, mention.name_key = name, name_key(read_name(name))
    for gone in by_place.values():
        session.delete(gone)
    session.flush()
    _index(session, printed)


def _index(session: Session, printed: Iterable[str]) -> None:
    names = {name_key(name): name for name in map(read_name, printed)}
    known = set(
        session.scalars(
            select(AuthorNameKey.name_key).where(AuthorNameKey.name_key.in_(names)).distinct()
        )
    )
    rows = [
        {"key": key, "name_key": one}
        for one, name in sorted(names.items())
        if one not in known
        for key in sorted(index_keys(name))
    ]
    if rows:
        session.execute(insert(AuthorNameKey), rows)


def drop_unused(session: Session, name_keys: Collection[str]) -> None:
    """Take names out of the index that no resource bears any more."""
    for chunk in in_chunks(name_keys):
        used = select(AuthorMention.name_key).where(AuthorMention.name_key.in_(chunk))
        gone = set(chunk) - set(session.scalars(used))
        if gone:
            session.execute(delete(AuthorNameKey).where(AuthorNameKey.name_key.in_(gone)))


def sharing(session: Session, names: Sequence[Name]) -> set[str]:
    """Give the name keys that share a blocking key with one of the names."""
    keys = {_number(key) for name in names for key in keys_of(name)}
    found: set[str] = set()
    for chunk in in_chunks(keys):
        few = (
            select(AuthorNameKey.key)
            .where(AuthorNameKey.key.in_(chunk))
            .group_by(AuthorNameKey.key)
            .having(func.count() <= LARGEST_BLOCK)
        )
        found |= set(
            session.scalars(select(AuthorNameKey.name_key).where(AuthorNameKey.key.in_(few)))
        )
    return found


def count_words(session: Session, words: Collection[str]) -> dict[str, int]:
    """Give how many names of the library hold each word."""
    numbers = {_word_number(word): word for word in words}
    found: dict[str, int] = {}
    for chunk in in_chunks(numbers):
        query = (
            select(AuthorNameKey.key, func.count())
            .where(AuthorNameKey.key.in_(chunk))
            .group_by(AuthorNameKey.key)
        )
        for key, count in session.execute(query):
            found[numbers[key]] = count
    return found


def index_keys(name: Name) -> set[int]:
    """Give the blocking keys of a name, and a key for each of its words."""
    return {_number(key) for key in keys_of(name)} | {_word_number(w) for w in set(name.words)}


def damaged_author_lists(session: Session) -> set[str]:
    """Give the resources whose authors are not all stored, known, and in the index."""
    counts = select(
        AuthorMention.resource_id, func.count(), func.count(AuthorMention.author_id)
    ).group_by(AuthorMention.resource_id)
    held = {one: (count, known) for one, count, known in session.execute(counts)}
    lists = session.execute(select(AuthorList.resource_id, AuthorList.total))
    bad = {one for one, total in lists if held.get(one, (0, 0)) != (total, total)}
    indexed = select(AuthorNameKey.name_key, func.count()).group_by(AuthorNameKey.name_key)
    have = {one: count for one, count in session.execute(indexed)}  # noqa: C416 (rows)
    mentions = select(AuthorMention.resource_id, AuthorMention.name_key, AuthorMention.printed)
    for resource_id, key, printed in session.execute(mentions):
        if have.get(key, 0) != len(index_keys(read_name(printed))):
            bad.add(resource_id)
    return bad


def in_chunks(ids: Iterable[T]) -> Iterator[list[T]]:
    """Yield the ids in order, in lists that fit into one statement."""
    ordered = sorted(ids)
    for start in range(0, len(ordered), _CHUNK):
        yield ordered[start : start + _CHUNK]


def _word_number(word: str) -> int:
    return _number(f"word {word}")


def _number(key: str) -> int:
    digest = blake2b(key.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little", signed=True)
