"""Beat: one at a time, and nothing scheduled is missed or repeated over its end (real processes)."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import redis

from alexandria.bootstrap import broker_client
from alexandria.tasks import beat_lock
from alexandria.tasks.beat_lock import BeatLock
from alexandria.tasks.beat_schedule import SharedScheduler
from alexandria.tasks.celery_app import celery_app
from in_process_worker import waiting

pytestmark = pytest.mark.alone  # it bounds the time of processes


@contextmanager
def beat(folder: Path, scale: float = 0.1) -> Iterator[subprocess.Popen[bytes]]:
    log = (folder / "beat.log").open("ab")
    environment = os.environ | {
        "ALEXANDRIA_TIME_SCALE": str(scale),
        "ALEXANDRIA_DATA_DIR": str(folder),
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "alexandria", "beat"], env=environment, stdout=log, stderr=log
    )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGCONT)
        process.terminate()
        process.wait(20)
        log.close()


def holder() -> int:
    found = broker_client().get(beat_lock.KEY)
    return int(found.split()[-2]) if isinstance(found, bytes) else 0


def until(condition: object, seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


def sent() -> int:
    return sum(message.task == "reconcile_task" for message in waiting())


def test_two_send_what_one_would_and_the_second_takes_over(library_with_redis: Path) -> None:
    with beat(library_with_redis) as first:
        until(lambda: holder() == first.pid)
        with beat(library_with_redis) as second:
            until(lambda: sent() >= 1)
            began, before = time.monotonic(), sent()
            time.sleep(7)
            expected = (time.monotonic() - began) / 3.0  # half a minute, ten times as fast
            assert abs(sent() - before - expected) <= 1.5
            first.kill()
            first.wait()
            until(lambda: holder() == second.pid)
            count = sent()
            until(lambda: sent() > count)


def test_one_that_stood_still_sends_nothing_once_another_took_over(
    library_with_redis: Path,
) -> None:
    with beat(library_with_redis) as first:
        until(lambda: holder() == first.pid and sent() >= 1)
        first.send_signal(signal.SIGSTOP)
        with beat(library_with_redis) as second:
            until(lambda: holder() == second.pid)
            first.send_signal(signal.SIGCONT)
            assert first.wait(20) is not None
            assert holder() == second.pid


def scheduler() -> SharedScheduler:
    made = SharedScheduler(celery_app, lazy=True)
    made.setup_schedule()
    return made


def ran(name: str, ago: timedelta) -> None:
    moment = datetime.now(UTC) - ago
    broker_client().hset("alexandria:beat:runs", name, moment.isoformat())


def names() -> list[str]:
    return [message.task for message in waiting()]


def run(one: SharedScheduler) -> None:
    for _ in range(12):
        one.tick()


def test_what_came_due_while_none_ran_is_sent_once(library_with_redis: Path) -> None:
    run(scheduler())
    assert names() == []
    ran("quality-degradation", timedelta(hours=25))
    ran("cache-cleanup", timedelta(days=3))
    run(scheduler())
    assert sorted(names()) == ["cleanup_expired_cache", "monitor_quality_degradation"]
    run(scheduler())
    run(scheduler())
    assert len(names()) == 2


def test_what_cannot_be_sent_stays_due(
    library_with_redis: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran("cache-cleanup", timedelta(days=3))
    one = scheduler()
    with monkeypatch.context() as patch:

        def fail(*_: object, **__: object) -> None:
            raise redis.ConnectionError("away")

        patch.setattr(
            celery_app.tasks["alexandria.tasks.cleanup_expired_cache"], "apply_async", fail
        )
        assert one.tick() >= 1.0
        run(one)
    assert names() == []
    run(one)
    assert names() == ["cleanup_expired_cache"]


def test_without_the_lease_nothing_is_sent(library_with_redis: Path) -> None:
    ran("cache-cleanup", timedelta(days=3))
    one = scheduler()
    one.lock = BeatLock(lost=lambda: None)
    run(one)
    assert names() == []
    one.lock.take()
    run(one)
    assert names() == ["cleanup_expired_cache"]
    one.lock.release()
    assert not broker_client().exists(beat_lock.KEY)
