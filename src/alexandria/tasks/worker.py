"""What a worker does besides its tasks: hooks in each child, heartbeats, moving due messages."""

import logging
import os
from typing import Any

import redis
from celery import bootsteps, signals
from celery.worker import state
from kombu.exceptions import OperationalError

from alexandria import bootstrap
from alexandria.config import get_settings
from alexandria.events import SystemEvent, event_emitter
from alexandria.log import configure_logging, correlation_id
from alexandria.tasks.celery_app import celery_app
from alexandria.tasks.hooks import register_all_hooks
from alexandria.tasks.pool_reports import PoolReporter
from alexandria.tasks.recovery import RECOVER_SECONDS, give_back, incarnation, keep_apart
from alexandria.tasks.status import HEARTBEAT_SECONDS, beat
from alexandria.tasks.stopping import GracefulStop
from alexandria.tasks.transport import move_due

logger = logging.getLogger(__name__)

MOVE_SECONDS = 0.1


class Upkeep(bootsteps.StartStopStep):
    """Tells that the worker lives, and puts delayed messages into their queues in time."""

    requires = ("celery.worker.components:Timer",)

    def start(self, worker: Any) -> None:
        self.worker = worker
        self._say_alive()
        self._give_back()  # what the one before under this name had taken
        GracefulStop(worker, self._say_stopped).install()
        worker.timer.call_repeatedly(HEARTBEAT_SECONDS, self._say_alive)
        worker.timer.call_repeatedly(MOVE_SECONDS, self._move_due)
        worker.timer.call_repeatedly(RECOVER_SECONDS, self._give_back)

    def stop(self, worker: Any) -> None:
        del worker
        self._say_stopped()

    def _say_alive(self) -> None:
        self._say(running=[_as_running(one) for one in tuple(state.active_requests)])

    def _say_stopped(self) -> None:
        self._say(running=[], stopped=True)

    def _say(self, **more: Any) -> None:
        facts = {
            "pid": os.getpid(),
            "name": self.worker.hostname,
            "done": sum(state.total_count.values()),
            "queues": [queue.name for queue in self.worker.app.amqp.queues.consume_from.values()],
            "concurrency": self.worker.concurrency,
        }
        try:
            beat(incarnation, facts | more)
        except (redis.ConnectionError, redis.TimeoutError) as error:
            logger.debug("No heartbeat, the broker is away: %s", error)

    def _move_due(self) -> None:
        try:
            move_due(bootstrap.broker_client())
        except (redis.ConnectionError, redis.TimeoutError, redis.ResponseError) as error:
            logger.debug("Nothing moved, the broker is away: %s", error)

    def _give_back(self) -> None:
        try:
            give_back()
        except (redis.ConnectionError, redis.TimeoutError, OperationalError) as error:
            logger.debug("Nothing given back, the broker is away: %s", error)


def _as_running(request: Any) -> dict[str, Any]:
    return {"id": request.id, "name": request.name, "started": request.time_start}


celery_app.steps["worker"].add(Upkeep)
keep_apart()


@signals.setup_logging.connect
def _log_as_we_do(**_: Any) -> None:
    settings = get_settings()
    configure_logging(settings.alexandria_log_level, as_json=settings.alexandria_log_json)


@signals.worker_process_init.connect
def _prepare_child(**_: Any) -> None:
    register_all_hooks()
    PoolReporter().start()


@signals.worker_process_shutdown.connect
def _leave_child(**_: Any) -> None:
    bootstrap.close()


@signals.task_prerun.connect
def _begin(task: Any, task_id: str, **_: Any) -> None:
    request = task.request
    headers = request.headers or {}
    correlation_id.set(headers.get("alexandria_correlation_id") or request.root_id or task_id)
    data = {"task_id": task_id, "task": task.name, "attempt": request.retries + 1}
    event_emitter.emit(SystemEvent.BACKGROUND_TASK_STARTED, data)


@signals.task_postrun.connect
def _end(task: Any, task_id: str, state: str, **_: Any) -> None:
    failed = state in {"FAILURE", "REVOKED"}
    event_emitter.emit(
        SystemEvent.BACKGROUND_TASK_FAILED if failed else SystemEvent.BACKGROUND_TASK_COMPLETED,
        {"task_id": task_id, "task": task.name, "state": state},
    )
    correlation_id.set(None)
