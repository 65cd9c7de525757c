"""A cache that is full evicts its own values, and no task of the broker beside it."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from alexandria.adapters.redis_cache import cache_client
from alexandria.bootstrap import broker_client, cache, embedded_cache
from alexandria.config import get_settings
from alexandria.tasks import recompute_quality_task
from alexandria.tasks.celery_tasks.derivation_runs import request_for
from alexandria.tasks.queueing import queue_all
from in_process_worker import empty_library, own_redis, waiting

TASKS = 5_000
VALUES = 3_000
LIMIT = 8_000_000


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Path]:
    with own_redis(tmp_path), empty_library(tmp_path) as folder:
        yield folder


def test_no_task_is_lost_while_the_cache_overflows(library: Path) -> None:
    with cache_client(embedded_cache(get_settings()).redis_url()) as client:
        client.config_set("maxmemory", LIMIT)
        half = TASKS // 2
        queue_all([request_for(recompute_quality_task, f"{n}", countdown=0) for n in range(half)])
        for number in range(VALUES):
            cache().set(f"quality:{number}", os.urandom(8_000).hex())
        queue_all(
            [request_for(recompute_quality_task, f"{n}", countdown=0) for n in range(half, TASKS)]
        )
        stats = client.info()
    assert stats["evicted_keys"] > VALUES / 2
    assert stats["used_memory"] < 1.2 * LIMIT
    assert {message.subject for message in waiting()} == {f"{n}" for n in range(TASKS)}
    assert broker_client().info()["evicted_keys"] == 0
    assert cache().get(f"quality:{VALUES - 1}") is not None
