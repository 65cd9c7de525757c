"""The embedded Redis: a private server on a Unix socket, run by the process that supervises it."""

import fcntl
import logging
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, Literal
from urllib.parse import quote

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from alexandria.adapters.redis_errors import FullDiskError
from alexandria.adapters.redis_setup import Role, configuration, find_program, socket_path
from alexandria.errors import UnavailableError

logger = logging.getLogger(__name__)

START_SECONDS = 10.0
"""How long a server may be silent while it starts; reading back stored data is not silence."""
STOP_SECONDS = 5.0
POLL_SECONDS = 0.02
MAX_LOG_BYTES = 2_000_000

Condition = Literal["ready", "loading", "silent"]


class _EndedEarlyError(UnavailableError):
    """The server's process ended while it started."""


class EmbeddedRedis:
    """One server of the library in `folder`, found by every process through folder and name.

    A lock on `NAME.lock`, which the server inherits, says without doubt whether one lives: a
    server that outlived its supervisor is taken over by the next `start`, never doubled.
    """

    def __init__(self, folder: Path, name: str, *, role: Role, maxmemory_mb: int = 256) -> None:
        """Name a server; `maxmemory_mb` limits a cache, a broker has no limit."""
        self.folder = folder.expanduser().absolute()
        self.name = name
        self.role: Role = role
        self.maxmemory_mb = maxmemory_mb
        self.pid: int | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def socket(self) -> Path:
        return socket_path(self.folder, self.name)

    @property
    def log_file(self) -> Path:
        return self.folder / f"{self.name}.log"

    def redis_url(self, db: int = 0) -> str:
        """Give the address as redis-py takes it."""
        return f"unix://{quote(str(self.socket))}?db={db}"

    def kombu_url(self, db: int = 0) -> str:
        """Give the address as Celery and kombu take it."""
        return f"redis+socket://{quote(str(self.socket))}?virtual_host={db}"

    def start(self) -> bool:
        """Start the server, or take over the living one; True if it was started here.

        Raises UnavailableError if there is no program or it does not come up.
        """
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        deadline = time.monotonic() + START_SECONDS
        while (lock := self._lock()) is None:
            condition = self.condition()
            if condition == "ready":
                self._take_over()
                return False
            if condition == "silent" and time.monotonic() > deadline:
                self._kill_silent_server()
            time.sleep(POLL_SECONDS)
        try:
            self._launch(lock)
        finally:
            os.close(lock)
        return True

    def stop(self) -> None:
        """End the server that `start` started or took over; returns when it is gone."""
        if self.pid is not None and not self._gone():
            os.kill(self.pid, signal.SIGTERM)
            if not _within(STOP_SECONDS, self._gone):
                logger.warning("Redis %s does not end, it is killed", self.name)
                os.kill(self.pid, signal.SIGKILL)
                _within(STOP_SECONDS, self._gone)
            logger.info("Redis %s stopped (pid %d)", self.name, self.pid)
        self.pid = None
        self._process = None

    def forget(self) -> None:
        """Drop all that the server stored; one that outlived its supervisor is ended."""
        if not self.folder.exists():
            return
        if self._lock_is_free():
            shutil.rmtree(self._store, ignore_errors=True)
            return
        self.start()
        self.stop()
        shutil.rmtree(self._store)

    def answers(self) -> bool:
        """Whether a server, whoever started it, answers on the socket."""
        return self.condition() == "ready"

    def condition(self) -> Condition:
        with self._client() as client:
            try:
                client.ping()
            except redis.BusyLoadingError:
                return "loading"
            except FullDiskError:
                return "ready"  # it lives; to start it again makes no room
            except redis.RedisError:
                return "silent"
        return "ready"

    def _client(self) -> redis.Redis:
        return redis.Redis(
            unix_socket_path=str(self.socket),
            socket_timeout=1.0,
            socket_connect_timeout=1.0,
            retry=Retry(NoBackoff(), 0),
        )

    def _lock(self) -> int | None:
        """Give the open lock file if no server lives, else None."""
        lock = os.open(self.folder / f"{self.name}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            return None
        return lock

    def _take_over(self) -> None:
        self.pid = self._written_pid()
        if self._process is not None and self._process.pid == self.pid:
            return  # ours, and running
        self._reap()
        logger.info("Redis %s was running, taken over (pid %s)", self.name, self.pid)

    def _written_pid(self) -> int | None:
        try:
            return int(self._pid_file.read_text())
        except (FileNotFoundError, ValueError):
            return None

    def _kill_silent_server(self) -> None:
        pid = self._written_pid()
        if pid is None:
            raise UnavailableError(
                f"Another process is starting the embedded Redis {self.name} and does not finish.",
                f"End the process that holds {self.folder / self.name}.lock and try again.",
            )
        logger.warning("Redis %s (pid %d) does not answer, it is killed", self.name, pid)
        os.kill(pid, signal.SIGKILL)
        _within(STOP_SECONDS, self._lock_is_free)

    def _lock_is_free(self) -> bool:
        lock = self._lock()
        if lock is None:
            return False
        os.close(lock)
        return True

    def _gone(self) -> bool:
        if self._process is not None:
            return self._process.poll() is not None
        return self._lock_is_free()

    def _launch(self, lock: int) -> None:
        """Start the server; stored data that it can't read is set aside, for a fresh start.

        What the broker holds can be queued again from the database, so a library that runs
        is worth more than a damaged queue.
        """
        try:
            self._run(lock)
        except _EndedEarlyError:
            if not self._has_stored_data():
                raise
            aside = self._set_aside()
            try:
                self._run(lock)
            except UnavailableError:  # not the data's fault: it goes back to its place
                shutil.rmtree(self._store)
                aside.rename(self._store)
                raise
            logger.warning("Redis %s could not read its data, now in %s", self.name, aside)

    @property
    def _pid_file(self) -> Path:
        return self.folder / f"{self.name}.pid"

    @property
    def _store(self) -> Path:
        return self.folder / self.name

    def _has_stored_data(self) -> bool:
        return any(path.is_file() for path in self._store.rglob("*"))

    def _set_aside(self) -> Path:
        aside = self.folder / f"{self.name}.unreadable"
        shutil.rmtree(aside, ignore_errors=True)
        return self._store.rename(aside)

    def _reap(self) -> None:
        """Take note of the end of a process of ours that gave the lock up."""
        if self._process is not None:
            self._process.wait()
            self._process = None

    def _run(self, lock: int) -> None:
        self._reap()
        self._store.mkdir(mode=0o700, exist_ok=True)
        self._pid_file.unlink(missing_ok=True)
        self.socket.unlink(missing_ok=True)
        self._process = process = self._spawn(lock)
        self.pid = process.pid
        deadline = time.monotonic() + START_SECONDS
        while (condition := self.condition()) != "ready":
            if process.poll() is not None:
                raise self._failure("ended", _EndedEarlyError)
            if condition == "silent" and time.monotonic() > deadline:
                process.kill()
                process.wait()
                raise self._failure("did not answer", UnavailableError)
            time.sleep(POLL_SECONDS)
        logger.info("Redis %s started (pid %d)", self.name, process.pid)

    def _spawn(self, lock: int) -> subprocess.Popen[bytes]:
        """Run the program in a session of its own, so that Ctrl-C does not end it.

        Its supervisor does, once the workers have finished.
        """
        program = find_program()
        with tempfile.TemporaryFile() as config, self._open_log() as log:
            config.write(self._configuration())
            config.seek(0)
            return subprocess.Popen(
                [program, "-"],
                stdin=config,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self.folder,
                start_new_session=True,
                pass_fds=[lock],
            )

    def _open_log(self) -> BinaryIO:
        if self.log_file.exists() and self.log_file.stat().st_size > MAX_LOG_BYTES:
            self.log_file.replace(self.log_file.with_suffix(".log.old"))
        return self.log_file.open("ab")

    def _configuration(self) -> bytes:
        paths = {
            "unixsocket": self.socket,
            "pidfile": self._pid_file,
            "logfile": self.log_file,
            "dir": self._store,
        }
        return configuration(self.role, paths, self.maxmemory_mb)

    def _failure(self, what: str, kind: type[UnavailableError]) -> UnavailableError:
        lines = self.log_file.read_text(errors="replace").splitlines()
        last = next((line for line in reversed(lines) if line.strip()), "nothing")
        return kind(
            f"The embedded Redis {self.name} {what} while starting; its last words: {last.strip()}",
            f"Look into {self.log_file}; often the disk is full or the folder is read only.",
        )


def _within(seconds: float, condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True
