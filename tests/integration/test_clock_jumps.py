"""Moments that lie further ahead than any can: they were set before the clock was set back."""

import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from alexandria.bootstrap import Services, broker_client
from alexandria.db import now, writing
from alexandria.events import outbox
from alexandria.models import Ingestion, LedgerRow, OutboxEvent
from alexandria.protocols.extraction import Record
from alexandria.tasks import recompute_quality_task, status
from alexandria.tasks.beat_schedule import SharedScheduler
from alexandria.tasks.celery_app import celery_app
from alexandria.tasks.celery_tasks.derivation_runs import LEASE, request_for
from alexandria.tasks.queueing import queue_all
from alexandria.tasks.transport import move_due
from in_process_worker import waiting

HOUR = timedelta(hours=1)


def test_the_ledger(either_library: Path) -> None:
    with writing() as session:
        made = Services(session).resources.create(Record(title="A title")).id
    with writing() as session:
        assert Services(session).ledger.overdue("quality", 10) == []
        session.execute(update(LedgerRow).values(due_at=now() + HOUR, claimed_until=now() + HOUR))
        ledger = Services(session).ledger
        assert ledger.overdue("quality", 10) == [made]
        assert ledger.claim("quality", made, 1, LEASE) == {made: (1, 1, 0)}
        assert ledger.claim("quality", made, 1, LEASE) == {}


def test_ingestions(either_library: Path) -> None:
    with writing() as session:
        services = Services(session)
        queued, running = (services.ingestion.submit_url(f"https://a.test/{n}") for n in "ab")
        assert services.ingestion.abandoned(10) == []
        queued.created_at = now() + HOUR
        running.state, running.lease_by, running.lease_until = "running", "one", now() + HOUR
        session.flush()
        assert set(services.ingestion.abandoned(10)) == {queued.id, running.id}
        assert services.ingestion._start(running.id, "another")
        assert services.ingestion._start(running.id, "a third") is None
        assert session.get_one(Ingestion, running.id).lease_by == "another"


@pytest.mark.parametrize("column", ["created_at", "claimed_until"])
def test_the_outbox(either_library: Path, column: str) -> None:
    claim = (10, timedelta(seconds=30), timedelta(0))
    with writing() as session:
        outbox.record(session, "any", {})
    with writing() as session:
        session.execute(update(OutboxEvent).values({column: now() + HOUR}))
    assert len(outbox.claim_waiting(*claim)) == 1
    assert outbox.claim_waiting(*claim) == []


def test_delayed_messages_and_the_keys_that_stand_for_them(library_with_redis: Path) -> None:
    client = broker_client()
    queue_all([request_for(recompute_quality_task, "one", countdown=10)])
    (message,) = waiting()
    assert move_due(client) == 0
    client.zadd("alexandria:delayed", {message.body: (now() + HOUR).timestamp()}, xx=True)
    assert move_due(client) == 1
    (key,) = client.keys("pending:*")
    queue_all([request_for(recompute_quality_task, "one")])
    assert len(waiting()) == 1
    client.pexpire(key, HOUR)
    queue_all([request_for(recompute_quality_task, "one")])
    assert len(waiting()) == 2


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """Two offsets: of the clock, and of the steady clock, which only goes on."""
    offsets, wall, steady = [0.0, 0.0], time.time, time.monotonic
    with monkeypatch.context() as patch:
        patch.setattr(status.time, "time", lambda: wall() + offsets[0])
        patch.setattr(status.time, "monotonic", lambda: steady() + offsets[1])
        yield offsets


@pytest.mark.parametrize("jump", [HOUR.total_seconds(), -HOUR.total_seconds()])
def test_heartbeats(library_with_redis: Path, clock: list[float], jump: float) -> None:
    def alive() -> list[str]:
        return [one["name"] for one in status.heartbeats() if one["alive"]]

    for name in ("living", "dead"):
        status.beat(f"{name} {jump}", {"name": name})
    assert alive() == ["dead", "living"]
    clock[0] += jump
    assert alive() == ["dead", "living"]
    clock[0] += 8
    clock[1] += 8
    status.beat(f"living {jump}", {"name": "living"})
    assert alive() == ["dead", "living"]
    clock[0] += 8
    clock[1] += 8
    assert alive() == ["living"]
    assert status.dead_incarnations() == [f"dead {jump}"]


def test_what_is_scheduled(library_with_redis: Path) -> None:
    sent: list[str] = []

    class Scheduler(SharedScheduler):
        def apply_entry(self, entry: object, producer: object = None) -> None:
            sent.append(entry.name)  # type: ignore[attr-defined]

    scheduler = Scheduler(celery_app, lazy=True)
    scheduler.setup_schedule()
    try:
        for entry in scheduler.schedule.values():
            entry.last_run_at = entry.default_now() + HOUR
        assert scheduler.tick() <= 30
        reconcile = scheduler.schedule["reconcile"]
        reconcile.last_run_at -= timedelta(seconds=31)
        scheduler._heap = None
        scheduler.tick()
    finally:
        scheduler.close()
    assert sent == ["reconcile"]
