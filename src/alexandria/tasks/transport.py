"""Celery's Redis transport with two changes: 9 goes first, and delays are kept in Redis.

On Redis, kombu takes priority 0 first; here higher numbers go first, as SPEC says, and this is
the one place where the order is turned round.

A message with a countdown would be handed to a worker at once and wait in its memory: out of
order, beyond any prefetch limit, and delivered again when it waits longer than the visibility
timeout. So it waits in a sorted set instead, and `move_due` puts it into its queue in time.
"""

import logging
from datetime import UTC, datetime
from typing import Any

import redis
from celery import Celery
from celery.backends.redis import RedisBackend
from kombu.transport import TRANSPORT_ALIASES
from kombu.transport import redis as kombu_redis
from kombu.utils.json import dumps

logger = logging.getLogger(__name__)

DELAYED_KEY = "alexandria:delayed"
_SEPARATOR = "\n"
_MOVE_AT_ONCE = 500
LONGEST_DELAY_SECONDS = 900.0
"""No task waits longer; what seems to was queued before the clock was set back."""

_MOVE_DUE = """
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, ARGV[3])
if #due == 0 then
  due = redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. ARGV[2], '+inf', 'LIMIT', 0, ARGV[3])
end
for _, entry in ipairs(due) do
  local cut = string.find(entry, '\\n', 1, true)
  redis.call('LPUSH', string.sub(entry, 1, cut - 1), string.sub(entry, cut + 1))
end
if #due > 0 then redis.call('ZREM', KEYS[1], unpack(due)) end
return #due
"""


class Channel(kombu_redis.Channel):
    unacked_mutex_expire = 30

    def _get_message_priority(self, message: dict[str, Any], reverse: bool = False) -> int:
        del reverse
        priority: int = super()._get_message_priority(message, reverse=True)
        return priority

    def _put(self, queue: str, message: dict[str, Any], **kwargs: Any) -> None:
        due = _due(message)
        if due is None or due <= datetime.now(UTC):
            super()._put(queue, message, **kwargs)
            return
        message["headers"]["eta"] = None  # else the worker would wait once more
        key = self._q_for_pri(queue, self._get_message_priority(message))
        entry = f"{key}{_SEPARATOR}{dumps(message)}"
        with self.conn_or_acquire() as client:
            client.zadd(DELAYED_KEY, {entry: due.timestamp()})


class ResultBackend(RedisBackend):
    """Stores results as Celery's does, with two changes.

    Nobody listens for the result of a task that he queues: Celery would subscribe to a channel for
    each task, in processes that never wait for one. And a result that can't be stored is gone,
    where Celery would call the task failed whose work is committed.
    """

    def on_task_call(self, producer: Any, task_id: str) -> None:
        del producer, task_id

    def store_result(self, task_id: str, result: Any, state: str, **more: Any) -> Any:
        try:
            return super().store_result(task_id, result, state, **more)
        except (redis.ConnectionError, redis.TimeoutError) as error:
            logger.warning("The result (%s) of task %s is not kept: %s", state, task_id, error)
            return result


class Transport(kombu_redis.Transport):
    Channel = Channel


def install(app: Celery) -> None:
    """Put these in the place of kombu's and Celery's, under the names by which others know them."""
    app.loader.override_backends = dict.fromkeys(
        ("redis", "rediss"), f"{__name__}:{ResultBackend.__name__}"
    )
    for alias in ("redis", "rediss"):
        TRANSPORT_ALIASES[alias] = f"{__name__}:Transport"


def move_due(client: redis.Redis) -> int:
    """Put the messages whose time has come into their queues; give how many.

    Atomic, so any number of workers may do it at once.
    """
    moment = datetime.now(UTC).timestamp()
    impossible = moment + LONGEST_DELAY_SECONDS
    arguments = (str(moment), str(impossible), str(_MOVE_AT_ONCE))
    return int(client.eval(_MOVE_DUE, 1, DELAYED_KEY, *arguments))


def _due(message: dict[str, Any]) -> datetime | None:
    eta = message.get("headers", {}).get("eta")
    if not eta:
        return None
    due = datetime.fromisoformat(eta)
    return due if due.tzinfo else due.replace(tzinfo=UTC)
