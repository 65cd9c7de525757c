"""A library for each test that asks for one, and a running system for each module that does."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from alexandria import bootstrap
from alexandria.config import get_settings
from alexandria.db import dispose_engine
from alexandria.events import event_emitter, outbox
from empty_database import put_empty_database
from in_process_worker import empty_library, own_redis
from postgres_server import PostgresServer, run_postgres

START_SECONDS = 90
QUICK = {
    "ALEXANDRIA_TIME_SCALE": "0.1",
    "ALEXANDRIA_STALE_GRACE": "10",
    "ALEXANDRIA_LEASE_SECONDS": "10",
}


@dataclass
class RunningLibrary:
    """`alexandria up` in a process of its own, on a free port, in a temporary folder."""

    url: str
    sign_in_url: str
    api_token: str
    folder: Path
    process: subprocess.Popen[str]

    def client(self) -> httpx.Client:
        headers = {"Authorization": f"Bearer {self.api_token}"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=30)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def eventually(check: Callable[[], Any], seconds: float = 30) -> Any:
    """Give the first true answer. Fails when the time is up."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := check():
            return found
        time.sleep(0.1)
    pytest.fail(f"did not come about within {seconds} s: {check.__doc__ or check}")


def all_fresh(client: httpx.Client) -> bool:
    """Every derivation of every resource is fresh."""
    found = client.get("/consistency").json()
    figures = found["derivations"].values()
    return all(
        one["fresh"] == found["resources"] and one["pending"] + one["stale"] + one["failed"] == 0
        for one in figures
    )


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give the folder of an empty, migrated library that this process uses."""
    monkeypatch.setenv("ALEXANDRIA_DATA_DIR", str(tmp_path))
    get_settings.cache_clear()
    put_empty_database(tmp_path / "alexandria.db")
    yield tmp_path
    dispose_engine()
    get_settings.cache_clear()


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    with run_postgres() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Give the address of an empty database, on both servers in turn; SQLite's has no schema."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'library.db'}"
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    with server.database() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def either_library(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """Give the folder of an empty library that this process uses, on both databases in turn."""
    if request.param == "sqlite":
        yield request.getfixturevalue("library")
        return
    with pytest.MonkeyPatch.context() as patch:
        server: PostgresServer = request.getfixturevalue("postgres")
        with server.database() as url:
            patch.setenv("ALEXANDRIA_DATA_DIR", str(tmp_path))
            patch.setenv("DATABASE_URL", url)
            get_settings.cache_clear()
            yield tmp_path
            dispose_engine()
    get_settings.cache_clear()


@pytest.fixture(scope="module")
def redis_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Give a folder whose Redis servers run as long as the module's tests do."""
    folder = tmp_path_factory.mktemp("library")
    with own_redis(folder):
        yield folder
        bootstrap.close()


@pytest.fixture
def library_with_redis(redis_folder: Path) -> Iterator[Path]:
    """Give the folder of an empty library on SQLite, with empty Redis servers."""
    with empty_library(redis_folder) as folder:
        yield folder


@pytest.fixture(params=["sqlite", "postgresql"])
def either_with_redis(request: pytest.FixtureRequest, redis_folder: Path) -> Iterator[Path]:
    """Give the folder of an empty library with empty Redis servers, on both databases in turn."""
    if request.param == "sqlite":
        with empty_library(redis_folder) as folder:
            yield folder
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    with server.database() as url, empty_library(redis_folder, url) as folder:
        yield folder


@pytest.fixture(autouse=True)
def _own_environment() -> Iterator[None]:
    """Take back what a command that ran in this process set for those it would start."""
    before = dict(os.environ)
    yield
    if os.environ.get("ALEXANDRIA_DATA_DIR") != before.get("ALEXANDRIA_DATA_DIR"):
        os.environ.clear()
        os.environ.update(before)
        get_settings.cache_clear()


@pytest.fixture(autouse=True)
def _quiet_emitter() -> Iterator[None]:
    """Take away the handlers that a test registered."""
    yield
    event_emitter._handlers.clear()
    event_emitter._history.clear()
    outbox.set_queue(None)


@pytest.fixture(scope="module")
def running_library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningLibrary]:
    started = start_library(tmp_path_factory.mktemp("library"))
    yield started
    stop_library(started)


def start_library(folder: Path, *, quick: bool = True) -> RunningLibrary:
    """Start it; `quick` shortens delays and leases, else they are those of a real library."""
    environment = os.environ | (QUICK if quick else {})
    command = [sys.executable, "-m", "alexandria", "up", "--json", "--data", str(folder)]
    process = subprocess.Popen(
        [*command, "--port", str(free_port()), "--workers", "1"],
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )
    assert process.stdout
    line = process.stdout.readline()
    assert line, f"`up` ended with {process.wait(START_SECONDS)}"
    facts = json.loads(line)
    sign_in = facts["url"]
    return RunningLibrary(
        sign_in.partition("/ui/")[0], sign_in, facts["api_token"], folder, process
    )


def stop_library(running: RunningLibrary) -> None:
    running.process.send_signal(signal.SIGTERM)
    running.process.wait(timeout=30)
    assert running.process.stdout
    running.process.stdout.close()
