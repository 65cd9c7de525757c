"""Near-duplicates: signatures that follow each change, and the pairs that they suggest.

A pair is computed from the two signatures alone, by the task of either resource, so it is as fresh
as the ledger says of both.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator
from typing import Any

import numpy as np
from sqlalchemy import delete, func, insert, or_, select
from sqlalchemy import text as sql
from sqlalchemy.orm import Session, selectinload

from alexandria.db import now, release
from alexandria.models import (
    DuplicateKey,
    DuplicatePair,
    DuplicateSignature,
    Resource,
    ResourceContent,
)
from alexandria.services.ledger import Revisions
from alexandria.services.near_duplicates.pairs import pair_of
from alexandria.services.near_duplicates.signature import (
    READ_CHARACTERS,
    Signature,
    Sketch,
    Source,
    keys_of,
    signature_of,
)
from alexandria.services.near_duplicates.verification import verify
from alexandria.services.near_duplicates.words import Name

MOST_HOLDERS = 50
"""A key that more resources share says nothing: a running title, a form letter."""
_POSTGRES_LOCK = 0x0D0B
_CHUNK = 500
_SKETCHES = ("title", "abstract", "content")


class NearDuplicateService:
    """Computes the derivation `duplicates`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def compute_duplicates(self, resource_ids: Collection[str]) -> dict[str, Revisions]:
        """Compute signatures and the pairs that follow from them; give the revisions read.

        Commits what the session holds, so that no lock is held while texts are read. Resources
        that are deleted or unknown lose both, and are not in the answer.
        """
        sources = self._sources(resource_ids)
        release(self._session)
        signatures = {one: signature_of(source) for one, (source, _) in sources.items()}
        self._lock()
        live = self._live(sources)
        self.forget(set(resource_ids) - live)
        stored = [one for one in sorted(live) if self._store(one, signatures[one], sources[one][1])]
        for one in stored:
            self._suggest(one, signatures[one])
        return {one: sources[one][1] for one in live}

    def forget(self, resource_ids: Collection[str]) -> None:
        """Take away signatures; keys and pairs go with them."""
        gone = DuplicateSignature.resource_id.in_(list(resource_ids))
        self._session.execute(delete(DuplicateSignature).where(gone))

    def _sources(self, resource_ids: Collection[str]) -> dict[str, tuple[Source, Revisions]]:
        ids = list(resource_ids)
        # Revisions before all else: what is read after them is at least as new as they say.
        live = self._session.scalars(
            select(Resource)
            .where(Resource.id.in_(ids), Resource.deleted_at.is_(None))
            .options(selectinload(Resource.author_rows), selectinload(Resource.identifier_rows))
            .execution_options(populate_existing=True)
        ).all()
        text = func.substr(ResourceContent.text, 1, READ_CHARACTERS)
        contents = select(ResourceContent.resource_id, text.label("text"))
        rows = self._session.execute(contents.where(ResourceContent.resource_id.in_(ids)))
        texts: dict[str, str] = {row.resource_id: row.text for row in rows}
        return {
            one.id: (
                Source(
                    title=one.title,
                    authors=one.authors,
                    year=one.year,
                    abstract=one.abstract,
                    content=texts.get(one.id, ""),
                    identifiers=one.identifiers,
                ),
                (one.content_revision, one.metadata_revision),
            )
            for one in live
        }

    def _lock(self) -> None:
        """Let one at a time store: of two that are alike the second must see the first."""
        if self._session.get_bind().dialect.name == "postgresql":
            key = {"key": _POSTGRES_LOCK}
            self._session.execute(sql("SELECT pg_advisory_xact_lock(:key)"), key)

    def _live(self, resource_ids: Collection[str]) -> set[str]:
        query = select(Resource.id).where(
            Resource.id.in_(list(resource_ids)), Resource.deleted_at.is_(None)
        )
        return set(self._session.scalars(query))

    def _store(self, resource_id: str, signature: Signature, read: Revisions) -> bool:
        """Store a signature, unless one of newer revisions is there; tell whether it was."""
        query = select(DuplicateSignature).where(DuplicateSignature.resource_id == resource_id)
        row = self._session.scalar(query.execution_options(populate_existing=True))
        if row is None:
            row = DuplicateSignature(resource_id=resource_id)
            self._session.add(row)
        elif row.content_revision > read[0] or row.metadata_revision > read[1]:
            return False
        row.title = " ".join(signature.title)
        row.names = [[name.surname, name.initials] for name in signature.names]
        row.year, row.identifiers = signature.year, dict(signature.identifiers)
        for name in _SKETCHES:
            setattr(row, f"{name}_sketch", _as_bytes(signature.sketches.get(name)))
        row.content_revision, row.metadata_revision = read
        row.computed_at = now()
        self._session.flush()
        self._store_keys(row.number, keys_of(signature))
        return True

    def _store_keys(self, number: int, keys: set[int]) -> None:
        own = DuplicateKey.number == number
        there = set(self._session.scalars(select(DuplicateKey.key).where(own)))
        if gone := there - keys:
            self._session.execute(delete(DuplicateKey).where(own, DuplicateKey.key.in_(gone)))
        if new := keys - there:
            rows = [{"key": key, "number": number} for key in sorted(new)]
            self._session.execute(insert(DuplicateKey), rows)

    def _suggest(self, resource_id: str, signature: Signature) -> None:
        """Bring the pairs of a resource up to date with its signature."""
        found = {
            pair_of(resource_id, other): evidence
            for other, theirs in self._candidates(keys_of(signature))
            if other != resource_id and (evidence := verify(signature, theirs))
        }
        own = or_(DuplicatePair.first_id == resource_id, DuplicatePair.second_id == resource_id)
        there = {row.id: row for row in self._session.scalars(select(DuplicatePair).where(own))}
        for pair, evidence in found.items():
            row = there.pop(pair.id, None)
            if row is None:
                row = DuplicatePair(id=pair.id, first_id=pair.first, second_id=pair.second)
                self._session.add(row)
            row.score, row.evidence = evidence.score, evidence.as_dict()
        for row in there.values():
            self._session.delete(row)
        self._session.flush()

    def _candidates(self, keys: Collection[int]) -> Iterator[tuple[str, Signature]]:
        """Yield the resources that share a key, and their signatures."""
        if not keys:
            return
        holders = defaultdict(list)
        for key, number in self._session.execute(*_holders(sorted(keys))):
            holders[key].append(number)
        numbers = {n for held in holders.values() if len(held) <= MOST_HOLDERS for n in held}
        rows = select(DuplicateSignature).where(DuplicateSignature.number.in_(sorted(numbers)))
        for row in self._session.scalars(rows):
            yield row.resource_id, _signature(row)


def damaged(session: Session) -> set[str]:
    """Give the resources whose signature has not the keys that it should have."""
    counts = select(DuplicateKey.number, func.count()).group_by(DuplicateKey.number)
    held = {number: count for number, count in session.execute(counts)}  # noqa: C416 (rows)
    rows = session.scalars(select(DuplicateSignature).execution_options(yield_per=_CHUNK))
    return {
        row.resource_id for row in rows if held.get(row.number, 0) != len(keys_of(_signature(row)))
    }


def _holders(keys: list[int]) -> tuple[Any, dict[str, int]]:
    """Give the statement that reads who holds each key, one more than MOST_HOLDERS at most."""
    parts = [
        f"SELECT * FROM (SELECT key, number FROM duplicate_keys WHERE key = :k{at} "  # noqa: S608
        f"LIMIT {MOST_HOLDERS + 1}) AS held{at}"
        for at in range(len(keys))
    ]
    return sql(" UNION ALL ".join(parts)), {f"k{at}": key for at, key in enumerate(keys)}


def _signature(row: DuplicateSignature) -> Signature:
    blobs = {name: getattr(row, f"{name}_sketch") for name in _SKETCHES}
    return Signature(
        title=tuple(row.title.split()),
        names=tuple(Name(*name) for name in row.names),
        year=row.year,
        identifiers=row.identifiers,
        sketches={name: np.frombuffer(blob, "<u4") for name, blob in blobs.items() if blob},
    )


def _as_bytes(sketch: Sketch | None) -> bytes | None:
    return None if sketch is None else sketch.astype("<u4").tobytes()
