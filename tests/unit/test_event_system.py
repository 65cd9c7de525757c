import asyncio
from datetime import UTC

import pytest

from alexandria.events import Event, EventEmitter, EventPriority, SystemEvent, event_emitter


def test_there_is_one_emitter() -> None:
    assert EventEmitter() is event_emitter


def test_a_handler_gets_the_event_it_asked_for() -> None:
    heard: list[Event] = []
    event_emitter.on(SystemEvent.RESOURCE_CREATED, heard.append)
    sent = event_emitter.emit("resource.created", {"resource_id": "r1"}, EventPriority.HIGH, "c1")
    event_emitter.emit("resource.deleted")
    assert heard == [sent]
    assert (sent.name, sent.data, sent.priority) == (
        "resource.created",
        {"resource_id": "r1"},
        EventPriority.HIGH,
    )
    assert sent.correlation_id == "c1"
    assert sent.timestamp.tzinfo is UTC


def test_a_handler_added_twice_is_called_once_and_can_be_removed() -> None:
    heard: list[Event] = []
    for _ in range(2):
        event_emitter.on("any", heard.append)
    event_emitter.emit("any")
    assert len(heard) == 1
    event_emitter.off("any", heard.append)
    event_emitter.off("any", heard.append)
    assert event_emitter.get_listeners("any") == []


def test_a_failing_handler_stops_no_other(caplog: pytest.LogCaptureFixture) -> None:
    heard: list[Event] = []

    def broken(_event: Event) -> None:
        raise ValueError("broken on purpose")

    event_emitter.on("any", broken)
    event_emitter.on("any", heard.append)
    event = event_emitter.emit("any")
    assert heard == [event]
    assert "broken on purpose" in caplog.text


def test_an_async_handler_is_done_when_emit_returns() -> None:
    heard: list[Event] = []

    async def later(event: Event) -> None:
        await asyncio.sleep(0)
        heard.append(event)

    event_emitter.on("any", later)
    event_emitter.emit("any")
    assert len(heard) == 1


def test_an_async_handler_runs_on_the_loop_that_runs() -> None:
    heard: list[Event] = []

    async def later(event: Event) -> None:
        heard.append(event)

    async def main() -> int:
        event_emitter.on("any", later)
        event_emitter.emit("any")
        at_once = len(heard)
        await asyncio.sleep(0.01)
        return at_once

    assert asyncio.run(main()) == 0
    assert len(heard) == 1


def test_a_failing_async_handler_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def broken(_event: Event) -> None:
        raise ValueError("broken later")

    event_emitter.on("any", broken)
    event_emitter.emit("any")
    assert "broken later" in caplog.text


def test_the_history_keeps_the_last_thousand_newest_last() -> None:
    for number in range(1005):
        event_emitter.emit("any", {"number": number})
    history = event_emitter.get_event_history(2000)
    assert len(history) == 1000
    assert history[0].data == {"number": 5}
    assert [e.data["number"] for e in event_emitter.get_event_history(2)] == [1003, 1004]
    assert event_emitter.get_event_history(0) == []


def test_names_are_entity_and_action() -> None:
    assert all(event.value.count(".") == 1 for event in SystemEvent)
    assert len({event.value for event in SystemEvent}) == len(SystemEvent)
