"""A library under edits, tasks, crashes and losses in any order: the steps, and what must hold."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select

from alexandria import bootstrap, cache_keys
from alexandria.adapters import cache_codec
from alexandria.adapters.cache_names import family_of, generation_key
from alexandria.bootstrap import Services, broker_client
from alexandria.db import Base, LibrarySession, now, reading, writing
from alexandria.events import outbox
from alexandria.models import (
    Build,
    DeadLetter,
    EmbeddingRow,
    LedgerRow,
    OutboxEvent,
    QualityScore,
    Resource,
)
from alexandria.protocols.extraction import Record
from alexandria.services.search import SearchRequest, SearchService
from alexandria.tasks.celery_tasks import reconcile_task
from derived_data import all_is_done, nothing_is_silently_stale
from in_process_worker import Message, deliver, put_back, take, waiting
from interruptions import Interruption, KilledError, kill

_LONG = timedelta(hours=1)
_MOST_DELIVERIES = 3
Revisions = tuple[int, int]


class InterleavedLibrary:
    """One empty library of this process, its queue, and its reader."""

    def __init__(self) -> None:
        empty_tables()
        broker_client().flushall()
        bootstrap.cache()._client.flushall()
        with writing() as session:
            self.reader = Services(session).users.ensure("reader").id
        self._kills: dict[str, int] = {}
        self._seen: dict[tuple[str, str], Revisions] = {}

    def live(self) -> list[str]:
        with reading() as session:
            query = select(Resource.id).where(Resource.deleted_at.is_(None))
            return list(session.scalars(query.order_by(Resource.created_at, Resource.id)))

    def create(self, title: str, content: str) -> None:
        with writing() as session:
            Services(session).resources.create(Record(title=title, text=content))

    def edit(self, resource_id: str, changes: dict[str, Any]) -> None:
        """Change a resource, unless another step has deleted it."""
        if resource_id in self.live():
            with writing() as session:
                Services(session).resources.update(resource_id, changes)

    def delete(self, resource_id: str) -> None:
        if resource_id in self.live():
            with writing() as session:
                Services(session).resources.delete(resource_id)

    def gone(self) -> list[str]:
        with reading() as session:
            query = select(Resource.id).where(Resource.deleted_at.is_not(None))
            return list(session.scalars(query.order_by(Resource.created_at, Resource.id)))

    def restore(self, resource_id: str) -> None:
        with writing() as session:
            Services(session).resources.restore(resource_id)

    def view(self, resource_id: str) -> None:
        if resource_id in self.live():
            with writing() as session:
                Services(session).interactions.track(self.reader, resource_id, "view")

    def compute_again(self, resource_id: str) -> None:
        """Have the quality computed anew, as a person may ask for it; its task is lost."""
        with writing() as session:
            services = Services(session)
            services.ledger.make_due("quality", services.resources.get(resource_id))

    def run_killed(self, message: Message, number: int, *, before: bool, again: bool) -> None:
        """Kill the worker at a commit; `again`: the message is delivered again, else it is lost."""
        count = self._kills[message.id] = self._kills.get(message.id, 0) + 1
        interruption = Interruption(number, kill, before=before)
        try:
            with interruption.armed():
                deliver(message)
        except KilledError:
            broker_client().set(f"alexandria:began:{message.id}", count)
            if again and count < _MOST_DELIVERIES:
                put_back(message)

    def killed(self, act: Callable[[], None], *, before: bool) -> None:
        """Kill a request at its commit."""
        interruption = Interruption(1, kill, before=before)
        try:
            with interruption.armed():
                act()
        except KilledError:
            assert interruption.fired

    def time_passes(self) -> None:
        """Let every delay, lease, grace and key of a waiting task run out."""
        with writing() as session:
            for row in session.scalars(select(LedgerRow)):
                row.due_at = _earlier(row.due_at)
                row.claimed_until = _earlier(row.claimed_until)
            for event in session.scalars(select(OutboxEvent)):
                event.created_at -= _LONG
                event.claimed_until = _earlier(event.claimed_until)
        for key in broker_client().keys("pending:*"):
            broker_client().delete(key)

    def settle(self) -> None:
        """Let time pass, relay and reconcile until nothing is to be done."""
        for _ in range(10):
            self.time_passes()
            outbox.relay(settle=timedelta(0))
            reconcile_task.apply().get()
            while messages := waiting():
                deliver(messages[0])
            if not self._unfinished():
                return
        raise AssertionError("work is left that nobody does")

    def all_is_done(self) -> None:
        self.settle()
        all_is_done()
        nothing_is_silently_stale()
        self.caches_are_current()
        with reading() as session:
            assert session.scalars(select(DeadLetter.error)).all() == []
            live = set(self.live())
            quality = list(session.scalars(select(QualityScore.resource_id)))
            vectors = select(EmbeddingRow.resource_id).where(EmbeddingRow.vector.is_not(None))
            for present in (quality, list(session.scalars(vectors))):
                assert len(present) == len(set(present))
                assert set(present) == live

    def revisions_only_grow(self) -> None:
        """Of resources, ledger rows, vectors and scores, as long as they are there."""
        with reading() as session:
            found = dict(_revisions(session))
        for key, (content, metadata) in found.items():
            before = self._seen.get(key, (0, 0))
            assert content >= before[0], key
            assert metadata >= before[1], key
        self._seen = found

    def caches_are_current(self) -> None:
        """What is cached is what is stored, once the events of the change are handed over."""
        with reading() as session:
            waits = select(OutboxEvent.resource_id).where(OutboxEvent.handed_over_at.is_(None))
            waiting_for = set(session.scalars(waits))
            services = Services(session)
            for resource in session.scalars(select(Resource)):
                if resource.id in waiting_for:
                    continue
                vector = _cached(cache_keys.embedding(resource.id))
                scores = _cached(cache_keys.quality(resource.id))
                if resource.deleted_at is not None:
                    assert (vector, scores) == (None, None), "it is of a deleted resource"
                if vector is not None:
                    _, *stored = services.embeddings._stored(resource.id)
                    assert tuple(vector["revision"]) >= tuple(stored)
                if scores is not None:
                    row = session.get_one(QualityScore, resource.id)
                    revision = (row.content_revision, row.metadata_revision)
                    assert (*scores["revision"], scores["overall"]) == (*revision, row.overall)

    def search(self, query: str) -> None:
        """Search twice; what the cache answers is what a search without it finds."""
        with reading() as session:
            services = Services(session)
            request = SearchRequest(query, mode="hybrid" if services.fulltext else "semantic")
            services.search.search(request)
            if session.scalar(select(func.count()).where(OutboxEvent.handed_over_at.is_(None))):
                return
            parts = services.search
            again = SearchService(
                session,
                services.fulltext,
                parts._vectors,
                parts._embedder,
                None,
                parts._freshness,
                parts._candidates._passages,
            )
            assert parts.search(request)["results"] == again.search(request)["results"]

    def _unfinished(self) -> bool:
        with reading() as session:
            return bool(
                Services(session).freshness.unfinished() or outbox.waiting(session)["pending"]
            )


def read(session: LibrarySession, resource_id: str) -> None:
    """Read what is derived of a resource, which fills the caches."""
    services = Services(session)
    services.embeddings.get_embedding(resource_id)
    services.quality.get_quality_scores(resource_id)


def lose_message(message: Message) -> None:
    take(message)


def lose_keys() -> None:
    """Lose what Redis knows of waiting tasks, and keep the tasks."""
    for key in broker_client().keys("pending:*"):
        broker_client().delete(key)


def empty_tables() -> None:
    with writing() as session:
        if fulltext := Services(session).fulltext:
            fulltext.remove(fulltext.resource_ids())
        for table in reversed(Base.metadata.sorted_tables):
            if table is not Build.__table__:  # the index that serves stays
                session.execute(delete(table))


def _earlier(moment: datetime | None) -> datetime | None:
    return moment and min(moment, now()) - _LONG


def _revisions(session: LibrarySession) -> list[tuple[tuple[str, str], Revisions]]:
    found: list[tuple[tuple[str, str], Revisions]] = []
    for resource in session.scalars(select(Resource)):
        revisions = (resource.content_revision, resource.metadata_revision)
        found.append(((resource.id, "resource"), revisions))
    for row in session.scalars(select(LedgerRow)):
        revisions = (row.content_revision, row.metadata_revision)
        found.append(((row.subject_id, row.derivation), revisions))
    for name, table in (("vector", EmbeddingRow), ("scores", QualityScore)):
        found += [
            ((row.resource_id, name), (row.content_revision, row.metadata_revision))
            for row in session.scalars(select(table))
        ]
    return found


def _cached(key: str) -> Any:
    """Look at a value without the lease that a reader would get."""
    client = bootstrap.cache()._client
    value = client.get(key)
    generation = client.get(generation_key(family_of(key)))
    return cache_codec.decode(value) if value and value[1:9] == generation else None
