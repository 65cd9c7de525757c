"""The pool of database connections (SPEC 7): when it is used up, after a fork, and as it is told."""

import logging
import multiprocessing
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from alexandria.app import create_app
from alexandria.bootstrap import Services
from alexandria.db import connection, dispose_engine, get_engine, get_pool_status, reading, writing
from alexandria.migrations import migrate
from alexandria.tasks import pool_reports
from alexandria.tasks.base import TRANSIENT


@pytest.fixture
def client(library_with_redis: Path) -> Iterator[TestClient]:
    with writing() as session:
        token = Services(session).users.new_token("owner")
    with TestClient(create_app(), headers={"Authorization": f"Bearer {token}"}) as client:
        yield client


@pytest.fixture
def small_pool(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Two connections, for which nobody waits long."""
    for name, value in (("POOL_SIZE", 1), ("MAX_OVERFLOW", 1), ("POOL_WAIT_SECONDS", 0.3)):
        monkeypatch.setattr(connection, name, value)
    dispose_engine()
    yield
    dispose_engine()


def test_a_pool_that_is_used_up_refuses_and_recovers(small_pool: None, client: TestClient) -> None:
    with ExitStack() as held:
        for _ in range(2):
            held.enter_context(get_engine().connect())
        refused = client.get("/resources")
        page = client.get("/ui/")
        assert get_pool_status()["overflow"] == 1
    assert refused.status_code == page.status_code == 503
    assert int(refused.headers["retry-after"]) > 0
    assert int(page.headers["retry-after"]) > 0
    assert "Try again in a moment" in refused.json()["detail"]
    assert client.get("/resources").status_code == 200
    assert get_pool_status()["checked_out"] == 0


def test_many_requests_at_once_share_a_small_pool(small_pool: None, client: TestClient) -> None:
    with ThreadPoolExecutor(16) as pool:
        codes = list(pool.map(lambda _: client.get("/resources").status_code, range(64)))
    assert set(codes) <= {200, 503}
    assert codes.count(200) > 0
    assert client.get("/resources").status_code == 200


def test_a_task_that_gets_no_connection_is_tried_again(
    small_pool: None, client: TestClient
) -> None:
    del client
    with ExitStack() as held:
        for _ in range(2):
            held.enter_context(get_engine().connect())
        with pytest.raises(TRANSIENT), reading() as session:
            session.execute(text("SELECT 1"))


def test_the_settings_are_those_of_the_specification(either_library: Path) -> None:
    pool: Any = get_engine().pool
    assert (pool.size(), pool._max_overflow, pool._recycle, pool._pre_ping) == (20, 40, 3600, True)
    assert pool.echo


def test_its_events_reach_the_log(either_library: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "sqlalchemy.pool"):
        dispose_engine()
        with get_engine().connect():
            pass
        dispose_engine()
    assert any("Pool" in record.getMessage() for record in caplog.records)


def test_a_forked_child_shares_no_connection(either_library: Path) -> None:
    migrate(get_engine())
    with get_engine().connect() as held:
        held.execute(text("SELECT 1"))
    assert get_pool_status()["checked_in"] == 1
    fork = multiprocessing.get_context("fork")
    answers = fork.SimpleQueue()

    def child() -> None:
        status = get_pool_status()
        answers.put((os.getpid(), status["total"], _server_process()))

    process = fork.Process(target=child)
    process.start()
    process.join(30)
    pid, total, server_process = answers.get()
    assert pid != os.getpid()
    assert total == 0
    if get_engine().dialect.name == "postgresql":
        assert server_process != _server_process()
    assert get_pool_status()["checked_in"] == 1


def _server_process() -> int | None:
    with get_engine().connect() as session:
        if session.dialect.name != "postgresql":
            return None
        return int(session.execute(text("SELECT pg_backend_pid()")).scalar_one())


def test_every_process_tells_how_its_pool_stands(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    spawn = multiprocessing.get_context("spawn")
    other = spawn.Process(target=pool_reports.report_pool)
    other.start()
    other.join(30)
    assert other.exitcode == 0
    told = client.get("/db/pool").json()
    assert {name.rpartition(":")[2] for name in told["processes"]} == {
        str(os.getpid()),
        str(other.pid),
    }
    for name in ("size", "checked_in", "checked_out", "overflow", "total"):
        assert told["together"][name] == sum(one[name] for one in told["processes"].values())
    monkeypatch.setattr(pool_reports, "GONE_SECONDS", -1.0)
    assert len(client.get("/db/pool").json()["processes"]) == 1
