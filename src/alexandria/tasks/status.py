"""How the workers and their queues stand."""

import time
from dataclasses import dataclass, replace
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
_HEARTBEATS = "alexandria:workers"
_OF_BEATS = frozenset({"age", "at", "stopped"})
"""Facts of a heartbeat that say whether its worker lives."""
SEPARATOR = "\x06\x16"
"""Between queue and priority, as kombu names its lists."""


@dataclass(frozen=True, slots=True)
class _Sighting:
    """What this process knows of a heartbeat; `born` and `looked` on its steady clock.

    `beats`: whether one came since the first look.
    """

    at: float
    born: float
    looked: float
    beats: bool = False


_seen: dict[str, _Sighting] = {}


def beat(incarnation: str, facts: dict[str, Any]) -> None:
    """Say that a worker process lives, what it runs and from which queues it takes."""
    value = orjson.dumps(facts | {"at": time.time(), "incarnation": incarnation})
    broker_client().hset(_HEARTBEATS, incarnation, value)


def heartbeats() -> list[dict[str, Any]]:
    """Give what each worker last said of itself, by name; a silent one is not alive.

    A worker that was started again under its name takes the place of the one before.
    """
    newest = {facts["name"]: facts for facts in sorted(_beats(), key=lambda one: -one["age"])}
    return [_as_worker(facts) for _, facts in sorted(newest.items())]


def dead_incarnations() -> list[str]:
    """Give the worker processes that ended without a word, or were replaced under their name.

    One that goes on beating was not replaced: two workers run under one name.
    """
    newest = {worker["incarnation"] for worker in heartbeats()}
    return [
        facts["incarnation"]
        for facts in _beats()
        if not (_is_alive(facts) and (facts["incarnation"] in newest or _still_beats(facts)))
    ]


def forget_incarnation(incarnation: str) -> None:
    """Drop the heartbeat of a dead process, once it is old enough that nobody asks for it."""
    client = broker_client()
    found = client.hget(_HEARTBEATS, incarnation)
    if found and _age(orjson.loads(found)) > HEARTBEAT_TTL_SECONDS:
        client.hdel(_HEARTBEATS, incarnation)
        _seen.pop(incarnation, None)


def _beats() -> list[dict[str, Any]]:
    said = [orjson.loads(value) for value in broker_client().hvals(_HEARTBEATS)]
    return [facts | {"age": _age(facts)} for facts in said]


def _age(facts: dict[str, Any]) -> float:
    """Give the seconds since a heartbeat, also when the clock was set meanwhile.

    Its time is believed when it is new to this process; from then on a steady clock counts. What
    came since the last look is no older than that look.
    """
    at, moment = facts["at"], time.monotonic()
    last = _seen.get(facts["incarnation"])
    if last is None or last.at != at:
        age = max(0.0, time.time() - at)
        age = age if last is None else min(age, moment - last.looked)
        last = _Sighting(at, born=moment - age, looked=moment, beats=last is not None)
    _seen[facts["incarnation"]] = replace(last, looked=moment)
    return moment - last.born


def _is_alive(facts: dict[str, Any]) -> bool:
    return bool(facts["age"] < ALIVE_SECONDS and not facts.get("stopped"))


def _still_beats(facts: dict[str, Any]) -> bool:
    return _seen[facts["incarnation"]].beats


def _as_worker(facts: dict[str, Any]) -> dict[str, Any]:
    more = {"alive": _is_alive(facts), "heartbeat_seconds": round(facts["age"], 1)}
    return {name: fact for name, fact in facts.items() if name not in _OF_BEATS} | more


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
                pipe.llen(f"{queue}{SEPARATOR}{step}" if step else queue)
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
