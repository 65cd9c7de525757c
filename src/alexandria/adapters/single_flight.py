"""One computation for all threads of a process that want the same value at once."""

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass(slots=True)
class _Flight:
    done: threading.Event = field(default_factory=threading.Event)
    value: Any = None
    error: BaseException | None = None
    good_for: float = -math.inf
    """The result is no older than what a caller knew who arrived by this time."""

    def result(self) -> Any:
        if self.error is not None:
            raise self.error
        return self.value


class SingleFlight:
    """A caller takes what another thread computes only if that is as fresh as its own would be."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._flights: dict[str, _Flight] = {}

    def run(
        self,
        key: str,
        *,
        look: Callable[[], Any | None],
        compute: Callable[[], T],
        store: Callable[[T], bool],
    ) -> T:
        """Give what is found or computed, here or in a thread that is at it: two waits at most.

        `store` says whether the value was taken, that is, not invalidated since `look`.
        """
        arrived = time.monotonic()
        while True:
            flight, leads = self._join(key)
            if leads:
                self._lead(key, flight, look, compute, store)
            flight.done.wait()
            if leads or arrived <= flight.good_for:
                return flight.result()  # type: ignore[no-any-return]

    def _join(self, key: str) -> tuple[_Flight, bool]:
        with self._lock:
            flight = self._flights.get(key)
            if flight is not None:
                return flight, False
            self._flights[key] = flight = _Flight()
            return flight, True

    def _lead(
        self,
        key: str,
        flight: _Flight,
        look: Callable[[], Any | None],
        compute: Callable[[], T],
        store: Callable[[T], bool],
    ) -> None:
        flight.good_for = time.monotonic()
        try:
            flight.value = look()
            if flight.value is None:
                flight.value = compute()
                computed = time.monotonic()
                if store(flight.value):
                    flight.good_for = computed
        except BaseException as error:  # noqa: BLE001 - raised by run, in every thread that waits
            flight.error = error
        finally:
            with self._lock:
                del self._flights[key]
            flight.done.set()
