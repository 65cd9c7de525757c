"""How each process's pool of database connections stands, told to all others through the broker."""

import logging
import threading
import time
from typing import cast

import orjson
import redis

from alexandria.bootstrap import broker_client
from alexandria.db import PoolStatus, get_pool_status
from alexandria.events.event_system import process_name

logger = logging.getLogger(__name__)

REPORT_SECONDS = 2.0
GONE_SECONDS = 10.0
"""A process that did not report for so long is not there any more."""
_KEY = "alexandria:pools"


class PoolReporter:
    """Reports from a thread of its own until it is stopped, or the process ends."""

    def __init__(self) -> None:
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="pool-reporter", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        while True:
            try:
                report_pool()
            except (redis.ConnectionError, redis.TimeoutError) as error:
                logger.debug("No report of the pool, the broker is away: %s", error)
            if self._ended.wait(REPORT_SECONDS):
                return


def report_pool() -> None:
    facts = {"at": time.time(), "pool": get_pool_status()}
    broker_client().hset(_KEY, process_name(), orjson.dumps(facts))


def reported_pools() -> dict[str, PoolStatus]:
    """Give what each process that lives last reported, by name (`HOST:PID`).

    Raises redis.ConnectionError and redis.TimeoutError.
    """
    client = broker_client()
    pools: dict[str, PoolStatus] = {}
    gone: list[bytes] = []
    for name, value in cast("dict[bytes, bytes]", client.hgetall(_KEY)).items():
        facts = orjson.loads(value)
        if time.time() - facts["at"] > GONE_SECONDS:
            gone.append(name)
        else:
            pools[name.decode()] = facts["pool"]
    if gone:
        client.hdel(_KEY, *gone)
    return pools
