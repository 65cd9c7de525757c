"""A worker that is killed while a task runs: the task itself comes back, and nothing else helps.

The reconciler would bring the work back too, but not within an hour here; nor does a lease run out.
"""

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from conftest import RunningLibrary, eventually, start_library, stop_library
from slow_pages import SlowPages, slow_pages

pytestmark = pytest.mark.alone

BACK_SECONDS = 30.0
LONG = 120.0


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningLibrary]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ALEXANDRIA_FETCH_PRIVATE", "true")
        patch.setenv("ALEXANDRIA_STALE_GRACE", "3600")
        patch.setenv("ALEXANDRIA_LEASE_SECONDS", "3600")
        started = start_library(tmp_path_factory.mktemp("library"), quick=False)
    yield started
    stop_library(started)


@pytest.fixture
def pages() -> Iterator[SlowPages]:
    with slow_pages() as served:
        yield served


def kill_child(child: int) -> None:
    os.kill(child, signal.SIGKILL)


def kill_worker(child: int) -> None:
    """The main process, and all its children with it."""
    main = int(Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[1])
    os.killpg(main, signal.SIGKILL)


@pytest.mark.parametrize("kill", [kill_child, kill_worker])
def test_a_killed_task_comes_back(
    running: RunningLibrary, pages: SlowPages, kill: Callable[[int], None]
) -> None:
    with running.client() as client:
        page = pages.url(kill.__name__, LONG)
        asked = client.post("/ingest", json={"url": page}).json()
        eventually(lambda: pages.asked.total() == 1)
        child = eventually(
            lambda: runs(client.get("/workers/status").json(), asked["ingestion_id"])
        )
        kill(child)
        killed = time.monotonic()
        pages.hurry.set()
        eventually(
            lambda: client.get(asked["status_url"]).json()["state"] == "completed", BACK_SECONDS
        )
        assert time.monotonic() - killed < BACK_SECONDS
        assert pages.asked.total() == 2
        assert client.get("/tasks/dead").json()["total"] == 0


def runs(status: dict[str, Any], ingestion: str) -> int | None:
    """Give the process that is at the ingestion."""
    tasks = [task for worker in status["active"].values() for task in worker]
    return next((task["worker_pid"] for task in tasks if task["args"] == [ingestion]), None)
