"""How much more work more workers do (SPEC 13.5, req. 15.1), as ratios within one run.

Two kinds of tasks: one computes (an embedding, on one thread), one waits 50 ms, as for a remote
model. Workers are real processes with one child each, on a Redis of their own in a temporary folder.
More workers than processors can't compute more; tasks that wait show what the queue itself allows.

    python benchmarks/worker_scaling.py
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alexandria.bootstrap import broker_client, embedded_broker, embedded_cache, embedder
from alexandria.config import get_settings
from alexandria.tasks.celery_app import celery_app
from alexandria.tasks.status import heartbeats

DONE = "benchmark:done"
TEXT = "Neural machine translation of low-resource languages with similar translations. " * 6


@celery_app.task(name="benchmark.compute", ignore_result=True)
def compute() -> None:
    embedder().embed([TEXT])
    broker_client().incr(DONE)


@celery_app.task(name="benchmark.wait", ignore_result=True)
def wait() -> None:
    time.sleep(0.05)
    broker_client().incr(DONE)


@contextmanager
def workers(count: int) -> Iterator[None]:
    started = [
        subprocess.Popen(
            [sys.executable, __file__, "--worker", f"scaled{number}-{count}@%h"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for number in range(count)
    ]
    try:
        while sum(one["alive"] for one in heartbeats() if f"-{count}@" in one["name"]) < count:
            time.sleep(0.1)
        yield
    finally:
        for process in started:
            process.terminate()
        for process in started:
            process.wait(60)


def rate(kind: str, count: int, tasks: int) -> float:
    """Give tasks a second of `count` workers, from the first to the last, all of them warm."""
    task = celery_app.tasks[f"benchmark.{kind}"]
    with workers(count):
        _run(task, 4 * count)
        began = time.perf_counter()
        _run(task, tasks)
        return tasks / (time.perf_counter() - began)


def _run(task: object, tasks: int) -> None:
    broker_client().delete(DONE)
    for _ in range(tasks):
        task.apply_async(queue="default")  # type: ignore[attr-defined]
    while int(broker_client().get(DONE) or 0) < tasks:  # type: ignore[arg-type]
        time.sleep(0.005)


def run_worker(name: str) -> None:
    celery_app.loader.import_module("alexandria.tasks.worker")
    plain = ("--pool=prefork", "--without-gossip", "--without-mingle", "--loglevel=WARNING")
    celery_app.worker_main(
        ["worker", "--queues=default", "--concurrency=1", f"--hostname={name}", *plain]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worker", help="be a worker of this name")
    parser.add_argument("--tasks", type=int, default=400, help="in each run")
    options = parser.parse_args()
    if options.worker:
        run_worker(options.worker)
        return
    with tempfile.TemporaryDirectory(prefix="scaling-") as folder:
        os.environ["ALEXANDRIA_DATA_DIR"] = folder
        get_settings.cache_clear()
        Path(folder, "redis").mkdir()
        servers = [embedded_broker(get_settings()), embedded_cache(get_settings())]
        for server in servers:
            server.start()
        celery_app.conf.broker_url = celery_app.conf.result_backend = servers[0].kombu_url()
        try:
            for kind, counts in (("compute", (1, 2)), ("wait", (1, 2, 4, 8))):
                rates = {count: rate(kind, count, options.tasks) for count in counts}
                for count, found in rates.items():
                    ratio = found / rates[1]
                    print(f"{kind:8} {count} workers: {found:7.1f} tasks/s, {ratio:.2f} times one")
        finally:
            for server in servers:
                server.stop()


if __name__ == "__main__":
    main()
