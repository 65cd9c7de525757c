"""The clock of all processes is set back and forth by an hour: work is a little late, never lost."""

import os
import shutil
import signal
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import redis
from killing import children_of, command_of

from conftest import RunningLibrary, all_fresh, eventually, start_library, stop_library
from slow_pages import SlowPages, slow_pages

COMPILER = shutil.which("cc") or shutil.which("gcc")
pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(COMPILER is None, reason="needs a C compiler (apt-get install gcc)"),
]
SOURCE = Path(__file__).with_name("clock.c")
LATE_SECONDS = 30.0
HOUR = 3600


class Clock:
    """The clock of the processes that are started with its settings."""

    def __init__(self, folder: Path) -> None:
        file, library = folder / "clock", folder / "clock.so"
        assert COMPILER
        command = [COMPILER, "-shared", "-fPIC", "-O1", "-o", str(library), str(SOURCE)]
        subprocess.run(command, check=True)
        file.write_bytes(bytes(8))
        self._file = file
        self.settings = {"LD_PRELOAD": str(library), "CLOCK_FILE": str(file)}

    def set(self, seconds: int) -> None:
        """Have it show the true time and so many seconds more."""
        with self._file.open("r+b") as file:
            file.write(struct.pack("q", seconds))


@pytest.fixture
def pages() -> Iterator[SlowPages]:
    with slow_pages() as served:
        yield served


@pytest.fixture
def clock(tmp_path: Path) -> Clock:
    return Clock(tmp_path)


@pytest.fixture
def running(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> Iterator[RunningLibrary]:
    monkeypatch.setenv("ALEXANDRIA_FETCH_PRIVATE", "true")
    with monkeypatch.context() as patch:
        for name, value in clock.settings.items():
            patch.setenv(name, value)
        started = start_library(tmp_path / "library")
    yield started
    stop_library(started)


def write(client: httpx.Client, title: str) -> None:
    for number in range(3):
        answer = client.post("/resources", json={"title": f"{title} {number}"})
        assert answer.status_code == 201, answer.text


def forget_the_queues(running: RunningLibrary) -> None:
    with redis.Redis(unix_socket_path=str(running.folder / "redis" / "broker.sock")) as broker:
        broker.flushall()


def workers(running: RunningLibrary) -> list[int]:
    children = children_of(running.process.pid)
    return [pid for pid in children if "alexandria worker" in command_of(pid)]


def test_work_is_late_by_half_a_minute_at_most(
    running: RunningLibrary, clock: Clock, pages: SlowPages
) -> None:
    with running.client() as client:
        write(client, "waits for its delay")
        clock.set(-HOUR)
        eventually(lambda: all_fresh(client), LATE_SECONDS)

        write(client, "only the database knows of it")
        clock.set(-2 * HOUR)
        forget_the_queues(running)
        eventually(lambda: all_fresh(client), LATE_SECONDS)

        asked = client.post("/ingest", json={"url": pages.url("owls", 120)}).json()["status_url"]
        eventually(lambda: pages.asked.total() == 1)
        clock.set(-3 * HOUR)
        for pid in workers(running):
            os.killpg(pid, signal.SIGKILL)
        pages.hurry.set()
        eventually(lambda: client.get(asked).json()["state"] == "completed", LATE_SECONDS)
        eventually(lambda: all_fresh(client), LATE_SECONDS)

        write(client, "waits while the clock goes on")
        clock.set(0)
        eventually(lambda: all_fresh(client), LATE_SECONDS)
        assert client.get("/tasks/dead").json()["total"] == 0
