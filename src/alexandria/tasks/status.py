"""How the workers and their queues stand."""

import time
from typing import Any

import orjson
import redis

from alexandria.bootstrap import broker_client
from alexandria.tasks.celery_app import QUEUES, celery_app
from alexandria.tasks.transport import DELAYED_KEY

HEARTBEAT_SECONDS = 2.0
HEARTBEAT_TTL_SECONDS = 60
ALIVE_SECONDS = 10.0
_INSPECT_SECONDS = 0.25
_HEARTBEAT_KEY = "alexandria:worker:"
_SEPARATOR = "\x06\x16"
"""Between queue and priority, as kombu names its lists."""


def beat(name: str, facts: dict[str, Any]) -> None:
    """Say that a worker lives, what it runs and from which queues it takes."""
    value = orjson.dumps(facts | {"at": time.time()})
    broker_client().set(f"{_HEARTBEAT_KEY}{name}", value, ex=HEARTBEAT_TTL_SECONDS)


def heartbeats() -> list[dict[str, Any]]:
    """Give what each worker last said of itself; one that was silent too long is not alive."""
    client = broker_client()
    keys = sorted(client.scan_iter(match=f"{_HEARTBEAT_KEY}*", count=1000))
    values = client.mget(keys) if keys else []
    found = []
    for key, value in zip(keys, values, strict=True):
        if value is None:
            continue
        facts = orjson.loads(value)
        age = max(0.0, time.time() - facts.pop("at"))
        name = key.decode().removeprefix(_HEARTBEAT_KEY)
        alive = age < ALIVE_SECONDS and not facts.pop("stopped", False)
        found.append({"name": name, "alive": alive, "heartbeat_seconds": round(age, 1), **facts})
    return found


def worker_status() -> dict[str, Any]:
    """Give heartbeats, and what the living workers answer to Celery's inspect.

    Raises redis.ConnectionError when the broker is away.
    """
    workers = heartbeats()
    alive = [worker["name"] for worker in workers if worker["alive"]]
    inspect = celery_app.control.inspect(timeout=_INSPECT_SECONDS, limit=len(alive) or 1)
    answers = {
        name: (getattr(inspect, name)() or {}) if alive else {}
        for name in ("active", "scheduled", "stats")
    }
    return answers | {"workers": workers}


def queue_depths() -> dict[str, int]:
    """Count the waiting messages of each queue, and those whose time has not come."""
    steps = range(10)
    with broker_client().pipeline(transaction=False) as pipe:
        for queue in QUEUES:
            for step in steps:
                pipe.llen(f"{queue}{_SEPARATOR}{step}" if step else queue)
        pipe.zcard(DELAYED_KEY)
        *lengths, delayed = pipe.execute()
    depths = {
        queue: sum(lengths[index * len(steps) : (index + 1) * len(steps)])
        for index, queue in enumerate(QUEUES)
    }
    return depths | {"delayed": delayed}


def waiting_messages() -> int:
    """Count the messages that workers could take at this moment."""
    return sum(count for queue, count in queue_depths().items() if queue != "delayed")


def broker_answers() -> bool:
    try:
        return bool(broker_client().ping())
    except (redis.ConnectionError, redis.TimeoutError):
        return False
