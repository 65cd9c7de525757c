"""What a cache keeps of its server that is away, and of each thread that asks it."""

import logging
import threading
import time
from collections import OrderedDict

logger = logging.getLogger(__name__)

MAX_REMEMBERED_LEASES = 256


class CircuitBreaker:
    """After a failure nothing is asked for a while, then one caller tries for all."""

    def __init__(self, seconds: float = 1.0) -> None:
        self._seconds = seconds
        self._lock = threading.Lock()
        self._failing = False
        self._closed_until = 0.0

    def allows(self) -> bool:
        if not self._failing:
            return True
        with self._lock:
            now = time.monotonic()
            if self._failing and now < self._closed_until:
                return False
            self._closed_until = now + self._seconds
            return True

    def failed(self, error: Exception) -> None:
        with self._lock:
            if not self._failing:
                logger.warning("the cache is away: %s", error)
            self._failing = True
            self._closed_until = time.monotonic() + self._seconds

    def succeeded(self) -> None:
        if self._failing:
            self._failing = False
            logger.info("the cache is back")


class ThreadState(threading.local):
    """Of a thread: the leases of its misses, each for the `set` that follows, and what failed."""

    def __init__(self) -> None:
        self.leases: OrderedDict[str, bytes] = OrderedDict()
        self.invalidation_failed = False

    def keep(self, key: str, lease: bytes) -> None:
        self.leases[key] = lease
        self.leases.move_to_end(key)
        if len(self.leases) > MAX_REMEMBERED_LEASES:
            self.leases.popitem(last=False)

    def take(self, key: str) -> bytes:
        return self.leases.pop(key, b"")
