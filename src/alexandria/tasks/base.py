"""DatabaseTask: a session for each run, retries of what may pass, a log line for each attempt."""

import logging
import random
from typing import Any, ClassVar

import redis
from celery import Task
from sqlalchemy.exc import OperationalError

from alexandria.config import get_settings
from alexandria.db import new_session
from alexandria.errors import TransientError

logger = logging.getLogger(__name__)

TRANSIENT: tuple[type[Exception], ...] = (
    TransientError,
    OperationalError,
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
    seconds, doubled with each attempt, with up to a quarter of jitter.
    """

    abstract = True
    typing = False  # the caller does not give `db`, which Celery would miss
    max_retries: ClassVar[int] = 3
    default_retry_delay: ClassVar[int] = 60

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
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
        return result

    def _again(self, error: Exception) -> Exception:
        if self.request.retries >= self.max_retries:
            return error
        delay = self.retry_delay(self.request.retries)
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
