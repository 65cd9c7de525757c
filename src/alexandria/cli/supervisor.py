"""The embedded system: its Redis servers and processes, started, watched and ended together."""

import fcntl
import json
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import redis

from alexandria import bootstrap
from alexandria.adapters.redis_server import EmbeddedRedis
from alexandria.cli.common import ended_by_signal, make_folder
from alexandria.config import get_settings
from alexandria.errors import ConflictError, UnavailableError
from alexandria.tasks.celery_app import QUEUES, URGENT_QUEUES
from alexandria.tasks.status import heartbeats

logger = logging.getLogger(__name__)

START_SECONDS = 60.0
MARGIN_SECONDS = 1.0
"""What a process has, beyond the time of its tasks, to end by itself."""
WATCH_SECONDS = 0.5
SILENT_SECONDS = 20.0
"""A worker that sends no heartbeat for so long hangs, and is started again."""
PARENT_VARIABLE = "ALEXANDRIA_PARENT_PID"


@dataclass(slots=True)
class Child:
    """One process; `worker`: its Celery name, by which its heartbeats are known."""

    name: str
    arguments: list[str]
    worker: str | None = None
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    failures: int = field(default=0)

    def start(self, logs: Path) -> None:
        environment = os.environ | {PARENT_VARIABLE: str(os.getpid())}
        with (logs / f"{self.name}.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "alexandria", *self.arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment,
                start_new_session=True,  # Ctrl-C reaches the supervisor alone
            )
        self.started = time.monotonic()

    @property
    def runs(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def send(self, what: signal.Signals) -> None:
        if self.process is not None:
            try:
                os.killpg(self.process.pid, what)
            except ProcessLookupError:
                return


class LibraryLock:
    """Held by the one `up` of a data folder; its file tells others whom to ask."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "up.lock"
        self._file = self._path.open("a+")

    def take(self) -> bool:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def write(self, facts: dict[str, Any]) -> None:
        self._file.seek(0)
        self._file.truncate()
        json.dump(facts, self._file)
        self._file.flush()

    def read(self) -> dict[str, Any]:
        self._file.seek(0)
        try:
            found: dict[str, Any] = json.load(self._file)
        except json.JSONDecodeError:
            return {}
        return found

    def release(self) -> None:
        self._file.seek(0)
        self._file.truncate()
        self.close()

    def close(self) -> None:
        """Let go of the file; what another process wrote into it stays."""
        self._file.close()


class Supervisor:
    """Starts what one library needs; `api`: arguments of the API, None to run without one."""

    def __init__(self, workers: int, api: list[str] | None = None) -> None:
        self.settings = get_settings()
        self.folder = make_folder()
        self.lock = LibraryLock(self.folder)
        self._logs = self.folder / "logs"
        self._stopping = False
        self._signals = 0
        self._servers: list[EmbeddedRedis] = []
        self.children = _children(workers, api)

    def take_lock(self) -> None:
        """Raise ConflictError when the library runs already, and say where."""
        if not self.lock.take():
            facts = self.lock.read()
            self.lock.close()
            raise ConflictError(
                f"This library runs already: {facts.get('url', 'without a page')}, "
                f"process {facts.get('pid', 'unknown')}.",
                "Use that one, stop it first, or choose another folder with --data.",
            )

    def start(self) -> None:
        """Start Redis and the processes. Raises UnavailableError if one can't be started."""
        self._logs.mkdir(exist_ok=True)
        if self.settings.embedded_redis:
            self._servers = [
                bootstrap.embedded_broker(self.settings),
                bootstrap.embedded_cache(self.settings),
            ]
        for server in self._servers:
            server.start()
        for child in self.children:
            child.start(self._logs)

    def wait_until_ready(self, url: str | None = None) -> None:
        """Return when the API answers and the workers beat. Raises UnavailableError."""
        deadline = time.monotonic() + START_SECONDS
        waiting: list[Callable[[], bool]] = [self._workers_beat]
        if url:
            waiting.append(lambda: _answers(url))
        while waiting and not self._stopping:
            waiting = [check for check in waiting if not check()]
            if time.monotonic() > deadline:
                raise UnavailableError(
                    "The processes did not come up within a minute.",
                    f"Look at the logs in {self._logs}.",
                )
            self.watch_once()
            time.sleep(0.1)

    def watch(self) -> None:
        """Keep everything alive until `ask_to_stop` is called."""
        while not self._stopping:
            self.watch_once()
            time.sleep(WATCH_SECONDS)

    def watch_once(self) -> None:
        """Start again what died or hangs."""
        for server in self._servers:
            if not server.answers():
                logger.warning("Redis (%s) does not answer; starting it again", server.name)
                self._start_server(server)
        silent = self._silent_workers()
        for child in self.children:
            if child.runs and child.worker in silent:
                logger.warning("%s sends no heartbeat; starting it again", child.name)
                child.send(signal.SIGKILL)
                if child.process:
                    child.process.wait()
            if not child.runs and not self._stopping:
                self._start_again(child)

    def ask_to_stop(self, *_: Any) -> None:
        """Have everything end (a signal handler); asked a second time, at once."""
        self._stopping = True
        self._signals += 1

    def stop(self) -> None:
        """End every process: politely first, by force after some seconds or a second signal."""
        self._stopping = True
        self._terminate(self.settings.alexandria_stop_seconds + MARGIN_SECONDS, signals=2)
        self._terminate(MARGIN_SECONDS)  # a worker now gives back what it is at
        for child in self.children:
            child.send(signal.SIGKILL)  # also what a process that ended may have left
            if child.process:
                child.process.wait()
        for server in reversed(self._servers):
            server.stop()
        self.lock.release()

    def _terminate(self, seconds: float, signals: int | None = None) -> None:
        """Ask the processes to end; return when they have, or after the time or so many signals."""
        for child in self.children:
            if child.process and child.runs:
                child.process.terminate()
        deadline = time.monotonic() + seconds
        while any(child.runs for child in self.children) and time.monotonic() < deadline:
            if signals is not None and self._signals >= signals:
                return
            time.sleep(0.05)

    def _start_server(self, server: EmbeddedRedis) -> None:
        try:
            server.start()
        except (UnavailableError, OSError) as error:
            # The library works on without it, and work waits in the database: try again soon.
            logger.warning("Redis (%s) did not start: %s", server.name, error)

    def _start_again(self, child: Child) -> None:
        lived = time.monotonic() - child.started
        child.failures = 0 if lived > START_SECONDS else child.failures + 1
        if lived < min(0.25 * 2**child.failures, 4.0):
            return  # not yet: a process that can't start must not burn the machine
        code = child.process.returncode if child.process else None
        logger.warning("%s ended (%s); starting it again", child.name, code)
        child.start(self._logs)

    def _workers_beat(self) -> bool:
        alive = {worker["name"] for worker in _heartbeats() if worker["alive"]}
        return {child.worker for child in self.children if child.worker} <= alive

    def _silent_workers(self) -> set[str]:
        """Give workers that run for a while and sent no heartbeat; none if Redis can't tell."""
        old = {
            child.worker
            for child in self.children
            if child.worker and time.monotonic() - child.started > SILENT_SECONDS * 2
        }
        ages = {worker["name"]: worker["heartbeat_seconds"] for worker in _heartbeats()}
        return {name for name in old & ages.keys() if ages[name] > SILENT_SECONDS}


@contextmanager
def running(workers: int) -> Iterator[None]:
    """Use the system that runs; else run broker and workers until the work is done."""
    supervisor = Supervisor(workers)
    if not supervisor.lock.take():
        supervisor.lock.close()
        yield
        return
    with ended_by_signal():
        try:
            supervisor.start()
            supervisor.wait_until_ready()
            yield
        finally:
            supervisor.stop()


def _children(workers: int, api: list[str] | None) -> list[Child]:
    children = [
        _worker("worker", QUEUES, workers),
        _worker("urgent", URGENT_QUEUES, 1),
        Child("beat", ["beat"]),
    ]
    return children if api is None else [Child("api", ["api", *api]), *children]


def _worker(name: str, queues: tuple[str, ...], concurrency: int) -> Child:
    node = f"{name}@{os.getpid()}"
    arguments = ["worker", "--name", node, "--queues", ",".join(queues)]
    return Child(name, [*arguments, "--concurrency", str(concurrency)], worker=node)


def _heartbeats() -> list[dict[str, Any]]:
    try:
        return heartbeats()
    except (redis.ConnectionError, redis.TimeoutError):
        return []


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/healthz", timeout=2).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False
