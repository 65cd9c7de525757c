"""The two-way check: is all there that should be derived, and nothing that should not?

What the ledger calls fresh is believed of no row: the derived rows themselves are looked at.
"""

import logging
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.orm import Session

from alexandria import cache_keys
from alexandria.models import (
    AuthorList,
    CitationList,
    ClassificationRun,
    DuplicateSignature,
    EmbeddingRow,
    GraphNode,
    LedgerRow,
    PassageRow,
    QualityScore,
    Resource,
)
from alexandria.protocols import Cache, FullTextIndex
from alexandria.services.authors import damaged_author_lists
from alexandria.services.citations import damaged_lists
from alexandria.services.doctor_report import Check, Report
from alexandria.services.embeddings import as_vector, drop_vectors
from alexandria.services.freshness import FreshnessService
from alexandria.services.graph import damaged_nodes
from alexandria.services.ledger import RESOURCE, Ledger, Revisions
from alexandria.services.near_duplicates import damaged
from alexandria.services.passages import are_whole, drop_passages
from alexandria.services.search.entries import entry_for, load_live

logger = logging.getLogger(__name__)

_CHUNK = 200
_TABLES: Mapping[str, Any] = {
    "embedding": EmbeddingRow,
    "passages": PassageRow,
    "quality": QualityScore,
    "classification": ClassificationRun,
    "duplicates": DuplicateSignature,
    "citations": CitationList,
    "graph": GraphNode,
    "authors": AuthorList,
}
"""Derivation to the table of its rows, each with the revisions that it was computed from."""
_DAMAGED: Mapping[str, Callable[[Session], set[str]]] = {
    "duplicates": damaged,
    "citations": damaged_lists,
    "graph": damaged_nodes,
    "authors": damaged_author_lists,
}
"""Derivation to what finds the resources whose rows don't fit together."""


class DoctorService:
    def __init__(
        self,
        session: Session,
        ledger: Ledger,
        freshness: FreshnessService,
        fulltext: FullTextIndex,
        cache: Cache,
        producer_of: Callable[[str], str],
    ) -> None:
        self._session = session
        self._ledger = ledger
        self._freshness = freshness
        self._fulltext = fulltext
        self._cache = cache
        self._producer_of = producer_of

    def examine(self) -> Report:
        """Compare every derived row with its resource, and every resource with its rows."""
        live = self._live()
        found: dict[str, Check] = {}
        for derivation in self._ledger.active:
            check = Check()
            rows = self._ledger_rows(derivation.name)
            self._read_ledger(check, derivation.name, rows, live)
            settled = {
                one: (rows[one].wanted_content, rows[one].wanted_metadata)
                for one in live
                if one in rows and rows[one].due_at is None
            }
            self._read_rows(check, derivation.name, live, settled)
            check.stale -= check.missing
            found[derivation.name] = check
        oldest = max((one.oldest_seconds for one in self._freshness.backlog().values()), default=0)
        overdue = any(check.stale for check in found.values())
        return Report(found, self._examine_cache(live), round(oldest, 1) if overdue else 0.0)

    def repair(self, report: Report) -> None:
        """Take away what should not be there, and make due what is to be computed anew."""
        live = self._live().keys()  # as it is now: a resource may have come since
        for name, check in report.derivations.items():
            for ids in _in_chunks(check.phantom - live):
                self._take_away(name, ids)
                self._ledger.close(name, ids)
            for ids in _in_chunks(check.to_compute & live):
                self._forget_revisions(name, ids)
                for one in ids:
                    self._ledger.make_due(name, self._session.get_one(Resource, one))
        for one in report.cache.phantom | report.cache.stale:
            self._cache.delete(one)
        self._session.flush()

    def _live(self) -> dict[str, Revisions]:
        rows = self._session.execute(
            select(Resource.id, Resource.content_revision, Resource.metadata_revision).where(
                Resource.deleted_at.is_(None)
            )
        )
        return {one: (content, metadata) for one, content, metadata in rows}

    def _ledger_rows(self, name: str) -> dict[str, LedgerRow]:
        query = select(LedgerRow).where(
            LedgerRow.subject_type == RESOURCE, LedgerRow.derivation == name
        )
        return {row.subject_id: row for row in self._session.scalars(query)}

    def _read_ledger(
        self,
        check: Check,
        name: str,
        rows: Mapping[str, LedgerRow],
        live: Mapping[str, Revisions],
    ) -> None:
        producer = self._producer_of(name)
        check.missing |= live.keys() - rows.keys()
        check.phantom |= {one for one in rows.keys() - live.keys() if rows[one].due_at is None}
        for one in live.keys() & rows.keys():
            row = rows[one]
            state = self._freshness.state(row)
            if state in {"stale", "failed"}:
                getattr(check, state).add(one)
            elif state == "fresh" and row.producer != producer:
                check.wrong_producer.add(one)
            elif state == "fresh" and _older(
                (row.content_revision, row.metadata_revision),
                (row.wanted_content, row.wanted_metadata),
            ):
                check.stale.add(one)

    def _read_rows(
        self,
        check: Check,
        name: str,
        live: Mapping[str, Revisions],
        settled: Mapping[str, Revisions],
    ) -> None:
        if name == "search":
            self._read_index(check, live, settled)
        elif name in _VECTORS:
            self._read_vectors(check, *_VECTORS[name], live, settled)
        elif name in _TABLES:
            self._compare(check, self._revisions(_TABLES[name]), live, settled)
        if name in _DAMAGED:
            check.stale |= _DAMAGED[name](self._session) & settled.keys()

    def _read_index(
        self, check: Check, live: Mapping[str, Revisions], settled: Mapping[str, Revisions]
    ) -> None:
        present = self._fulltext.resource_ids()
        check.phantom |= present - live.keys()
        check.missing |= settled.keys() - present
        for ids in _in_chunks(settled.keys() & present):
            entries = {one.id: entry_for(one) for one in load_live(self._session, ids)}
            check.stale |= self._fulltext.differing(list(entries.values()))
            self._session.expunge_all()

    def _read_vectors(
        self,
        check: Check,
        table: Any,
        columns: Sequence[Any],
        is_whole: Callable[..., bool],
        live: Mapping[str, Revisions],
        settled: Mapping[str, Revisions],
    ) -> None:
        wanted = table.model == self._producer_of("embedding")
        there = columns[0].is_not(None)
        self._compare(check, self._revisions(table, wanted, there), live, settled)
        others = self._revisions(table, ~wanted, there).keys()
        check.phantom |= others - live.keys()
        check.wrong_producer |= check.missing & others
        check.missing -= others
        query = select(table.resource_id, *columns).where(wanted, there)
        for one, *values in self._session.execute(query.execution_options(yield_per=_CHUNK)):
            if one in settled and not is_whole(*values):
                check.stale.add(one)

    def _revisions(self, table: Any, *conditions: ColumnElement[bool]) -> dict[str, Revisions]:
        query = select(table.resource_id, table.content_revision, table.metadata_revision)
        rows = self._session.execute(query.where(*conditions))
        return {one: (content, metadata) for one, content, metadata in rows}

    def _compare(
        self,
        check: Check,
        rows: Mapping[str, Revisions],
        live: Mapping[str, Revisions],
        settled: Mapping[str, Revisions],
    ) -> None:
        check.phantom |= rows.keys() - live.keys()
        check.missing |= settled.keys() - rows.keys()
        for one in rows.keys() & settled.keys():
            # Older than what is wanted, or of a revision that does not exist.
            if _older(rows[one], settled[one]) or _older(live[one], rows[one]):
                check.stale.add(one)

    def _take_away(self, name: str, ids: Collection[str]) -> None:
        if name == "search":
            self._fulltext.remove(ids)
        elif name == "embedding":
            drop_vectors(self._session, ids)
        elif name == "passages":
            drop_passages(self._session, ids)
        elif name in _TABLES:
            self._session.execute(delete(_TABLES[name]).where(_TABLES[name].resource_id.in_(ids)))

    def _forget_revisions(self, name: str, ids: Collection[str]) -> None:
        """Let any computation replace these, also those of a revision that does not exist."""
        table = _TABLES.get(name)
        if table is not None:
            self._session.execute(
                update(table)
                .where(table.resource_id.in_(ids))
                .values(content_revision=0, metadata_revision=0)
            )

    def _examine_cache(self, live: Mapping[str, Revisions]) -> Check:
        """Look for cached values of deleted resources, and of older revisions than the stored."""
        check = Check()
        for name, key, rows in (
            ("embedding", cache_keys.embedding, self._revisions(EmbeddingRow)),
            ("quality", cache_keys.quality, self._revisions(QualityScore)),
        ):
            for one in self._session.scalars(select(Resource.id)):
                value = self._cache.peek(key(one))
                if value is None:
                    continue
                if one not in live:
                    check.phantom.add(key(one))
                elif one not in rows or _older(tuple(value["revision"]), rows[one]):
                    check.stale.add(key(one))
            logger.debug("Looked at the cached values of %s", name)
        return check


def _in_chunks(ids: Collection[str]) -> Iterator[list[str]]:
    """Yield the ids in lists that fit into one statement."""
    ordered = sorted(ids)
    for start in range(0, len(ordered), _CHUNK):
        yield ordered[start : start + _CHUNK]


def _older(ours: Revisions, theirs: Revisions) -> bool:
    return ours[0] < theirs[0] or ours[1] < theirs[1]


def _is_vector(blob: bytes) -> bool:
    if len(blob) % 2:
        return False
    vector = as_vector(blob)
    return bool(np.isfinite(vector).all() and vector.any())


_VECTORS: Mapping[str, tuple[Any, Sequence[Any], Callable[..., bool]]] = {
    "embedding": (EmbeddingRow, (EmbeddingRow.vector,), _is_vector),
    "passages": (
        PassageRow,
        (PassageRow.vectors, PassageRow.spans, PassageRow.complete),
        are_whole,
    ),
}
"""Derivation to its table, the columns that hold vectors, and whether these are undamaged."""
