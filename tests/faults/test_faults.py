"""Kill -9 in the middle of work: in the end the library is as if nothing had happened."""

import random
import time
from collections import Counter
from pathlib import Path

import httpx
import pytest
from killing import OPERATIONS, disturbed, kill_one, undisturbed
from operations import plan

from conftest import RunningLibrary, all_fresh, eventually, start_library, stop_library

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


def wait_for_all(running: RunningLibrary, count: int, seconds: float) -> None:
    with running.client() as client:

        def all_there() -> bool:
            """All are there, and everything derived is fresh."""
            return client.get("/resources").json()["total"] == count and all_fresh(client)

        eventually(all_there, seconds)
        assert client.get("/tasks/dead").json()["total"] == 0
        assert client.get("/ingestions", params={"state": "completed"}).json()["total"] == count


@pytest.fixture
def running(tmp_path: Path) -> RunningLibrary:
    """A library with the delays of a real one."""
    return start_library(tmp_path, quick=False)


def test_uploads_in_flight_outlive_their_workers(running: RunningLibrary) -> None:
    chance = random.Random(1)
    try:
        with running.client() as client:
            for number in range(UPLOADS):
                upload(client, number)
        for place in ("worker", "urgent worker"):
            assert kill_one(running.process.pid, place, chance)
        wait_for_all(running, UPLOADS, BACK_SECONDS)
    finally:
        stop_library(running)


def test_uploads_are_accepted_while_redis_is_away(running: RunningLibrary) -> None:
    """The servers are stopped (SIGSTOP would time out; here they are gone) for twenty seconds."""
    slowest = 0.0
    away_until = time.monotonic() + 20
    try:
        with running.client() as client:
            for number in range(50):
                while number >= 45 and time.monotonic() < away_until:
                    kill_redis(running)
                kill_redis(running)
                slowest = max(slowest, upload(client, number))
        wait_for_all(running, 50, 90)
    finally:
        stop_library(running)
    assert slowest < 1.0


def kill_redis(running: RunningLibrary) -> None:
    """Keep both servers away; the supervisor starts them again after half a second."""
    for place in ("broker", "cache"):
        kill_one(running.process.pid, place, random.Random(1))
    time.sleep(0.05)


def test_what_is_ended_hard_loses_nothing(tmp_path: Path) -> None:
    """SIGTERM, and SIGKILL before it is done."""
    running = start_library(tmp_path)
    with running.client() as client:
        for number in range(20):
            upload(client, number)
    running.process.terminate()
    time.sleep(0.2)
    running.process.kill()
    stop_library(running)
    time.sleep(2)  # its children notice that their parent is gone
    again = start_library(tmp_path)
    try:
        wait_for_all(again, 20, 60)
    finally:
        stop_library(again)
