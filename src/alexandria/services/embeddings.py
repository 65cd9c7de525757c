"""Embeddings: what a resource is about, as one vector."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import and_, case, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from alexandria import cache_keys
from alexandria.db import now, release, see_newest
from alexandria.models import EmbeddingRow, Resource, ResourceContent
from alexandria.protocols import Cache, Embedder
from alexandria.services.ledger import Revisions
from alexandria.services.vector_directions import set_directions
from alexandria.services.vector_rows import is_postgresql, next_change

_LEAD_CHARACTERS = 1500
"""Of the content, where there is no abstract; models read less than that."""

Vector = NDArray[np.float32]


class EmbeddingService:
    """`embedder`: the model that serves; `upcoming`: one that is built beside it, if any.

    `cache`: None where nothing is to be cached.
    """

    def __init__(
        self,
        session: Session,
        embedder: Embedder,
        cache: Cache | None = None,
        upcoming: Embedder | None = None,
    ) -> None:
        self._session = session
        self._embedder = embedder
        self._cache = cache
        self._upcoming = upcoming

    def get_embedding(self, resource_id: str) -> list[float] | None:
        """Give the stored vector of the current model, or None while there is none."""
        cached = self._cache.get(cache_keys.embedding(resource_id)) if self._cache else None
        if cached is not None and cached["model"] == self._embedder.model:
            vector: list[float] = cached["vector"]
            return vector
        value = self._value(resource_id)
        if value is None:
            return None
        if self._cache:
            self._cache.set(cache_keys.embedding(resource_id), value)
        numbers: list[float] = value["vector"]
        return numbers

    def warm(self, resource_ids: Iterable[str]) -> int:
        """Have the cache hold their vectors; give how many it did not."""
        if self._cache is None:
            return 0
        return self._cache.warm(
            {cache_keys.embedding(one): partial(self._value, one) for one in resource_ids}
        )

    def generate_and_store_embedding(self, resource_id: str) -> Revisions | None:
        """Compute the vector anew; give the revisions it is of, None for a deleted resource."""
        return self.generate_and_store_embeddings([resource_id]).get(resource_id)

    def generate_and_store_embeddings(self, resource_ids: Collection[str]) -> dict[str, Revisions]:
        """Compute vectors in one batch; give the revisions they are of.

        Commits what the session holds, so that no lock is held while the model runs. Resources
        that are deleted or unknown lose their vector, and are not in the answer. While a model is
        built beside the one that serves, both follow each change.
        """
        if self._cache:
            for one in resource_ids:
                self._cache.begin(cache_keys.embedding(one))
        inputs = read_inputs(self._session, resource_ids)
        read = {one: revisions for one, (_, revisions) in inputs.items()}
        texts = {one: text for one, (text, _) in inputs.items() if text}
        served = self._served(read) if self._upcoming else set()
        release(self._session)
        computed = {self._embedder.model: _embed(self._embedder, texts, without=served)}
        if self._upcoming:
            computed[self._upcoming.model] = _embed(self._upcoming, texts)
        return self._store(resource_ids, texts.keys(), read, computed)

    def _store(
        self,
        resource_ids: Collection[str],
        with_text: Collection[str],
        read: Mapping[str, Revisions],
        computed: Mapping[str, Mapping[str, Vector]],
    ) -> dict[str, Revisions]:
        """Write the vectors of what is still there, and take away those of what is not."""
        live = _live(self._session, read)
        for model, vectors in computed.items():
            kept = {one: (vector, *read[one]) for one, vector in vectors.items() if one in live}
            store_vectors(self._session, model, kept)
            if model == self._embedder.model:
                for one, (vector, *revisions) in kept.items():
                    if self._cache:
                        self._cache.set(cache_keys.embedding(one), self._cached(vector, revisions))
        dropped = set(resource_ids) - live.intersection(with_text)
        drop_vectors(self._session, dropped)
        if self._cache:
            for one in dropped:
                self._cache.delete(cache_keys.embedding(one))
        return {one: revisions for one, revisions in read.items() if one in live}

    def _served(self, wanted: Mapping[str, Revisions]) -> set[str]:
        """Give those of which the model that serves has the vector that is wanted."""
        rows = self._session.execute(
            select(
                EmbeddingRow.resource_id,
                EmbeddingRow.content_revision,
                EmbeddingRow.metadata_revision,
            ).where(
                EmbeddingRow.resource_id.in_(list(wanted)),
                EmbeddingRow.model == self._embedder.model,
                EmbeddingRow.vector.is_not(None),
            )
        )
        return {one for one, *revisions in rows if tuple(revisions) == wanted[one]}

    def _stored(self, resource_id: str) -> tuple[bytes | None, int, int]:
        found = self._session.execute(
            select(
                EmbeddingRow.vector, EmbeddingRow.content_revision, EmbeddingRow.metadata_revision
            )
            .join(Resource, Resource.id == EmbeddingRow.resource_id)
            .where(
                EmbeddingRow.resource_id == resource_id,
                EmbeddingRow.model == self._embedder.model,
                Resource.deleted_at.is_(None),
            )
        ).one_or_none()
        return (None, 0, 0) if found is None else (found[0], found[1], found[2])

    def _value(self, resource_id: str) -> dict[str, Any] | None:
        """Give what the cache holds of a resource, as it is stored now."""
        see_newest(self._session)  # else it could be older than what emptied the cache
        blob, *revisions = self._stored(resource_id)
        return None if blob is None else self._cached(as_vector(blob), revisions)

    def _cached(self, vector: Vector, revisions: Sequence[int]) -> dict[str, Any]:
        """`revision` lets the cache refuse an older value over a newer one."""
        # As read back from the table, so that both ways give the same numbers.
        numbers = vector.astype(np.float16).astype(np.float32).tolist()
        return {"revision": list(revisions), "model": self._embedder.model, "vector": numbers}


def store_vectors(
    session: Session, model: str, vectors: Mapping[str, tuple[Vector, int, int]]
) -> None:
    """Write vectors with the content and metadata revisions they are of.

    A vector of an older revision never replaces one of a newer.
    """
    if not vectors:
        return
    insert = postgresql.insert if is_postgresql(session) else sqlite.insert
    new = insert(EmbeddingRow)
    upsert = new.on_conflict_do_update(
        index_elements=[EmbeddingRow.resource_id, EmbeddingRow.model],
        set_={
            name: new.excluded[name]
            for name in (
                *("change", "vector"),
                *("content_revision", "metadata_revision", "computed_at"),
            )
        },
        where=and_(
            EmbeddingRow.content_revision <= new.excluded.content_revision,
            EmbeddingRow.metadata_revision <= new.excluded.metadata_revision,
        ),
    )
    change = next_change(session, model)
    session.execute(upsert, _rows(change, model, vectors))
    set_directions(session, model, change, {one: vector for one, (vector, *_) in vectors.items()})


def drop_vectors(session: Session, resource_ids: Collection[str]) -> None:
    """Take vectors away; the rows stay, to tell every process that they are gone."""
    present = (
        EmbeddingRow.resource_id.in_(list(resource_ids)),
        EmbeddingRow.vector.is_not(None),
    )
    if resource_ids and session.scalar(select(func.count()).where(*present)):
        session.execute(
            update(EmbeddingRow)
            .where(*present)
            .values(vector=None, change=next_change(session), computed_at=now())
        )


def _embed(
    embedder: Embedder, texts: Mapping[str, str], without: Collection[str] = ()
) -> dict[str, Vector]:
    chosen = {one: text for one, text in texts.items() if one not in without}
    vectors = embedder.embed(list(chosen.values())) if chosen else ()
    return dict(zip(chosen, vectors, strict=True))


def as_vector(blob: bytes) -> Vector:
    return np.frombuffer(blob, "<f2").astype(np.float32)


def _rows(
    change: int, model: str, vectors: Mapping[str, tuple[Vector, int, int]]
) -> list[dict[str, Any]]:
    return [
        {
            "resource_id": one,
            "change": change,
            "vector": vector.astype("<f2").tobytes(),
            "model": model,
            "content_revision": content,
            "metadata_revision": metadata,
            "computed_at": now(),
        }
        for one, (vector, content, metadata) in vectors.items()
    ]


def read_inputs(
    session: Session, resource_ids: Collection[str]
) -> dict[str, tuple[str, Revisions]]:
    """Give the text to embed and its revisions, of each resource that is not deleted."""
    lead = case(
        (
            or_(Resource.abstract.is_(None), Resource.abstract == ""),
            func.substr(ResourceContent.text, 1, _LEAD_CHARACTERS),
        )
    )
    found = session.execute(
        select(
            Resource.id,
            Resource.title,
            func.coalesce(lead, Resource.abstract, ""),
            Resource.content_revision,
            Resource.metadata_revision,
        )
        .outerjoin(ResourceContent, ResourceContent.resource_id == Resource.id)
        .where(Resource.id.in_(list(resource_ids)), Resource.deleted_at.is_(None))
    )
    return {
        one: (input_text(title, body), (content, metadata))
        for one, title, body, content, metadata in found
    }


def input_text(title: str, body: str) -> str:
    """Give title and body; many a body starts with the title again, which is left out then."""
    if " ".join(body.split()).lower().startswith(" ".join(title.split()).lower()):
        return body.strip()
    return f"{title.strip()}. {body.strip()}" if body.strip() else title.strip()


def _live(session: Session, resource_ids: Collection[str]) -> set[str]:
    return set(
        session.scalars(
            select(Resource.id).where(
                Resource.id.in_(list(resource_ids)), Resource.deleted_at.is_(None)
            )
        )
    )
