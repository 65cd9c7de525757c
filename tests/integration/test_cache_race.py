"""No stale value after an acknowledged write: readers, writers and a cache that comes and goes.

The writer is a process of its own, so that each side sees the other's work only through the
database and the cache.
"""

import multiprocessing
import os
import random
import signal
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from alexandria.adapters.redis_cache import cache_client
from alexandria.bootstrap import Services, embedded_cache
from alexandria.config import get_settings
from alexandria.db import reading, writing
from alexandria.protocols.extraction import Record
from alexandria.services.search import SearchRequest
from alexandria.tasks import register_all_hooks

RESOURCES = 3
READERS = 3


def title(number: int, version: int) -> str:
    return f"mark{number} version {version}"


def version_of(text: str) -> int:
    return int(text.rpartition(" ")[2])


def write(ids: list[str], acknowledged: Any, stop: Any, longest_pause: float) -> None:
    """Edit one resource after the other, each edit acknowledged before the next.

    What a missed invalidation left is seen only in a pause: the next edit invalidates it again.
    """
    register_all_hooks()
    choose = random.Random(1)
    version = 1
    while not stop.is_set():
        stop.wait(choose.uniform(0, longest_pause))
        version += 1
        for number, one in enumerate(ids):
            with writing() as session:
                Services(session).resources.update(one, {"title": title(number, version)})
            acknowledged[number] = version


def read(ids: list[str], acknowledged: Any, stop: threading.Event, found: list[str]) -> None:
    choose = random.Random(threading.get_ident())
    while not stop.is_set():
        number = choose.randrange(len(ids))
        least = acknowledged[number]
        with reading() as session:
            by_id = choose.random() < 0.5
            if by_id:
                seen = Services(session).reader.read(ids[number])["title"]
            else:
                request = SearchRequest(f"mark{number}", mode="keyword", facets=False)
                (only,) = Services(session).search.search(request)["results"]
                seen = only["title"]
        if version_of(seen) < least:
            found.append(f"{'resource' if by_id else 'search'} {number}: {seen!r} after {least}")


def disturb(stop: threading.Event) -> None:
    """Freeze the cache and let it go on, so that invalidations are missed and values stay."""
    with cache_client(embedded_cache(get_settings()).redis_url()) as client:
        pid = client.info("server")["process_id"]
    while not stop.is_set():
        os.kill(pid, signal.SIGSTOP)
        time.sleep(0.5)
        os.kill(pid, signal.SIGCONT)
        stop.wait(2.0)  # longer than each side leaves a cache alone that did not answer


@pytest.mark.parametrize("disturbed", [False, True], ids=["calm", "disturbed"])
def test_no_reader_sees_less_than_what_was_acknowledged(
    either_with_redis: Path, disturbed: bool
) -> None:
    with writing() as session:
        services = Services(session)
        ids = [
            services.resources.create(Record(title=title(number, 1))).id
            for number in range(RESOURCES)
        ]
    pause = 1.0 if disturbed else 0.0
    spawn = multiprocessing.get_context("spawn")
    acknowledged, stop_writer = spawn.Array("q", [1] * RESOURCES), spawn.Event()
    writer = spawn.Process(target=write, args=(ids, acknowledged, stop_writer, pause))
    stop, found = threading.Event(), list[str]()
    threads = [
        threading.Thread(target=read, args=(ids, acknowledged, stop, found)) for _ in range(READERS)
    ]
    if disturbed:
        threads.append(threading.Thread(target=disturb, args=(stop,)))
    writer.start()
    try:
        deadline = time.monotonic() + 60
        while min(acknowledged) < 3 and writer.is_alive() and time.monotonic() < deadline:
            time.sleep(0.05)
        for thread in threads:
            thread.start()
        time.sleep(7.0 if disturbed else 3.0)
    finally:
        stop.set()
        stop_writer.set()
        for thread in threads:
            thread.join()
        writer.join(30)
    assert writer.exitcode == 0
    assert found == []
    with reading() as session:
        reader = Services(session).reader
        assert [version_of(reader.read(one)["title"]) for one in ids] == list(acknowledged)
