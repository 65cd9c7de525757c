"""The shared history: the last events of all processes, in a capped Redis stream."""

import logging
from typing import Any

import orjson
import redis

from alexandria.events.event_system import HISTORY_LENGTH, Event

logger = logging.getLogger(__name__)

STREAM = "alexandria:events"


class SharedHistory:
    def __init__(self, client: redis.Redis) -> None:
        self._client = client

    def append(self, event: Event) -> None:
        """Add an event; one that can't be added is still in the outbox."""
        try:
            self._client.xadd(
                STREAM,
                {"event": orjson.dumps(event.as_dict(), default=str)},
                maxlen=HISTORY_LENGTH * 2,
                approximate=True,
            )
        except (redis.ConnectionError, redis.TimeoutError) as error:
            logger.debug("Event %s is not in the shared history: %s", event.id, error)

    def read(self, limit: int) -> list[dict[str, Any]]:
        """Give the last events, the newest last, each once.

        Raises redis.ConnectionError or redis.TimeoutError when Redis is away.
        """
        entries: list[Any] = self._client.xrevrange(STREAM, count=HISTORY_LENGTH * 2)  # type: ignore[assignment]
        seen: set[int] = set()
        found: list[dict[str, Any]] = []
        for _, fields in entries:
            event = orjson.loads(fields[b"event"])
            if event["id"] is None or event["id"] not in seen:
                seen.add(event["id"])
                found.append(event)
        return found[:limit][::-1]
