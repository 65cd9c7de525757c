"""How long a task is held up when what runs it is killed with -9.

    python benchmarks/hold_up.py [--repeats 20] [--json OUT]

A task here fetches a page from a server of our own that does not answer; its second request for the
page is the task running again. Runs the library as `alexandria up` does, in a temporary folder, with
the settings as they are, and for workers of another host a broker with two workers that nobody starts
again. The p99 of so few repeats is their maximum.
"""

import argparse
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from threading import Event, Thread
from typing import Any

import httpx

from alexandria.bootstrap import Services, embedded_broker, embedded_cache
from alexandria.config import get_settings
from alexandria.db import get_engine, writing
from alexandria.migrations import migrate
from alexandria.tasks.celery_tasks.ingestion import queue_ingestions
from alexandria.tasks.status import heartbeats

WITHIN_SECONDS = 180.0
LONG_SECONDS = 600


class Pages:
    """Pages that come once they are let go; `asked`: when each was asked for."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.asked: dict[str, list[float]] = {}
        self.free: dict[str, Event] = {}
        self._numbers = count(1)

    def new(self) -> str:
        name = f"page{next(self._numbers)}"
        self.asked[name], self.free[name] = [], Event()
        return name

    def url(self, name: str) -> str:
        return f"http://127.0.0.1:{self.port}/{name}"

    def wait(self, name: str, times: int) -> float:
        """Give when the page was asked for so many times."""
        until(lambda: len(self.asked[name]) >= times)
        return self.asked[name][times - 1]


def main() -> None:
    options = _options()
    os.environ["ALEXANDRIA_FETCH_PRIVATE"] = "true"
    os.environ["ALEXANDRIA_FETCH_SECONDS"] = str(LONG_SECONDS)
    report: dict[str, Any] = {}
    with _pages() as pages:
        with tempfile.TemporaryDirectory() as folder, _library(Path(folder)) as (client, pid):
            for name, hold_up in (
                ("a killed child", _child),
                ("a killed worker, started again by up", _worker),
                ("a killed broker, until what was queued runs", _broker),
            ):
                _measure(report, name, lambda: hold_up(client, pid, pages), options.repeats)  # noqa: B023
        with tempfile.TemporaryDirectory() as folder, _two_workers(Path(folder)) as workers:
            name = "a killed worker, not started again"
            _measure(report, name, lambda: _elsewhere(workers, pages), options.repeats)
    report["settings"] = _settings()
    print(f"settings: {report['settings']}")
    if options.json:
        options.json.write_text(json.dumps(report, indent=2) + "\n")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


def _measure(report: dict[str, Any], name: str, hold_up: Callable[[], float], repeats: int) -> None:
    seconds = sorted(hold_up() for _ in range(repeats))
    figures = {"p50": statistics.median(seconds), "p99": seconds[-1], "least": seconds[0]}
    report[name] = {key: round(value, 2) for key, value in figures.items()} | {"repeats": repeats}
    print(f"{name}: {report[name]}", flush=True)


def _child(client: httpx.Client, _: int, pages: Pages) -> float:
    name, ingestion = _ask_for(client, pages)
    child = _running(client, ingestion)
    return _held_up(pages, name, lambda: os.kill(child, signal.SIGKILL))


def _worker(client: httpx.Client, _: int, pages: Pages) -> float:
    name, ingestion = _ask_for(client, pages)
    worker = _parent(_running(client, ingestion))
    return _held_up(pages, name, lambda: os.killpg(worker, signal.SIGKILL))


def _broker(client: httpx.Client, up: int, pages: Pages) -> float:
    """All children are busy when the broker dies, end a moment later, and another task waits."""
    busy = [_ask_for(client, pages)[0] for _ in range(3)]
    name = pages.new()
    client.post("/ingest", json={"url": pages.url(name)}).raise_for_status()
    time.sleep(0.5)
    killed = time.monotonic()
    os.kill(_broker_of(up), signal.SIGKILL)
    for one in busy:
        pages.free[one].set()
    took = pages.wait(name, 1) - killed
    pages.free[name].set()
    _all_done(client)
    return took


def _elsewhere(workers: "Workers", pages: Pages) -> float:
    name = pages.new()
    with writing() as session:
        made = Services(session).ingestion.submit_url(pages.url(name))
    queue_ingestions([made.id])
    pages.wait(name, 1)
    took = _held_up(pages, name, workers.kill_the_busy_one)
    workers.start()
    return took


def _held_up(pages: Pages, name: str, kill: Callable[[], None]) -> float:
    kill()
    killed = time.monotonic()
    took = pages.wait(name, 2) - killed
    pages.free[name].set()
    time.sleep(1)  # so that what comes next finds all at rest
    return took


def _ask_for(client: httpx.Client, pages: Pages) -> tuple[str, str]:
    """Give the page that is being fetched now, and its ingestion."""
    name = pages.new()
    answer = client.post("/ingest", json={"url": pages.url(name)}).raise_for_status()
    pages.wait(name, 1)
    return name, answer.json()["ingestion_id"]


def _running(client: httpx.Client, ingestion: str) -> int:
    """Give the process that runs an ingestion."""

    def found() -> int | None:
        active = client.get("/workers/status").json()["active"].values()
        tasks = [task for worker in active for task in worker]
        pids = [task["worker_pid"] for task in tasks if task["args"] == [ingestion]]
        return pids[0] if pids else None

    until(found)
    pid = found()
    assert pid
    return pid


def _all_done(client: httpx.Client) -> None:
    def done() -> bool:
        states = ("queued", "running")
        left = [client.get("/ingestions", params={"state": one}).json()["total"] for one in states]
        return sum(left) == 0

    until(done)


def _parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def _broker_of(up: int) -> int:
    children = Path(f"/proc/{up}/task/{up}/children").read_text().split()
    lines = {pid: Path(f"/proc/{pid}/cmdline").read_text() for pid in map(int, children)}
    return next(pid for pid, line in lines.items() if "broker.sock" in line)


class Workers:
    """Two workers at a time, each with a name of its own."""

    def __init__(self) -> None:
        self._numbers = count(1)
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def start(self) -> None:
        name = f"worker@host{next(self._numbers)}"
        command = [sys.executable, "-m", "alexandria", "worker", "--name", name]
        self.processes[name] = subprocess.Popen(
            [*command, "--concurrency", "1"],
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until(lambda: name in {one["name"] for one in heartbeats() if one["alive"]})

    def kill_the_busy_one(self) -> None:
        busy: list[str] = []

        def found() -> bool:
            alive = [one for one in heartbeats() if one["name"] in self.processes]
            busy[:] = [one["name"] for one in alive if one["running"]]
            return bool(busy)

        until(found)
        process = self.processes.pop(busy[0])
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@contextmanager
def _two_workers(folder: Path) -> Iterator[Workers]:
    os.environ["ALEXANDRIA_DATA_DIR"] = str(folder)
    get_settings.cache_clear()
    migrate(get_engine())
    servers = [embedded_broker(get_settings()), embedded_cache(get_settings())]
    for server in servers:
        server.start()
    workers = Workers()
    try:
        for _ in range(2):
            workers.start()
        yield workers
    finally:
        for process in workers.processes.values():
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        for server in servers:
            server.stop()


@contextmanager
def _library(folder: Path) -> Iterator[tuple[httpx.Client, int]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "alexandria", "up", "--json", "--data", str(folder)]
    with subprocess.Popen([*command, "--port", str(port)], stdout=subprocess.PIPE) as process:
        assert process.stdout
        facts = json.loads(process.stdout.readline())
        headers = {"Authorization": f"Bearer {facts['api_token']}"}
        url = f"http://127.0.0.1:{port}"
        try:
            with httpx.Client(base_url=url, headers=headers, timeout=60) as client:
                yield client, process.pid
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)


@contextmanager
def _pages() -> Iterator[Pages]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = self.path.strip("/")
            pages.asked[name].append(time.monotonic())
            pages.free[name].wait()
            body = f"<html><title>About {name}</title><p>All of {name} {'and more ' * 50}".encode()
            try:
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            except ConnectionError:  # who asked was killed meanwhile
                self.close_connection = True

        def log_message(self, *arguments: object) -> None:
            del arguments

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        pages = Pages(server.server_address[1])
        Thread(target=server.serve_forever, daemon=True).start()
        yield pages
        server.shutdown()


def _settings() -> dict[str, float]:
    settings = get_settings()
    names = ("alexandria_stale_grace", "alexandria_lease_seconds", "alexandria_visibility_timeout")
    return {name.upper(): getattr(settings, name) for name in names}


def until(check: Callable[[], Any]) -> None:
    deadline = time.monotonic() + WITHIN_SECONDS
    while not check():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {WITHIN_SECONDS} s")
        time.sleep(0.005)


if __name__ == "__main__":
    main()
