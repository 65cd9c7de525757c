"""Connections to PostgreSQL are dropped, and its server crashes once: nothing that was asked is lost."""

import random
import time
from pathlib import Path
from threading import Event, Thread

import httpx
import pytest
from killing import Outcome, disturbed, undisturbed
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

from conftest import RunningLibrary, all_fresh, eventually, start_library, stop_library
from postgres_server import PostgresServer

pytestmark = pytest.mark.long
_DROP = """
SELECT pg_terminate_backend(pid) FROM (
  SELECT pid FROM pg_stat_activity
  WHERE datname = current_database() AND pid != pg_backend_pid() ORDER BY random() LIMIT :count
) AS chosen
"""


class Dropper:
    """Drops some connections of one database again and again, and restarts the server once."""

    def __init__(self, server: PostgresServer, url: str) -> None:
        self._server = server
        self._url = url

    def __call__(self, running: RunningLibrary, outcome: Outcome, done: Event) -> None:
        chance = random.Random(outcome.seed)
        while not done.wait(chance.uniform(0.1, 0.8)):
            outcome.kills["connection"] += self._drop(chance.randint(1, 4))
            if outcome.kills["connection"] > 12 and not outcome.kills["server"]:
                self._server.restart()
                outcome.kills["server"] += 1

    def _drop(self, count: int) -> int:
        engine = create_engine(self._url)
        try:
            with engine.connect() as connection:
                return len(connection.execute(text(_DROP), {"count": count}).all())
        except OperationalError:
            return 0
        finally:
            engine.dispose()


def test_dropped_connections_change_nothing(
    tmp_path: Path, postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with postgres.database() as url, monkeypatch.context() as patch:
        patch.setenv("DATABASE_URL", url)
        expected = undisturbed(tmp_path / "undisturbed", 3)
    assert len(expected.resources) > 10
    with postgres.database() as url, monkeypatch.context() as patch:
        patch.setenv("DATABASE_URL", url)
        dropper = Dropper(postgres, url)
        outcome = disturbed(tmp_path / "disturbed", 3, 3, expected, disturb=dropper)
    assert outcome.kills["connection"] > 20
    assert outcome.kills["server"] == 1
    assert outcome.wrong == []


def test_requests_are_refused_in_words_while_the_database_is_away(
    tmp_path: Path, postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with postgres.database() as url:
        monkeypatch.setenv("DATABASE_URL", url)
        running = start_library(tmp_path)
        try:
            with running.client() as client:
                refused = ask_during_a_restart(client, postgres)
                assert refused > 0
                eventually(lambda: client.get("/readyz").status_code == 200)
                eventually(lambda: all_fresh(client), 60)
        finally:
            stop_library(running)


def ask_during_a_restart(client: httpx.Client, postgres: PostgresServer) -> int:
    """Write and read all the while; give how many requests were refused."""
    restart = Thread(target=postgres.restart)
    restart.start()
    accepted, refused = [], 0
    while restart.is_alive():
        for answer in (
            client.post("/resources", json={"title": f"Title {len(accepted)}"}),
            client.get("/resources"),
            client.get("/consistency"),
        ):
            if answer.is_success:
                accepted += [answer.json()["id"]] if answer.status_code == 201 else []
                continue
            refused += 1
            assert answer.status_code == 503, answer.text
            assert answer.headers["content-type"] == "application/problem+json"
            assert "Try again" in answer.json()["detail"]
        time.sleep(0.02)
    restart.join()
    eventually(lambda: client.get("/readyz").status_code == 200)
    assert all(client.get(f"/resources/{one}").is_success for one in accepted)
    return refused
