"""What keeps a cache that is away from doing harm: no waiting for it, no stale value after it."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from alexandria.adapters.cache_names import family_of, spans_families

logger = logging.getLogger(__name__)

MAX_PENDING = 1000
EVERYTHING = "*"


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


@dataclass(slots=True)
class PendingInvalidations:
    """Invalidations that could not be done, to be done before any value is served again.

    At most MAX_PENDING keys and patterns are kept one by one; beyond that whole families.
    """

    keys: set[str] = field(default_factory=set)
    patterns: set[str] = field(default_factory=set)
    families: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __bool__(self) -> bool:
        return bool(self.keys or self.patterns or self.families)

    def remember_key(self, key: str) -> None:
        with self._lock:
            self.keys.add(key)
            self._keep_bounded()

    def remember_pattern(self, pattern: str) -> None:
        with self._lock:
            self.patterns.add(pattern)
            self._keep_bounded()

    def apply(
        self,
        delete: Callable[[str], object],
        delete_pattern: Callable[[str], object],
        flush: Callable[[str], object],
    ) -> None:
        """Do them all; if one fails all stay remembered. Readers wait meanwhile."""
        with self._lock:
            for name in self.families:
                flush(name)
            for pattern in self.patterns:
                delete_pattern(pattern)
            for key in self.keys:
                delete(key)
            self._clear()

    def _clear(self) -> None:
        self.keys.clear()
        self.patterns.clear()
        self.families.clear()

    def _keep_bounded(self) -> None:
        if len(self.keys) + len(self.patterns) <= MAX_PENDING:
            return
        families = self.families | {family_of(name) for name in self.keys | self.patterns}
        everything = len(families) > MAX_PENDING or any(map(spans_families, self.patterns))
        self._clear()
        if everything:
            self.patterns.add(EVERYTHING)
        else:
            self.families.update(families)
