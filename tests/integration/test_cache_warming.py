"""What is read most is in the cache again soon after it was invalidated, and after a start."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select
from typer.testing import CliRunner

import alexandria.cli  # noqa: F401 (it registers the commands)
from alexandria import cache_keys
from alexandria.app import create_app
from alexandria.bootstrap import Services, cache
from alexandria.cli.common import app as commands
from alexandria.db import reading, writing
from alexandria.events import SystemEvent
from alexandria.models import OutboxEvent
from alexandria.tasks.celery_tasks import invalidate_cache_task
from in_process_worker import run_all, waiting


@pytest.fixture
def client(either_with_redis: Path) -> Iterator[TestClient]:
    with writing() as session:
        token = Services(session).users.new_token("owner")
    with TestClient(create_app(), headers={"Authorization": f"Bearer {token}"}) as client:
        run_all()
        yield client


def add(client: TestClient, title: str) -> str:
    made = client.post("/resources", json={"title": title, "content": "Of lamps at sea."})
    return str(made.json()["id"])


def save(client: TestClient, one: str) -> None:
    sent = {"resource_id": one, "interaction_type": "save"}
    assert client.post("/interactions", json=sent).status_code == 201


def read(client: TestClient, one: str, times: int) -> None:
    for _ in range(times):
        client.get(f"/resources/{one}")
        client.get(f"/resources/{one}/quality")
        client.get(f"/graph/neighbors/{one}")
        client.get("/search", params={"q": "lamps", "mode": "keyword"})
    cache().stats.flush()


def held(key: str) -> bool:
    with reading() as session:
        return Services(session).cache.peek(key) is not None


def test_what_is_read_most_comes_back_after_it_was_invalidated(client: TestClient) -> None:
    hot, cold = add(client, "Lamps"), add(client, "Buoys")
    run_all()
    read(client, hot, 3)
    read(client, cold, 1)
    for one in (hot, cold):
        client.patch(f"/resources/{one}", json={"title": f"Changed {one}"})
        assert not held(cache_keys.resource(one))
    run_all()
    assert held(cache_keys.resource(hot))
    assert held(cache_keys.quality(hot))
    assert not held(cache_keys.resource(cold))
    before = client.get("/cache/stats").json()["families"]["search_query"]
    found = client.get("/search", params={"q": "lamps", "mode": "keyword"}).json()
    assert found["cached"]
    assert f"Changed {hot}" in {one["title"] for one in found["results"]}
    after = client.get("/cache/stats").json()["families"]["search_query"]
    assert (after["hits"], after["misses"]) == (before["hits"] + 1, before["misses"])


def test_what_nobody_reads_queues_no_warming(client: TestClient) -> None:
    add(client, "Lamps")
    queued = {message.task for message in waiting()}
    run_all()
    assert "warm_cache_task" not in queued | {message.task for message in waiting()}


def test_what_was_dropped_is_told(client: TestClient) -> None:
    one = add(client, "Lamps")
    run_all()
    read(client, one, 1)
    keys = [cache_keys.resource(one), "quality:nothing there"]
    assert invalidate_cache_task.apply(args=[keys]).get()["invalidated"] == 1
    assert invalidate_cache_task.apply(args=[keys]).get()["invalidated"] == 0
    with reading() as session:
        told = session.scalars(
            select(OutboxEvent.data).where(OutboxEvent.name == SystemEvent.CACHE_INVALIDATED)
        ).all()
    assert [event for event in told if keys[0] in event["keys"]] == [
        {"keys": keys, "total": 2, "count": 1}
    ]


def test_a_start_warms_what_people_used_most(client: TestClient) -> None:
    used, other = add(client, "Lamps"), add(client, "Buoys")
    save(client, used)
    run_all()
    cache().delete_pattern("*")
    with TestClient(create_app()):
        run_all()
    assert held(cache_keys.resource(used))
    assert not held(cache_keys.resource(other))


def test_the_command_warms_at_once_and_says_what(client: TestClient) -> None:
    used = add(client, "Lamps")
    save(client, used)
    run_all()
    cache().delete_pattern("*")
    told = CliRunner().invoke(commands, ["warm"])
    assert told.exit_code == 0, told.output
    assert "resource" in told.output
    assert held(cache_keys.resource(used))


def test_the_command_says_when_there_is_no_cache(
    library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with writing() as session:
        Services(session).users.ensure("owner")
    told = CliRunner().invoke(commands, ["warm", "--data", str(library)])
    assert told.exit_code != 0
    assert "alexandria up" in told.output
