from datetime import timedelta
from pathlib import Path
from threading import Barrier, Thread
from threading import Event as Flag
from typing import Any

import pytest
from sqlalchemy import select

from alexandria.db import LibrarySession, get_engine, reading, writing
from alexandria.errors import TransientError
from alexandria.events import Event, event_emitter, outbox
from alexandria.models import OutboxEvent


class Hook:
    """A durable handler that asks for a task, as the hooks of the table do."""

    durable = True

    def __call__(self, event: Event) -> None:
        outbox.submit(event.id)


def waiting() -> list[int]:
    with reading() as session:
        query = select(OutboxEvent.id).where(OutboxEvent.handed_over_at.is_(None))
        return list(session.scalars(query.order_by(OutboxEvent.id)))


def test_an_event_is_emitted_after_commit_and_not_before(either_library: Path) -> None:
    heard: list[Event] = []
    event_emitter.on("any", heard.append)
    with writing() as session:
        number = outbox.record(session, "any", {"a": 1})
        assert heard == []
    assert [event.id for event in heard] == [number]


def test_who_hears_of_an_event_finds_its_change_committed(either_library: Path) -> None:
    found: list[int] = []

    def read(event: Event) -> None:
        with reading() as session:
            found.extend(session.scalars(select(OutboxEvent.id)))

    event_emitter.on("any", read)
    with writing() as session:
        number = outbox.record(session, "any", {})
    assert found == [number]


def test_a_rolled_back_event_is_neither_emitted_nor_stored(either_library: Path) -> None:
    heard: list[Event] = []
    event_emitter.on("any", heard.append)
    with writing() as session:
        outbox.record(session, "any", {})
        session.rollback()
    assert heard == []
    assert waiting() == []


def test_a_savepoint_takes_only_its_own_events_back(either_library: Path) -> None:
    heard: list[Event] = []
    event_emitter.on("any", heard.append)
    with writing() as session:
        kept = outbox.record(session, "any", {})
        nested = session.begin_nested()
        outbox.record(session, "any", {})
        nested.rollback()
    assert [event.id for event in heard] == [kept]


def test_a_released_savepoint_emits_nothing_yet(either_library: Path) -> None:
    heard: list[Event] = []
    event_emitter.on("any", heard.append)
    with writing() as session:
        with session.begin_nested():
            outbox.record(session, "any", {})
        assert heard == []
    assert len(heard) == 1


def test_all_tasks_of_a_commit_are_queued_together_and_the_events_marked(
    either_library: Path,
) -> None:
    queued: list[list[Any]] = []
    outbox.set_queue(lambda requests: queued.append(list(requests)))
    event_emitter.on("any", Hook())
    with writing() as session:
        numbers = [outbox.record(session, "any", {}) for _ in range(3)]
    assert queued == [numbers]
    assert waiting() == []


def test_while_the_broker_is_away_events_wait_for_the_relay(either_library: Path) -> None:
    def away(_requests: Any) -> None:
        raise TransientError("away")

    outbox.set_queue(away)
    event_emitter.on("any", Hook())
    with writing() as session:
        number = outbox.record(session, "any", {})
    assert waiting() == [number]
    queued: list[Any] = []
    outbox.set_queue(queued.extend)
    assert outbox.relay(settle=timedelta(0)) == 1
    assert queued == [number]
    assert waiting() == []


def test_a_process_without_hooks_leaves_events_to_the_relay(either_library: Path) -> None:
    with writing() as session:
        number = outbox.record(session, "any", {})
    assert waiting() == [number]


def test_a_failing_hook_keeps_its_event(
    either_library: Path, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(Hook):
        def __call__(self, event: Event) -> None:
            raise ValueError("broken on purpose")

    outbox.set_queue(lambda _requests: None)
    event_emitter.on("any", Broken())
    with writing() as session:
        number = outbox.record(session, "any", {})
    assert waiting() == [number]
    assert "broken on purpose" in caplog.text


def test_two_relays_at_once_hand_each_event_over_once(either_library: Path) -> None:
    with writing() as session:
        numbers = [outbox.record(session, "any", {}) for _ in range(100)]
    queued: list[int] = []
    outbox.set_queue(queued.extend)
    event_emitter.on("any", Hook())
    begin = Barrier(3)

    def turn() -> None:
        begin.wait()
        while outbox.relay(limit=10, settle=timedelta(0)):
            pass

    relays = [Thread(target=turn) for _ in range(3)]
    for relay in relays:
        relay.start()
    for relay in relays:
        relay.join()
    assert sorted(queued) == numbers
    assert waiting() == []


def test_numbers_grow_in_the_order_of_commits(either_library: Path) -> None:
    """Who begins first but commits last gets the higher number, or the other waits for it."""
    recorded, may_end = Flag(), Flag()
    committed: list[tuple[str, int]] = []

    def write(name: str, recorded: Flag, may_end: Flag) -> None:
        with LibrarySession(get_engine()) as session:
            number = outbox.record(session, name, {})
            recorded.set()
            may_end.wait(10)
            session.commit()
            committed.append((name, number))

    slow = Thread(target=write, args=("slow", recorded, may_end))
    slow.start()
    assert recorded.wait(10)
    at_once = Flag()
    at_once.set()
    quick = Thread(target=write, args=("quick", Flag(), at_once))
    quick.start()
    quick.join(0.3)
    may_end.set()
    for thread in (slow, quick):
        thread.join()
    numbers = [number for _, number in committed]
    assert numbers == sorted(numbers)
