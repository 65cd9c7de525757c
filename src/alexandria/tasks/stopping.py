"""How a worker ends: what runs is finished, what waits in it goes back to its queue at once.

Celery's own way waits for running tasks without a limit, and hears no second signal. Here the
worker takes nothing more after the first SIGTERM or Ctrl-C, but lives on in all else (heartbeats,
acknowledgements, due messages) until its tasks are done. A second signal, or the end of the time,
ends it hard: its children are killed, and what they were at goes back too.
"""

import logging
import os
import signal
from queue import Empty, SimpleQueue
from threading import Thread
from time import monotonic
from typing import Any

import redis
from celery.worker import state
from kombu.exceptions import OperationalError

from alexandria.config import get_settings
from alexandria.tasks import deliveries
from alexandria.tasks.recovery import give_back_of, incarnation

logger = logging.getLogger(__name__)

POLL_SECONDS = 0.05


class GracefulStop:
    """`say_stopped`: tells the others that this worker is gone."""

    def __init__(self, worker: Any, say_stopped: Any) -> None:
        self._worker = worker
        self._say_stopped = say_stopped
        self._signals: SimpleQueue[int] = SimpleQueue()  # `put` is safe in a signal handler

    def install(self) -> None:
        Thread(target=self._run, name="stop", daemon=True).start()
        for one in (signal.SIGTERM, signal.SIGINT):
            signal.signal(one, lambda number, _frame: self._signals.put(number))

    def _run(self) -> None:
        self._signals.get()
        deadline = monotonic() + get_settings().alexandria_stop_seconds
        logger.info("Stopping: %d tasks are running", len(state.active_requests))
        self._worker.consumer.call_soon(self._take_no_more)
        while monotonic() < deadline and not self._asked_again():
            if not (state.reserved_requests or state.active_requests):
                state.should_stop = 0  # Celery's loop ends, and the process with it
        self._end_hard()

    def _asked_again(self) -> bool:
        try:
            self._signals.get(timeout=POLL_SECONDS)
        except Empty:
            return False
        return True

    def _take_no_more(self) -> None:
        """Runs in the worker's loop, like all that takes messages and gives them to children."""
        if consumer := self._worker.consumer.task_consumer:
            consumer.cancel()
        waiting = [arguments[0] for _, arguments, _ in self._worker.semaphore._waiting]  # noqa: SLF001
        self._worker.semaphore.clear()
        for request in waiting:
            request.reject(requeue=True)
            state.task_ready(request)

    def _end_hard(self) -> None:
        running = [task_id for task_id, one in list(state.requests.items()) if one.time_start]
        logger.warning("Ended hard; these tasks go back to their queues: %s", running)
        try:
            self._kill_children()
            deliveries.forgive(running)
            give_back_of(incarnation)
            self._say_stopped()
        except (redis.ConnectionError, redis.TimeoutError, OperationalError) as error:
            # Its heartbeat ends, so the others give back what it had, once the broker is there.
            logger.warning("Nothing given back, the broker is away: %s", error)
        finally:
            self._kill_children()  # also what was started in place of the first
            os._exit(1)

    def _kill_children(self) -> None:
        for pid in self._worker.pool.info["processes"]:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
