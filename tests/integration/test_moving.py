"""A library moves from SQLite to PostgreSQL: whole, checked, and after a kill from where it was."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Engine, inspect, select, text

from alexandria.bootstrap import Services
from alexandria.cli.supervisor import LibraryLock
from alexandria.db import (
    MOVE_TABLE,
    Base,
    dispose_engine,
    get_engine,
    make_engine,
    reading,
    writing,
)
from alexandria.errors import UnavailableError
from alexandria.migrations import migrate
from alexandria.models import Build, LedgerRow, Resource
from alexandria.protocols.extraction import Record
from alexandria.services.search import SearchRequest
from alexandria.services.search.query import parse
from postgres_server import PostgresServer
from saved_library import answer, command, fill, library_at

RESOURCES = 1500


@pytest.fixture
def target(postgres: PostgresServer) -> Iterator[str]:
    """Give the address of a database without any table."""
    with postgres.database() as url:
        engine = make_engine(url)
        with engine.begin() as connection:
            connection.execute(text("DROP SCHEMA public CASCADE"))
            connection.execute(text("CREATE SCHEMA public"))
        engine.dispose()
        yield url


@contextmanager
def engine_of(url: str) -> Iterator[Engine]:
    engine = make_engine(url)
    yield engine
    engine.dispose()


def contents(engine: Engine, *, without: frozenset[str] = frozenset()) -> dict[str, list[str]]:
    """Give all rows of all tables in one order; the ledger without who computed."""
    found = {}
    for table in Base.metadata.sorted_tables:
        if table.name not in without:
            columns = [one for one in table.columns if one.name != "producer"]
            with engine.connect() as connection:
                rows = connection.execute(select(*columns))
                found[table.name] = sorted(repr(_plain(tuple(row))) for row in rows)
    return found


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return sorted((key, repr(_plain(one))) for key, one in value.items())
    if isinstance(value, str):
        return value.replace("\x00", "")
    return [_plain(one) for one in value] if isinstance(value, list | tuple) else value


def asked(*queries: str) -> dict[str, dict[str, float]]:
    with reading() as session:
        search = Services(session).fulltext.search
        return {
            query: {one: round(score, 9) for one, score in search(parse(query).keyword, RESOURCES)}
            for query in queries
        }


QUERIES = ("owls", '"by night"', "bri*", "title:hawks", "habits of owls", "zoology")


def test_everything_moves_and_answers_as_before(tmp_path: Path, target: str) -> None:
    with library_at(tmp_path):
        migrate(get_engine())
        fill()
        with writing() as session:
            session.execute(
                text(
                    "UPDATE resources SET external_id = 'N' || char(0) || 'UL' WHERE title = 'Hawks'"
                )
            )
        before = contents(get_engine(), without=frozenset({"builds"}))
        scores = asked(*QUERIES)
        dispose_engine()  # which writes SQLite's log into the file
        file = (tmp_path / "alexandria.db").read_bytes()
        moved = answer("migrate", "--to", target)
        assert (tmp_path / "alexandria.db").read_bytes() == file
        assert contents(get_engine(), without=frozenset({"builds"})) == before
        assert all(scores.values())
    with engine_of(target) as engine:
        assert contents(engine, without=frozenset({"builds"})) == before
        assert {name: len(rows) for name, rows in before.items()}.items() <= moved["tables"].items()
        assert not inspect(engine).has_table(MOVE_TABLE)
    with library_at(tmp_path, target):
        assert asked(*QUERIES) == scores
        with reading() as session:
            services = Services(session)
            producers = set(
                session.scalars(
                    select(LedgerRow.producer).where(
                        LedgerRow.derivation == "search", LedgerRow.producer.is_not(None)
                    )
                )
            )
            assert producers <= {services.producer_of("search")}
            assert services.doctor.examine().derivations["search"].phantom == set()
            assert services.search.search(SearchRequest("owls"))["total"] > 0
        with writing() as session:  # ids go on behind those that came
            made = Services(session).resources.create(Record(title="After the move"))
        assert list(asked("move")["move"]) == [made.id]
        assert command("migrate").exit_code == 0


def test_a_kill_in_the_middle_is_followed_by_the_rest(tmp_path: Path, target: str) -> None:
    with library_at(tmp_path):
        migrate(get_engine())
        with writing() as session:
            services = Services(session)
            for number in range(RESOURCES):
                services.resources.create(
                    Record(title=f"Study {number}", text=f"Of stones and rivers. {number}")
                )
        before = contents(get_engine(), without=frozenset({"builds"}))
        scores = asked("study stones", '"stones and rivers"')
    with engine_of(target) as engine:
        for step in ("resources", "ledger", "index"):
            killed = _killed_at(step, tmp_path, target, engine)
            assert killed == -signal.SIGKILL, step
            assert inspect(engine).has_table(MOVE_TABLE)
            with pytest.raises(UnavailableError):
                migrate(engine)  # nobody works on a half of a library
    with library_at(tmp_path):
        moved = answer("migrate", "--to", target)
    assert moved["tables"]["resources"] == RESOURCES
    with engine_of(target) as engine:
        assert contents(engine, without=frozenset({"builds"})) == before
    with library_at(tmp_path, target):
        assert asked("study stones", '"stones and rivers"') == scores


def _killed_at(step: str, folder: Path, target: str, engine: Engine) -> int:
    """Run the command, and kill it when the first piece of a step is committed."""
    process = subprocess.Popen(
        [sys.executable, "-m", "alexandria", "migrate", "--to", target, "--data", str(folder)],
        env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while process.poll() is None:
        with engine.connect() as connection:
            there = inspect(connection).has_table(MOVE_TABLE)
            noted = text(f"SELECT 1 FROM {MOVE_TABLE} WHERE step = :step")
            if there and connection.scalar(noted, {"step": step}):
                process.kill()
                break
        time.sleep(0.005)
    return process.wait(timeout=60)


def test_a_library_that_changed_meanwhile_is_refused(tmp_path: Path, target: str) -> None:
    with library_at(tmp_path):
        migrate(get_engine())
        with writing() as session:
            Services(session).resources.create(Record(title="First"))
        answer("migrate", "--to", target)
        with engine_of(target) as engine, engine.begin() as connection:
            connection.execute(text("DELETE FROM resources"))
            connection.execute(
                text(f"CREATE TABLE {MOVE_TABLE} (step text, source text, number int, place text)")
            )
            connection.execute(
                text(f"INSERT INTO {MOVE_TABLE} VALUES (:step, :source, 0, :place)"),
                [
                    {"step": table, "source": str(tmp_path), "place": place}
                    for table, place in (("resources", '["z"]'), ("builds", "[1000]"))
                ],
            )
        ended = command("migrate", "--to", target)
        assert ended.exit_code in {1, 2}
        assert "differ" in ended.output or "do not fit" in ended.output


def test_what_can_not_be_moved_to_is_said(tmp_path: Path, target: str) -> None:
    with library_at(tmp_path):
        assert "no library" in command("migrate", "--to", target).output
        migrate(get_engine())
        for address, word in (
            ("nonsense", "no address"),
            ("sqlite:///elsewhere.db", "PostgreSQL only"),
            ("postgresql://127.0.0.1:1/none", "does not answer"),
        ):
            ended = command("migrate", "--to", address)
            assert ended.exit_code in {2, 3}
            assert word in ended.output
        with engine_of(target) as engine:
            with engine.begin() as connection:
                connection.execute(text("CREATE TABLE others (id integer)"))
            assert "not empty" in command("migrate", "--to", target).output
            with engine.begin() as connection:
                connection.execute(text("DROP TABLE others"))
            migrate(engine)
            with engine.begin() as connection:
                connection.execute(
                    text("INSERT INTO users (id, name, created_at) VALUES ('a', 'a', now())")
                )
            assert "not empty" in command("migrate", "--to", target).output
            with engine.begin() as connection:
                connection.execute(text("DELETE FROM users"))
        lock = LibraryLock(tmp_path)
        assert lock.take()
        assert "runs" in command("migrate", "--to", target).output
        lock.release()
        assert command("migrate", "--to", target).exit_code == 0
    with library_at(tmp_path, target):
        ended = command("migrate", "--to", target)
        assert ended.exit_code == 2
        assert "not on SQLite" in ended.output
        with reading() as session:
            assert session.query(Build).filter_by(derivation="search").one().state == "serving"
            assert session.query(Resource).count() == 0
