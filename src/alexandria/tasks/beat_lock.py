"""One Beat at a time, wherever it runs: a lease in the broker that is renewed while it lives."""

import logging
import os
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import cast

import redis

from alexandria.bootstrap import broker_client
from alexandria.config import get_settings
from alexandria.db import new_id

logger = logging.getLogger(__name__)

KEY = "alexandria:beat:holder"
LEASE_SECONDS = 15.0
_RENEW = """
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] and holder ~= ARGV[3] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
"""
_RELEASE = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end"


class BeatLock:
    """`lost`: called, in a thread, when another took the lease, as after a long standstill."""

    def __init__(self, lost: Callable[[], None]) -> None:
        self._lost = lost
        self._name = f"{_place()} {os.getpid()} {new_id()}"
        self._lease = get_settings().scaled(LEASE_SECONDS)
        self._held_until = 0.0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="beat-lock", daemon=True)

    @property
    def held(self) -> bool:
        """Whether nobody else can hold it at this moment."""
        return time.monotonic() < self._held_until

    def take(self) -> None:
        """Wait until the lease is ours, and renew it from then on."""
        told = False
        while not self._renew():
            if not told:
                logger.info("Another Beat runs; this one waits until it ends")
                told = True
            time.sleep(self._lease / 10)
        self._thread.start()

    def release(self) -> None:
        self._ended.set()
        self._thread.join()
        try:
            broker_client().eval(_RELEASE, 1, KEY, self._name)
        except (redis.ConnectionError, redis.TimeoutError) as error:
            logger.warning("Another Beat has to wait for the lease to run out: %s", error)

    def _keep(self) -> None:
        while not self._ended.wait(self._lease / 5):
            if not self._renew() and not self.held and self._is_foreign():
                logger.error("Another Beat took over; this one ends")
                self._lost()
                return

    def _renew(self) -> bool:
        """Take or renew the lease; False if another has it, or the broker is away."""
        asked = time.monotonic()
        try:
            holder = _holder()
            dead = holder if _is_dead_neighbour(holder) else ""
            lease = round(self._lease * 1000)
            ours = broker_client().eval(_RENEW, 1, KEY, self._name, lease, dead)
        except (redis.ConnectionError, redis.TimeoutError) as error:
            logger.warning("The lease of Beat can't be renewed now: %s", error)
            return False
        if ours:
            self._held_until = asked + self._lease
        return bool(ours)

    def _is_foreign(self) -> bool:
        try:
            return _holder() not in {"", self._name}
        except (redis.ConnectionError, redis.TimeoutError):
            return False


def is_held_here() -> bool:
    """Tell whether the Beat that has the lease is a process of this place, and lives."""
    holder = _holder()
    return holder.startswith(f"{_place()} ") and not _is_dead_neighbour(holder)


def _holder() -> str:
    return (cast("bytes | None", broker_client().get(KEY)) or b"").decode()


def _place() -> str:
    """Name the machine, or the container, in which process ids mean what they mean here."""
    try:
        processes = str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        processes = "-"
    return f"{socket.gethostname()} {processes}"


def _is_dead_neighbour(holder: str) -> bool:
    """Whether the holder was a process of this place that is gone, so that nobody need wait."""
    if not holder.startswith(f"{_place()} "):
        return False
    pid = int(holder.split()[-2])
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
