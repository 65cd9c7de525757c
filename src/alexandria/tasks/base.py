"""DatabaseTask: a session for each run, retries of what may pass, a dead letter for what does not."""

import logging
import random
from collections.abc import Sequence
from typing import Any, ClassVar

import redis
from celery import Task
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from alexandria.bootstrap import Services
from alexandria.config import get_settings
from alexandria.db import new_session, writing
from alexandria.errors import AlexandriaError, TransientError
from alexandria.log import correlation_id
from alexandria.models import DeadLetter
from alexandria.services.dead_letters import Failure
from alexandria.tasks import deliveries

logger = logging.getLogger(__name__)

TRANSIENT: tuple[type[Exception], ...] = (
    TransientError,
    OperationalError,
    PoolTimeoutError,
    redis.ConnectionError,
    redis.TimeoutError,
    ConnectionError,
    TimeoutError,
)
"""Faults that are likely to pass; any other error is permanent, and is not tried again."""

_LONGEST_DELAY_SECONDS = 600


class DatabaseTask(Task):
    """Gives the task its session as `db`, commits at its end, rolls back on an error.

    A transient error is tried again up to `max_retries` times, after `default_retry_delay`
    seconds, doubled with each attempt, with up to a quarter of jitter, and not before the error
    says that it is of use. What still fails then, a
    permanent error, and a task whose worker dies each time end as dead letters.
    """

    abstract = True
    typing = False  # the caller does not give `db`, which Celery would miss
    max_retries: ClassVar[int] = 3
    default_retry_delay: ClassVar[int] = 60

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        deliveries.begin(self)
        session = new_session()
        try:
            result = self.run(*args, db=session, **kwargs)
            session.commit()
        except TRANSIENT as error:
            session.rollback()
            raise self._again(error) from error
        except BaseException:
            session.rollback()
            raise
        finally:
            session.close()
            deliveries.end(self)
        return result

    def on_failure(self, exc: Exception, task_id: str, args: Any, kwargs: Any, einfo: Any) -> None:
        """Keep a dead letter (Celery calls this in the worker once the task failed for good)."""
        del task_id, kwargs
        with writing() as session:
            self.bury(Services(session), args, exc, str(einfo.traceback) if einfo else "")

    def bury(self, services: Services, args: Sequence[Any], error: Exception, trace: str) -> None:
        """Mark the task's work as failed, and keep a dead letter of it."""
        failure = Failure(
            error=f"{type(error).__name__}: {error}",
            remedy=error.remedy if isinstance(error, AlexandriaError) else None,
            traceback=trace,
            attempts=deliveries.attempts(self),
            task_id=self.request.id or "",
            correlation_id=correlation_id.get(),
        )
        services.dead_letters.record(self.name, args, failure)
        self.mark_failed(services, args, error)
        logger.error("%s %s is a dead letter now: %s", self.name, args, failure.error)

    def mark_failed(self, services: Services, args: Sequence[Any], error: Exception) -> None:
        """Note the failure where the work itself is kept; tasks without such a place do nothing."""

    def revive(self, services: Services, letter: DeadLetter) -> None:
        """Take that note back, so that the task finds its work undone again."""

    def _again(self, error: Exception) -> Exception:
        if self.request.retries >= self.max_retries:
            return error
        delay = self.retry_delay(self.request.retries)
        if isinstance(error, TransientError) and error.retry_after:
            delay = min(max(delay, error.retry_after), _LONGEST_DELAY_SECONDS)
        logger.warning(
            "%s %s: attempt %d failed, trying again in %.1f s: %s",
            *(self.name, self.request.args, self.request.retries + 1, delay, error),
        )
        again: Exception = self.retry(exc=error, countdown=delay, throw=False)
        return again

    def retry_delay(self, retries: int) -> float:
        """Give the seconds to wait after the attempt with that many retries before it."""
        delay = min(self.default_retry_delay * 2**retries, _LONGEST_DELAY_SECONDS)
        jitter = 1 + random.random() / 4  # noqa: S311
        return get_settings().scaled(delay * jitter)
