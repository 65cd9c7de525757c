"""Kill -9 in the middle of work: in the end the library is as if nothing had happened."""

import random
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import redis
from killing import OPERATIONS, children_of, command_of, disturbed, kill_one, undisturbed
from operations import plan

from alexandria.adapters.redis_setup import find_program
from conftest import (
    RunningLibrary,
    all_fresh,
    eventually,
    free_port,
    start_library,
    stop_library,
)

pytestmark = pytest.mark.alone

UPLOADS = 100
BACK_SECONDS = 60.0
SHORT = 16


def test_killed_processes_change_nothing(tmp_path: Path) -> None:
    expected = undisturbed(tmp_path / "undisturbed", operations_seed=5, count=SHORT)
    assert len(expected.resources) > SHORT // 4
    outcome = disturbed(tmp_path / "disturbed", 5, 5, expected, count=SHORT)
    assert outcome.kills.total() > 3
    assert outcome.wrong == []


def test_what_is_asked_follows_from_the_seed() -> None:
    assert plan(1, OPERATIONS) == plan(1, OPERATIONS) != plan(2, OPERATIONS)
    assert Counter(one.kind for one in plan(1, 200)).keys() == {"add", "edit", "delete"}


def upload(client: httpx.Client, number: int) -> float:
    """Upload a document; give the seconds until it was accepted."""
    text = f"# Paper {number}\n\nThe {number}th paper tells of lighthouse {number * 7919}.\n"
    began = time.monotonic()
    answer = client.post("/ingest", files={"file": (f"{number}.md", text.encode())})
    took = time.monotonic() - began
    assert answer.status_code == 202, answer.text
    return took


def wait_for_all(running: RunningLibrary, count: int, seconds: float, *, written: int = 0) -> None:
    """Return when all uploads are there, and what was written without a file, and all is fresh."""
    with running.client() as client:

        def all_there() -> bool:
            """All are there, and everything derived is fresh."""
            return client.get("/resources").json()["total"] == count + written and all_fresh(client)

        eventually(all_there, seconds)
        assert client.get("/tasks/dead").json()["total"] == 0
        assert client.get("/ingestions", params={"state": "completed"}).json()["total"] == count


@pytest.fixture
def running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunningLibrary]:
    """A library with the leases of a real one; what waits for its time waits a tenth of it."""
    monkeypatch.setenv("ALEXANDRIA_TIME_SCALE", "0.1")
    started = start_library(tmp_path, quick=False)
    yield started
    stop_library(started)


def test_uploads_in_flight_outlive_their_workers(running: RunningLibrary) -> None:
    chance = random.Random(1)
    with running.client() as client:
        for number in range(UPLOADS):
            upload(client, number)
        for place in ("worker", "urgent worker"):
            assert kill_one(running.process.pid, place, chance)
        done = client.get("/ingestions", params={"state": "completed"}).json()["total"]
    assert done < UPLOADS // 2, f"only {UPLOADS - done} were in flight"
    wait_for_all(running, UPLOADS, BACK_SECONDS)


class OwnRedis:
    """A Redis server of the operator's, on a port, which can be stopped and started again."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.port = free_port()
        self._arguments = [
            *(str(find_program()), "--port", str(self.port), "--bind", "127.0.0.1"),
            *("--dir", str(folder), "--appendonly", "yes", "--save", ""),
        ]
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen(self._arguments, stdout=subprocess.DEVNULL)
        eventually(self.answers)

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()

    def answers(self) -> bool:
        try:
            with redis.Redis(port=self.port) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[list[OwnRedis]]:
    started = [OwnRedis(tmp_path / name) for name in ("broker", "cache")]
    yield started
    for server in started:
        server.stop()


def test_uploads_are_accepted_while_redis_is_away(
    tmp_path: Path, servers: list[OwnRedis], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fifty uploads are spread over the twenty seconds in which neither server is there."""
    broker, cache = servers
    monkeypatch.setenv("CELERY_BROKER_URL", f"redis://127.0.0.1:{broker.port}/0")
    monkeypatch.setenv("REDIS_HOST", "127.0.0.1")
    monkeypatch.setenv("REDIS_PORT", str(cache.port))
    monkeypatch.setenv("ALEXANDRIA_TIME_SCALE", "0.1")
    running = start_library(tmp_path / "library", quick=False)
    slowest = 0.0
    try:
        for server in servers:
            server.stop()
        away_since = time.monotonic()
        with running.client() as client:
            for number in range(50):
                time.sleep(max(0.0, away_since + number * 0.4 - time.monotonic()))
                slowest = max(slowest, upload(client, number))
            assert client.get("/search", params={"q": "lighthouse"}).status_code == 200
            assert client.post("/resources", json={"title": "Written meanwhile"}).is_success
            assert client.get("/events/history").json()[0]["name"] == "resource.created"
        assert time.monotonic() - away_since > 19
        for server in servers:
            server.start()
        wait_for_all(running, 50, 60, written=1)
    finally:
        stop_library(running)
    assert slowest < 1.0, f"the slowest upload took {slowest:.2f} s"


def test_what_is_ended_hard_loses_nothing(tmp_path: Path) -> None:
    """SIGTERM, and SIGKILL before it is done."""
    running = start_library(tmp_path)
    with running.client() as client:
        for number in range(20):
            upload(client, number)
    left = [pid for pid in children_of(running.process.pid) if ".sock" not in command_of(pid)]
    running.process.terminate()
    time.sleep(0.2)
    running.process.kill()
    stop_library(running)
    eventually(lambda: not any(map(command_of, left)))
    again = start_library(tmp_path)
    try:
        wait_for_all(again, 20, 60)
    finally:
        stop_library(again)
