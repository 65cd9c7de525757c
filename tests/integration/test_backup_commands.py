"""The commands `backup` and `restore` as processes: beside a running library, and killed."""

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import redis
from sqlalchemy import create_engine, make_url, text

from alexandria import cache_keys
from alexandria.adapters.redis_setup import find_program
from alexandria.bootstrap import (
    SAMPLE,
    Services,
    cache,
    embedded_broker,
    embedded_cache,
    shared_history,
)
from alexandria.config import get_settings
from alexandria.db import dispose_engine, get_engine, new_id, writing
from alexandria.events import Event
from alexandria.migrations import migrate
from alexandria.protocols.extraction import Record
from alexandria.tasks import (
    recompute_quality_task,
    regenerate_embedding_task,
    update_search_index_task,
)
from alexandria.tasks.celery_tasks.derivation_runs import request_for
from alexandria.tasks.queueing import queue_all
from alexandria.tasks.status import beat
from conftest import all_fresh, eventually, free_port, start_library, stop_library
from in_process_worker import forget_connections
from postgres_server import PostgresServer
from saved_library import answer, command, fill, library_at, rows

QUERY = "translation for languages with little data"


def start(folder: Path, *arguments: str | Path, **environment: str) -> subprocess.Popen[str]:
    more = {"ALEXANDRIA_DATA_DIR": str(folder), "ALEXANDRIA_TIME_SCALE": "0.1"}
    return subprocess.Popen(
        [sys.executable, "-m", "alexandria", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | more | environment,
    )


def run(folder: Path, *arguments: str | Path, code: int = 0) -> Any:
    process = start(folder, *arguments, "--json")
    out, err = process.communicate(timeout=200)
    assert process.returncode == code, err
    return json.loads(out) if out else err


def found(folder: Path, mode: str) -> dict[str, float]:
    hits = run(folder, "search", QUERY, "--mode", mode)["results"]
    return {hit["title"]: pytest.approx(hit["score"], abs=0.05) for hit in hits}


def test_a_running_library_is_saved_and_gives_the_same_answers(tmp_path: Path) -> None:
    running = start_library(tmp_path / "old")
    try:
        with running.client() as client:
            papers = b"".join(SAMPLE.read_bytes().splitlines(keepends=True)[:40])
            client.post("/imports", files={"file": ("s.jsonl", papers)})
            eventually(lambda: client.get("/resources").json()["total"] == 40, 60)
            eventually(lambda: all_fresh(client), 120)
            report = run(running.folder, "backup", tmp_path / "saved")
        refused = run(running.folder, "restore", tmp_path / "saved", "--force", code=3)
        assert running.url in refused.replace("\n", "")
    finally:
        stop_library(running)
    assert (report["files"], report["missing_files"]) == (1, [])
    restored = run(tmp_path / "new", "restore", tmp_path / "saved")
    count = report["tables"]["resources"]
    assert {one["fresh"] for one in restored["derivations"].values()} == {count}
    for mode in ("keyword", "semantic"):
        assert found(tmp_path / "new", mode) == found(tmp_path / "old", mode) != {}
    assert run(tmp_path / "new", "doctor")["ok"]
    again = start_library(tmp_path / "new")
    try:
        with again.client() as client:
            assert client.get("/resources").json()["total"] == count
        assert again.api_token != running.api_token
    finally:
        stop_library(again)


def test_what_redis_held_is_gone_even_if_a_server_outlived_its_supervisor(tmp_path: Path) -> None:
    with library_at(tmp_path / "library"):
        migrate(get_engine())
        fill()
        answer("backup", tmp_path / "saved", code=1)
        servers = [make(get_settings()) for make in (embedded_broker, embedded_cache)]
        for server in servers:
            server.start()
            with server._client() as client:
                client.set("left", "over")
        answer("restore", tmp_path / "saved", "--no-wait", "--force")
        for server in servers:
            assert not server.answers()
            server.start()
            with server._client() as client:
                assert client.keys("*") == []
            server.stop()


@pytest.fixture
def own_redis(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[redis.Redis]:
    """Run a Redis that the settings name, and give the broker's part of it."""
    port = free_port()
    with (tmp_path / "redis.log").open("wb") as log:
        server = subprocess.Popen(
            [find_program(), "--port", str(port), "--bind", "127.0.0.1", "--save", ""],
            cwd=tmp_path,
            stdout=log,
        )
    monkeypatch.setenv("REDIS_HOST", "127.0.0.1")
    monkeypatch.setenv("REDIS_PORT", str(port))
    monkeypatch.setenv("CELERY_BROKER_URL", f"redis://127.0.0.1:{port}/0")
    with redis.Redis(port=port) as client:
        eventually(lambda: _answers(client))
        forget_connections()  # Celery may hold those to the broker of another test
        yield client
    forget_connections()
    server.terminate()
    server.wait()


def _answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.ConnectionError:
        return False


def test_what_a_redis_of_ones_own_held_is_gone_and_what_is_not_ours_stays(
    tmp_path: Path, own_redis: redis.Redis
) -> None:
    with library_at(tmp_path / "library"):
        migrate(get_engine())
        fill()
        answer("backup", tmp_path / "saved", code=1)
        one = new_id()
        queue_all([request_for(task, one, countdown) for task, countdown in TASKS])
        shared_history().append(Event("resource.created"))
        cache().set(cache_keys.embedding(one), [1.0])
        own_redis.set("somebody:else", 1)
        beat("incarnation", {"name": "worker@here"})
        refused = command("restore", tmp_path / "saved", "--no-wait", "--force")
        assert refused.exit_code == 3
        assert "worker@here" in refused.stderr
        beat("incarnation", {"name": "worker@here", "stopped": True})
        answer("restore", tmp_path / "saved", "--no-wait", "--force")
        kept = {key for key in own_redis.keys("*") if not key.startswith(b"_kombu")}
        assert kept == {b"somebody:else", b"alexandria:workers"}
        assert cache().get(cache_keys.embedding(one)) is None


TASKS = (
    (update_search_index_task, 0),
    (recompute_quality_task, 0),
    (regenerate_embedding_task, 60),
)


def test_a_redis_that_is_away_is_said_before_anything_is_changed(
    tmp_path: Path, own_redis: redis.Redis
) -> None:
    with library_at(tmp_path / "library"):
        migrate(get_engine())
        fill()
        answer("backup", tmp_path / "saved", code=1)
        before = rows()
        own_redis.shutdown(nosave=True)
        refused = command("restore", tmp_path / "saved", "--no-wait", "--force")
        assert refused.exit_code == 3
        assert "Redis" in refused.stderr
        assert rows() == before


MOMENTS = (0, 60_000, 300_000, 800_000)
"""Bytes that are written when the process is killed."""


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_killed_restore_leaves_the_library_as_it_was(
    request: pytest.FixtureRequest, tmp_path: Path, kind: str
) -> None:
    with library_at(tmp_path / "large"):
        migrate(get_engine())
        with writing() as session:
            for number in range(1200):
                record = Record(title=f"Title {number}", text=f"Words of {number}. " * 40)
                Services(session).resources.create(record)
        answer("backup", tmp_path / "saved")
    with ExitStack() as stack:
        folder, url = tmp_path / "library", None
        if kind == "postgresql":
            server: PostgresServer = request.getfixturevalue("postgres")
            url = stack.enter_context(server.database())
        stack.enter_context(library_at(folder, url))
        migrate(get_engine())
        fill()
        before = rows()
        for moment in MOMENTS:
            _kill_when(folder, url, tmp_path / "saved", moment)
            assert rows() == before
            dispose_engine()
        answer("restore", tmp_path / "saved", "--no-wait", "--force")
        assert len(rows()["resources"]) == 1200
        assert list(folder.glob("*restoring*")) == []


def _kill_when(folder: Path, url: str | None, saved: Path, moment: int) -> None:
    """Kill a restore in the middle of writing the database."""
    dispose_engine()
    more = {"DATABASE_URL": url} if url else {}
    process = start(folder, "restore", saved, "--force", "--no-wait", **more)
    deadline = time.monotonic() + 30
    try:
        while not _under_way(folder, url, moment):
            assert process.poll() is None, "it ended before it could be killed"
            assert time.monotonic() < deadline
            time.sleep(0.002)
    finally:
        process.kill()
        process.communicate()
    assert process.returncode == -signal.SIGKILL


def _under_way(folder: Path, url: str | None, moment: int) -> bool:
    if url is None:
        sizes = [_size(folder / f"alexandria.db.restoring{end}") for end in ("", "-wal")]
        return sum(sizes) > moment
    engine = create_engine(make_url(url).set(database="postgres"))
    table = "resource_%" if moment else "%"
    with engine.connect() as connection:
        query = text(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = :name AND query LIKE :q"
        )
        name = make_url(url).database
        count = connection.scalar(query, {"name": name, "q": f"INSERT INTO {table}"})
    engine.dispose()
    return bool(count)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def test_a_backup_that_is_ended_leaves_nothing(tmp_path: Path) -> None:
    with library_at(tmp_path / "library"):
        migrate(get_engine())
        noise = tmp_path / "noise"
        for _ in range(3):  # so much that the signal comes before the end
            noise.write_bytes(os.urandom(30_000_000))
            with writing() as session:
                Services(session).ingestion.submit_file(noise, "noise")
    target = tmp_path / "backups"
    target.mkdir()
    process = start(tmp_path / "library", "backup", target / "saved")
    eventually(lambda: any(target.iterdir()))
    process.terminate()
    process.communicate()
    assert process.returncode not in {0, None}
    assert list(target.iterdir()) == []


def test_a_disk_that_is_full_is_told_and_nothing_is_changed(tmp_path: Path) -> None:
    """A limit on the size of a file stands for the disk."""
    with library_at(tmp_path / "library"):
        migrate(get_engine())
        fill()
        answer("backup", tmp_path / "small", code=1)
        (tmp_path / "noise").write_bytes(os.urandom(200_000))
        with writing() as session:
            Services(session).ingestion.submit_file(tmp_path / "noise", "noise")
        answer("backup", tmp_path / "large", code=1)
        before = rows()
        dispose_engine()
        for arguments, told in (
            (["backup", tmp_path / "more"], "No file of this size"),
            (["restore", tmp_path / "large", "--force"], "No file of this size"),
            (["restore", tmp_path / "small", "--force"], "The database could not be written"),
        ):
            code, said = _with_small_files(tmp_path / "library", *arguments)
            assert (code, told in said) == (3, True), said
        assert rows() == before
    assert {one.name for one in tmp_path.iterdir()} == {"library", "small", "large", "noise"}
    assert list((tmp_path / "library").glob("*restor*")) == []


def _with_small_files(folder: Path, *arguments: str | Path) -> tuple[int, str]:
    command = " ".join(shlex.quote(str(one)) for one in arguments)
    process = subprocess.run(
        ["bash", "-c", f"ulimit -f 100; exec {sys.executable} -m alexandria {command}"],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"ALEXANDRIA_DATA_DIR": str(folder)},
    )
    return process.returncode, " ".join(process.stderr.split())
