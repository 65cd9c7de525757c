"""What dies under `alexandria up` is started again, and nothing that was asked for is lost."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from conftest import RunningLibrary, all_fresh, eventually, start_library, stop_library

pytestmark = pytest.mark.alone

AGAIN_SECONDS = 5.0


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningLibrary]:
    started = start_library(tmp_path_factory.mktemp("library"))
    yield started
    stop_library(started)


def children(pid: int) -> dict[int, str]:
    """Give the processes that one started, with their command lines."""
    found = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdecimal():
            continue
        try:
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if parent == pid:
            found[int(entry.name)] = command
    return found


def the_one(running: RunningLibrary, words: str) -> int | None:
    found = [pid for pid, line in children(running.process.pid).items() if words in line]
    return found[0] if found else None


@pytest.mark.parametrize(
    "words", ["alexandria api", "alexandria beat", "--name urgent@", "broker.sock", "cache.sock"]
)
def test_what_is_killed_is_back_within_five_seconds(watched: RunningLibrary, words: str) -> None:
    before = the_one(watched, words)
    assert before
    os.kill(before, signal.SIGKILL)
    killed = time.monotonic()
    eventually(lambda: the_one(watched, words) not in {None, before}, 15)
    assert time.monotonic() - killed < AGAIN_SECONDS
    with watched.client() as client:

        def made() -> httpx.Response | None:
            """The API takes writes."""
            try:
                answer = client.post("/resources", json={"title": f"After {words}"})
            except httpx.TransportError:
                return None
            return answer if answer.status_code == httpx.codes.CREATED else None

        eventually(made)
        eventually(lambda: all_fresh(client), 60)
