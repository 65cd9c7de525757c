"""SIGTERM lets what runs come to its end; a second one, or the limit, does not. Nothing is lost."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from alexandria.bootstrap import Services, broker_client
from alexandria.db import reading, writing
from alexandria.models import Ingestion
from alexandria.tasks.celery_tasks.ingestion import queue_ingestions
from alexandria.tasks.status import heartbeats, waiting_messages
from conftest import RunningLibrary, eventually, start_library, stop_library
from in_process_worker import empty_library
from slow_pages import SlowPages, slow_pages

pytestmark = pytest.mark.alone

LONG = 60.0
"""Seconds of a page for which no test waits."""


@pytest.fixture(autouse=True)
def _only_what_is_given_back_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the reconciler nor an expired lease helps."""
    monkeypatch.setenv("ALEXANDRIA_STALE_GRACE", "3600")
    monkeypatch.setenv("ALEXANDRIA_LEASE_SECONDS", "3600")
    monkeypatch.setenv("ALEXANDRIA_FETCH_PRIVATE", "true")


@pytest.fixture
def pages() -> Iterator[SlowPages]:
    with slow_pages() as served:
        yield served


Start = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def worker(redis_folder: Path) -> Iterator[Start]:
    """Start a worker with one child on a library that is empty at first; each has another name."""
    started: list[subprocess.Popen[bytes]] = []

    def start(**environment: str) -> subprocess.Popen[bytes]:
        name = f"test{len(started)}@here"
        command = [sys.executable, "-m", "alexandria", "worker", "--name", name]
        process = subprocess.Popen(
            [*command, "--concurrency", "1"], env=os.environ | environment, start_new_session=True
        )
        started.append(process)
        eventually(lambda: name in {one["name"] for one in heartbeats() if one["alive"]})
        return process

    with empty_library(redis_folder):
        yield start
        for process in started:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def fetch(pages: SlowPages, seconds: float, *names: str) -> None:
    with writing() as session:
        services = Services(session)
        made = [services.ingestion.submit_url(pages.url(name, seconds)) for name in names]
    queue_ingestions([one.id for one in made])


def states() -> list[str]:
    with reading() as session:
        return sorted(session.scalars(select(Ingestion.state)))


def seconds_to_end(process: subprocess.Popen[bytes]) -> float:
    began = time.monotonic()
    process.wait(LONG / 2)
    return time.monotonic() - began


def test_what_runs_is_finished_and_what_waits_goes_back_at_once(
    worker: Start, pages: SlowPages
) -> None:
    first = worker(ALEXANDRIA_DISABLE_PREFETCH="false", ALEXANDRIA_STOP_SECONDS="30")
    fetch(pages, 3, "owls", "hawks", "wrens")
    eventually(lambda: pages.asked.total() == 1 and waiting_messages() == 0)
    first.terminate()
    eventually(lambda: waiting_messages() == 2, 1)
    assert states() == ["queued", "queued", "running"]
    assert seconds_to_end(first) < 15
    assert first.returncode == 0
    assert states() == ["completed", "queued", "queued"]
    pages.hurry.set()
    worker()
    eventually(lambda: states() == ["completed"] * 3, 5)
    assert set(pages.asked.values()) == {1}


def test_what_runs_beyond_the_limit_is_ended_and_comes_back(
    worker: Start, pages: SlowPages
) -> None:
    first = worker(ALEXANDRIA_STOP_SECONDS="1")
    fetch(pages, LONG, "owls", "hawks")
    eventually(lambda: pages.asked.total() == 1)
    first.terminate()
    assert 0.9 < seconds_to_end(first) < 3
    comes_back_at_once(worker, pages)


def test_a_second_signal_ends_it_at_once(worker: Start, pages: SlowPages) -> None:
    first = worker(ALEXANDRIA_STOP_SECONDS=str(LONG))
    fetch(pages, LONG, "owls", "hawks")
    eventually(lambda: pages.asked.total() == 1)
    first.send_signal(signal.SIGINT)
    time.sleep(0.5)
    assert first.poll() is None
    first.send_signal(signal.SIGINT)
    assert seconds_to_end(first) < 2
    comes_back_at_once(worker, pages)


def comes_back_at_once(worker: Start, pages: SlowPages) -> None:
    """Both messages wait in their queue, and the one that ran is not held guilty of a death."""
    assert waiting_messages() == 2
    assert broker_client().keys("alexandria:began:*") == []
    pages.hurry.set()
    worker()
    eventually(lambda: states() == ["completed"] * 2, 5)
    assert sum(pages.asked.values()) == 3


def test_a_worker_ends_in_time_while_the_broker_is_silent(worker: Start) -> None:
    first = worker(ALEXANDRIA_STOP_SECONDS="2")
    broker = broker_client().info("server")["process_id"]
    os.kill(broker, signal.SIGSTOP)
    first.terminate()
    try:
        assert seconds_to_end(first) < 8
    finally:
        os.kill(broker, signal.SIGCONT)


@pytest.fixture
def up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., RunningLibrary]]:
    """Run the library of one folder as often as a test likes."""
    started: list[RunningLibrary] = []

    def start(stop_seconds: float = 6) -> RunningLibrary:
        monkeypatch.setenv("ALEXANDRIA_STOP_SECONDS", str(stop_seconds))
        started.append(start_library(tmp_path))
        return started[-1]

    yield start
    for one in started:
        stop_library(one)


Up = Callable[..., RunningLibrary]


def ask_for(running: RunningLibrary, pages: SlowPages, seconds: float, *names: str) -> None:
    pages.asked.clear()
    pages.hurry.clear()
    with running.client() as client:
        for name in names:
            answer = client.post("/ingest", json={"url": pages.url(name, seconds)})
            assert answer.status_code == 202
    eventually(lambda: pages.asked.total() == len(names))


def all_arrive(running: RunningLibrary, count: int, seconds: float) -> None:
    with running.client() as client:

        def there() -> bool:
            """Every ingestion is completed."""
            found = client.get("/ingestions", params={"state": "completed"}).json()
            return bool(found["total"] == count)

        eventually(there, seconds)
        assert client.get("/tasks/dead").json()["total"] == 0


def test_the_library_ends_as_its_workers_do(up: Up, pages: SlowPages) -> None:
    running = up()
    ask_for(running, pages, 2, "owls", "hawks")
    running.process.terminate()
    assert 0.5 < seconds_to_end(running.process) < 10
    running = up(stop_seconds=1)
    all_arrive(running, 2, 0.5)
    assert set(pages.asked.values()) == {1}

    ask_for(running, pages, LONG, "wrens", "terns")
    running.process.terminate()
    assert 0.9 < seconds_to_end(running.process) < 5
    pages.hurry.set()
    running = up(stop_seconds=LONG)
    all_arrive(running, 4, 5)
    assert set(pages.asked.values()) == {2}

    ask_for(running, pages, LONG, "gulls", "swans")
    running.process.send_signal(signal.SIGINT)
    time.sleep(1)
    assert running.process.poll() is None
    running.process.send_signal(signal.SIGINT)
    assert seconds_to_end(running.process) < 2
    pages.hurry.set()
    all_arrive(up(), 6, 5)
    assert set(pages.asked.values()) == {2}
