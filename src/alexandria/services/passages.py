"""Vectors of the passages of long documents, so that what stands deep inside is found by meaning."""

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from alexandria.db import now, release
from alexandria.events import SystemEvent, outbox
from alexandria.models import PassageRow, Resource, ResourceContent
from alexandria.protocols import Embedder
from alexandria.services.ledger import Revisions
from alexandria.services.passage_text import Span, passages
from alexandria.services.vector_rows import is_postgresql, next_change

AT_ONCE = 200
"""Passages that are embedded in one go, about two seconds; a longer text takes several."""

_Digest = int
_Direction = NDArray[np.int8]
_SPAN = np.dtype(PassageRow.SPAN)


@dataclass(frozen=True, slots=True)
class _Text:
    text: str
    spans: list[Span]
    digests: list[_Digest]
    revisions: Revisions


class PassageService:
    """`embedders`: the model that serves, and one that is built beside it, if any."""

    def __init__(self, session: Session, embedders: Collection[Embedder]) -> None:
        self._session = session
        self._embedders = embedders

    def embed_passages(self, resource_ids: Collection[str]) -> dict[str, Revisions | None]:
        """Embed what is new in these contents; give the revisions that are done.

        None for a resource of which AT_ONCE passages are not all: the next run goes on with it.
        Commits what the session holds, so that no lock is held while the model runs. Resources
        that are deleted or unknown lose their passages, and are not in the answer.
        """
        texts = self._texts(resource_ids)
        kept = {one.model: self._kept(one, texts) for one in self._embedders}
        release(self._session)
        room = AT_ONCE
        for embedder in self._embedders:
            room -= _complete(embedder, texts.values(), kept[embedder.model], room)
        return self._store(resource_ids, texts, kept)

    def _texts(self, resource_ids: Collection[str]) -> dict[str, _Text]:
        rows = self._session.execute(
            select(
                Resource.id,
                func.coalesce(ResourceContent.text, ""),
                Resource.content_revision,
                Resource.metadata_revision,
            )
            .outerjoin(ResourceContent, ResourceContent.resource_id == Resource.id)
            .where(Resource.id.in_(list(resource_ids)), Resource.deleted_at.is_(None))
        )
        found = {}
        for one, text, content, metadata in rows:
            spans = passages(text)
            digests = [_digest(text[slice(*span)]) for span in spans]
            found[one] = _Text(text, spans, digests, (content, metadata))
        return found

    def _kept(self, embedder: Embedder, texts: Mapping[str, _Text]) -> dict[_Digest, _Direction]:
        """Give the vectors there are of passages that are still in the texts, by their hash."""
        wanted = {digest for text in texts.values() for digest in text.digests}
        rows = self._session.execute(
            select(PassageRow.spans, PassageRow.vectors).where(
                PassageRow.resource_id.in_(list(texts)),
                PassageRow.model == embedder.model,
                PassageRow.vectors.is_not(None),
            )
        )
        found: dict[_Digest, _Direction] = {}
        for spans, vectors in rows:
            if (
                not spans
                or not vectors
                or len(vectors) * _SPAN.itemsize != len(spans) * embedder.dimensions
            ):
                continue  # damaged
            directions = np.frombuffer(vectors, np.int8).reshape(-1, embedder.dimensions)
            digests = np.frombuffer(spans, _SPAN)["digest"].tolist()
            found |= {d: one for d, one in zip(digests, directions, strict=True) if d in wanted}
        return found

    def _store(
        self,
        resource_ids: Collection[str],
        texts: Mapping[str, _Text],
        kept: Mapping[str, Mapping[_Digest, _Direction]],
    ) -> dict[str, Revisions | None]:
        live = set(
            self._session.scalars(
                select(Resource.id).where(
                    Resource.id.in_(list(texts)), Resource.deleted_at.is_(None)
                )
            )
        )
        drop_passages(self._session, set(resource_ids) - live)
        done: dict[str, Revisions | None] = {}
        for one in live:
            text = texts[one]
            complete = all(vectors.keys() >= set(text.digests) for vectors in kept.values())
            for model, vectors in kept.items():
                self._write(one, model, text, vectors)
            if complete and text.spans:
                data = {"resource_id": one, "passages": len(text.spans)}
                outbox.record(self._session, SystemEvent.EMBEDDING_GENERATED, data)
            done[one] = text.revisions if complete else None
        return done

    def _write(
        self, resource_id: str, model: str, text: _Text, vectors: Mapping[_Digest, _Direction]
    ) -> None:
        """Store the vectors there are; those of an older content never replace those of a newer."""
        there = [pair for pair in zip(text.spans, text.digests, strict=True) if pair[1] in vectors]
        spans = np.array([(*span, digest) for span, digest in there], _SPAN)
        row = {
            "change": next_change(self._session, model, PassageRow),
            "spans": spans.tobytes(),
            "vectors": b"".join(vectors[digest].tobytes() for _, digest in there),
            "complete": len(there) == len(text.spans),
            "content_revision": text.revisions[0],
            "metadata_revision": text.revisions[1],
            "computed_at": now(),
        }
        dialect = postgresql if is_postgresql(self._session) else sqlite
        insert = dialect.insert(PassageRow)
        self._session.execute(
            insert.values(resource_id=resource_id, model=model, **row).on_conflict_do_update(
                index_elements=[PassageRow.resource_id, PassageRow.model],
                set_=row,
                where=PassageRow.content_revision <= text.revisions[0],
            )
        )


def drop_passages(session: Session, resource_ids: Collection[str]) -> None:
    """Take vectors away; the rows stay, to tell every process that they are gone."""
    present = (PassageRow.resource_id.in_(list(resource_ids)), PassageRow.vectors.is_not(None))
    if resource_ids and session.scalar(select(func.count()).where(*present)):
        change = next_change(session, table=PassageRow)
        session.execute(
            update(PassageRow)
            .where(*present)
            .values(spans=None, vectors=None, change=change, computed_at=now())
        )


def _complete(
    embedder: Embedder, texts: Iterable[_Text], kept: dict[_Digest, _Direction], room: int
) -> int:
    """Embed what is missing, as far as there is room; give how many that were."""
    missing: dict[_Digest, str] = {}
    for text in texts:
        for span, digest in zip(text.spans, text.digests, strict=True):
            if digest not in kept and len(missing) < room:
                missing[digest] = text.text[slice(*span)]
    if missing:
        vectors = embedder.embed(list(missing.values()))
        largest = np.abs(vectors).max(axis=1, keepdims=True)
        scaled = np.rint(vectors * (127 / np.where(largest == 0, 1, largest)))
        kept.update(zip(missing, scaled.astype(np.int8), strict=True))
    return len(missing)


def _digest(passage: str) -> _Digest:
    return int.from_bytes(hashlib.blake2b(passage.encode(), digest_size=8).digest(), "little")


def are_whole(vectors: bytes, spans: bytes, complete: bool) -> bool:
    """Tell whether all passages are there, each with a vector of the same length."""
    count, rest = divmod(len(spans), _SPAN.itemsize)
    if rest or not complete:
        return False
    return not vectors if count == 0 else bool(vectors) and len(vectors) % count == 0
