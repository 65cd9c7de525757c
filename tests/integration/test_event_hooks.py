"""Hooks turn events into tasks (SPEC 5.10), on a real broker."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from alexandria.bootstrap import broker_client
from alexandria.config import get_settings
from alexandria.events import SystemEvent, event_emitter
from alexandria.tasks import EXTRA_HOOKS, HOOKS, register_all_hooks
from alexandria.tasks.status import queue_depths
from alexandria.tasks.transport import DELAYED_KEY, move_due
from in_process_worker import own_redis


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Run the library's own Redis servers, and have Celery use them."""
    with own_redis(tmp_path_factory.mktemp("library")):
        yield


@pytest.fixture
def broker(servers: None) -> None:
    get_settings.cache_clear()
    broker_client().flushall()
    register_all_hooks()


def delayed() -> list[tuple[str, dict[str, Any], float]]:
    """Give queue key, headers and due time of the messages that wait for their time."""
    found = []
    for entry, due in broker_client().zrange(DELAYED_KEY, 0, -1, withscores=True):
        key, _, message = entry.decode().partition("\n")
        found.append((key, json.loads(message)["headers"], due))
    return found


def tasks_delayed() -> set[str]:
    return {headers["task"].rpartition(".")[2] for _, headers, _ in delayed()}


@pytest.mark.parametrize(
    ("event", "task", "key"),
    [
        ("resource.content_changed", "regenerate_embedding_task", "high_priority\x06\x162"),
        ("resource.metadata_changed", "recompute_quality_task", "default\x06\x164"),
        ("resource.updated", "update_search_index_task", "urgent"),
    ],
)
def test_an_event_queues_its_task(broker: None, event: str, task: str, key: str) -> None:
    event_emitter.emit(event, {"resource_id": "r1", "fields": []})
    keys = {headers["task"].rpartition(".")[2]: place for place, headers, _ in delayed()}
    assert keys[task] == key  # kombu's step 0 is our priority 9


def test_a_change_invalidates_caches_at_once(broker: None) -> None:
    event_emitter.emit("resource.updated", {"resource_id": "r1"})
    (message,) = broker_client().lrange("urgent", 0, -1)
    assert json.loads(message)["headers"]["task"].endswith("invalidate_cache_task")


def test_ten_edits_queue_one_task(broker: None) -> None:
    for _ in range(10):
        event_emitter.emit("resource.content_changed", {"resource_id": "r1"})
    names = [headers["task"] for _, headers, _ in delayed()]
    assert names.count("alexandria.tasks.regenerate_embedding_task") == 1
    event_emitter.emit("resource.content_changed", {"resource_id": "r2"})
    assert len(delayed()) == len(names) * 2


def test_a_title_makes_the_embedding_due_and_a_tag_does_not(broker: None) -> None:
    event_emitter.emit("resource.metadata_changed", {"resource_id": "r1", "fields": ["tags"]})
    assert tasks_delayed() == {"recompute_quality_task"}
    event_emitter.emit("resource.metadata_changed", {"resource_id": "r2", "fields": ["title"]})
    assert tasks_delayed() == {
        *("recompute_quality_task", "regenerate_embedding_task", "find_duplicates_task"),
        "update_graph_edges_task",
        "classify_resource_task",
    }


def test_a_delayed_message_reaches_its_queue_when_due(broker: None) -> None:
    event_emitter.emit("resource.content_changed", {"resource_id": "r1"})
    assert move_due(broker_client()) == 0
    for entry, _, _ in [(e, 0, 0) for e in broker_client().zrange(DELAYED_KEY, 0, -1)]:
        broker_client().zadd(DELAYED_KEY, {entry: 1})
    assert move_due(broker_client()) == 6
    depths = queue_depths()
    queues = ("high_priority", "default", "ml_tasks", "batch", "delayed")
    assert [depths[queue] for queue in queues] == [1, 2, 2, 1, 0]


def test_every_hook_is_registered_for_its_event(broker: None) -> None:
    for hook in (*HOOKS, *EXTRA_HOOKS):
        assert hook in event_emitter.get_listeners(hook.event)
    assert [(h.event, h.priority, h.countdown, h.queue) for h in HOOKS] == [
        (SystemEvent.RESOURCE_CONTENT_CHANGED, 7, 5, "high_priority"),
        (SystemEvent.RESOURCE_METADATA_CHANGED, 5, 10, "default"),
        (SystemEvent.RESOURCE_UPDATED, 9, 1, "urgent"),
        (SystemEvent.RESOURCE_UPDATED, 9, 0, "urgent"),
        (SystemEvent.CITATIONS_EXTRACTED, 5, 30, "default"),
        (SystemEvent.USER_INTERACTION_TRACKED, 3, 300, "ml_tasks"),
        (SystemEvent.RESOURCE_CREATED, 5, 20, "ml_tasks"),
        (SystemEvent.AUTHORS_EXTRACTED, 3, 60, "batch"),
    ]
