"""Backup and restore: what was put in comes back, and what is derived from it is computed anew."""

import json
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, inspect, select, text

from alexandria import bootstrap, migrations
from alexandria.bootstrap import Services
from alexandria.cli.supervisor import LibraryLock
from alexandria.db import Base, LibrarySession, get_engine, make_engine, reading, writing
from alexandria.events import outbox
from alexandria.models import (
    BatchRun,
    Credential,
    EmbeddingRow,
    Ingestion,
    LedgerRow,
    OutboxEvent,
    QualityScore,
    Resource,
    derived,
)
from alexandria.protocols.extraction import Record
from alexandria.services.backup.tables import CLEARED, LEFT_OUT, ROWS, is_kept, kept_tables
from postgres_server import PostgresServer
from saved_library import answer, answers, command, derive, falsify, fill, library_at, rows


@pytest.fixture(params=["sqlite", "postgresql"])
def other(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Path, str | None]]:
    """Give the folder and database of a second library, which is empty."""
    folder = tmp_path / "other"
    if request.param == "sqlite":
        yield folder, None
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    with server.database() as url:
        yield folder, url


def test_every_table_is_kept_or_says_why_not(either_library: Path) -> None:
    there = set(inspect(get_engine()).get_table_names())
    models = Base.metadata.tables.keys()
    assert {one for one in there if is_kept(one)} == {table.name for table in kept_tables()}
    computed = {
        one.__tablename__
        for one in vars(derived).values()
        if isinstance(one, type) and issubclass(one, Base) and one is not Base
    }
    assert computed < LEFT_OUT.keys(), "what is derived is not kept"
    assert LEFT_OUT.keys() - there <= {"search_documents"}, "it is gone"
    assert LEFT_OUT.keys() - models == {"search_documents", "alembic_version"}


def test_what_is_cleared_and_chosen_is_there(library: Path) -> None:
    tables = Base.metadata.tables
    assert all(columns <= set(tables[name].columns.keys()) for name, columns in CLEARED.items())
    assert all(tables[name].columns for name in ROWS)
    of_work = {"claimed_until", "claimed_by", "lease_until", "lease_by"}
    for table in kept_tables():
        assert of_work & set(table.columns.keys()) == CLEARED.get(table.name, set()), table.name


def test_a_library_comes_back_on_either_database(
    either_library: Path, other: tuple[Path, str | None], tmp_path: Path
) -> None:
    token = fill()
    derive()
    saved, expected, nulls = rows(), answers(), _nulls()
    assert all(saved.values()), "every table has something in it"
    falsify()
    report = answer("backup", tmp_path / "saved", code=1)
    assert [one["name"] for one in report["missing_files"]] == ["two.bib"]
    with library_at(*other):
        restored = answer("restore", tmp_path / "saved", "--no-wait")
        assert restored["files"] == report["files"] == 1
        assert rows() == saved
        assert _nulls() == nulls
        _nothing_is_derived()
        _nobody_is_at_work()
        _numbers_go_on()
        derive()
        _same(answers(), expected)
        with reading() as session:
            assert Services(session).users.identify(token, "token")
            assert set(session.scalars(select(Credential.kind))) == {"token"}
        _files_are_whole()


def _nothing_is_derived() -> None:
    with reading() as session:
        services = Services(session)
        for table in (EmbeddingRow, QualityScore):
            assert session.scalars(select(table)).all() == []
        assert services.fulltext.resource_ids() == set()
        live = set(session.scalars(select(Resource.id).where(Resource.deleted_at.is_(None))))
        due = session.scalars(select(LedgerRow)).all()
        assert {(one.subject_id, one.derivation) for one in due} == {
            (one, name) for one in live for name in {row.name for row in services.ledger.active}
        }
        assert all(one.due_at is not None and one.content_revision == 0 for one in due)


def _nulls() -> int | None:
    """Count what is no value at all; in JSON there is a null besides."""
    with reading() as session:
        return session.scalar(text("SELECT count(*) FROM ingestions WHERE record IS NULL"))


def _nobody_is_at_work() -> None:
    """Nothing is claimed, no event is replayed, and what was under way is taken up again."""
    with reading() as session:
        assert session.scalars(select(OutboxEvent.claimed_until)).first() is None
        assert outbox.waiting(session)["pending"] == 0
        assert set(session.scalars(select(Ingestion.lease_until))) == {None}
        assert set(session.scalars(select(BatchRun.lease_until))) == {None}
    with LibrarySession(get_engine()) as session:  # it locks rows, and nothing is committed
        ingestion = Services(session).ingestion
        ingestion._grace = -ingestion._grace
        assert ingestion.abandoned(10) == ["f" * 36]
        assert len(ingestion.abandoned_batches(10)) == 1


def _numbers_go_on() -> None:
    """New rows get numbers that none had."""
    with reading() as session:
        highest = outbox.newest_id(session)
    with writing() as session:
        services = Services(session)
        made = services.resources.create(Record(title="New"))
        services.resources.update(made.id, {"title": "Newer"})
        reader = services.users.ensure("reader")
        services.interactions.track(reader.id, made.id, "view")
        assert (outbox.last_event_id(session) or 0) > highest
        session.rollback()


def _same(found: dict[str, Any], expected: dict[str, Any]) -> None:
    """What both ways of searching that are there find is equal."""
    common = [one for one in expected if one in found]
    assert len(common) >= 7
    for one in common:
        assert found[one] == expected[one], one


def _files_are_whole() -> None:
    with reading() as session:
        sha256 = session.scalar(select(Ingestion.sha256).where(Ingestion.name == "note.txt"))
    assert b"Crystals" in bootstrap.file_store().path(sha256 or "").read_bytes()


def test_an_older_backup_is_brought_up_to_date(
    other: tuple[Path, str | None], tmp_path: Path
) -> None:
    """A backup of the first schema, whose tables and columns are those of that schema."""
    saved = tmp_path / "saved"
    with library_at(tmp_path / "new"):
        migrations.migrate(get_engine())
        fill()
        answer("backup", saved, code=1)
        expected = rows()
    _as_of_the_first_schema(saved, tmp_path / "old")
    with library_at(*other):
        answer("restore", saved, "--no-wait")
        found = rows()
        later = (
            *("dead_letters", "merges", "saved_searches", "lookups", "duplicate_dismissals"),
            "citation_decisions",
            *("recommendation_dismissals", "quality_findings"),
            *("categories", "classification_decisions"),
            *("author_decisions", "author_decision_mentions"),
        )
        for one in later:
            assert found.pop(one) == []
            del expected[one]
        assert found == expected
        with get_engine().connect() as connection:
            assert migrations.schema_of(connection) not in {None, "0001"}
        migrations.require_current(get_engine())
        assert list(other[0].glob("*.before-*")) == [], "it was brought up to date beforehand"


def _as_of_the_first_schema(saved: Path, old: Path) -> None:
    """Leave out of the archive what the first schema does not have."""
    engine = make_engine(f"sqlite:///{old}")
    with engine.begin() as connection:
        migrations.upgrade(connection, "0001")
        there = set(inspect(connection).get_table_names())
    engine.dispose()
    shutil.move(saved, old)
    with zipfile.ZipFile(old) as source, zipfile.ZipFile(saved, "w") as target:
        manifest = json.loads(source.read("manifest.json"))
        gone = [one for one in manifest["tables"] if one["name"] not in there]
        assert gone, "nothing came after the first schema"
        manifest["tables"] = [one for one in manifest["tables"] if one not in gone]
        manifest["schema_revision"] = "0001"
        target.writestr("manifest.json", json.dumps(manifest))
        dropped = {"manifest.json", *(f"tables/{one['name']}.jsonl" for one in gone)}
        for name in set(source.namelist()) - dropped:
            target.writestr(name, source.read(name))


def test_a_backup_is_of_one_moment_while_others_write(
    either_library: Path, other: tuple[Path, str | None], tmp_path: Path
) -> None:
    """Each write adds a resource and an event: a backup never has one without the other."""
    stop, wrote = Event(), Event()
    engine = _connect_elsewhere()

    def write() -> None:
        while not stop.is_set():
            with LibrarySession(engine, expire_on_commit=False) as session:
                services = Services(session)
                made = services.resources.create(Record(title="Another", text="Words " * 500))
                services.resources.update(made.id, {"tags": ["done"]})
                session.commit()
            wrote.set()

    writer = Thread(target=write)
    writer.start()
    try:
        assert wrote.wait(20)
        for number in range(4):
            answer("backup", tmp_path / f"saved{number}")
    finally:
        stop.set()
        writer.join()
        engine.dispose()
    before = 0
    for number in range(4):
        with library_at(other[0] / str(number)):
            answer("restore", tmp_path / f"saved{number}", "--no-wait")
            found = rows()
        resources = {one["id"] for one in found["resources"]}
        assert len(resources) > before, "the writer wrote meanwhile"
        before = len(resources)
        for name in ("resource_tags", "resource_contents", "resource_revisions"):
            assert {one["resource_id"] for one in found[name]} == resources, name
        assert {one["resource_id"] for one in found["outbox"]} == resources


def test_a_library_with_content_is_replaced_only_by_force(
    either_library: Path, tmp_path: Path
) -> None:
    fill()
    saved = rows()
    answer("backup", tmp_path / "saved", code=1)
    with writing() as session:
        services = Services(session)
        later = services.resources.create(Record(title="Came later")).id
        token = services.users.new_token("latecomer")
    (either_library / "api-token").write_text(token)
    derive()
    changed = rows()
    refused = command("restore", tmp_path / "saved", "--no-wait")
    assert refused.exit_code == 3
    assert "--force" in refused.stderr
    assert rows() == changed
    report = answer("restore", tmp_path / "saved", "--no-wait", "--force")
    assert rows() == saved
    _nothing_is_derived()
    assert not (either_library / "api-token").exists(), "the token is not valid any more"
    if report["replaced"]:
        with create_engine(f"sqlite:///{report['replaced']}").connect() as connection:
            found = connection.execute(
                text("SELECT title FROM resources WHERE id = :i"), {"i": later}
            )
            assert found.scalar() == "Came later"
    assert bool(report["replaced"]) == (get_engine().dialect.name == "sqlite")


def test_a_valid_token_stays(library: Path, tmp_path: Path) -> None:
    token = fill()
    answer("backup", tmp_path / "saved", code=1)
    (library / "api-token").write_text(token + "\n")
    answer("restore", tmp_path / "saved", "--no-wait", "--force")
    assert (library / "api-token").read_text() == token + "\n"


def test_a_library_that_only_its_owner_opened_counts_as_empty(
    either_library: Path, tmp_path: Path
) -> None:
    answer("backup", tmp_path / "saved")
    with writing() as session:
        users = Services(session).users
        users.new_token("owner", "admin")
    assert answer("restore", tmp_path / "saved", "--no-wait")["replaced"] is None
    with writing() as session:
        Services(session).users.add("somebody")
    assert command("restore", tmp_path / "saved", "--no-wait").exit_code == 3


def test_a_database_without_tables_is_an_empty_library(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    with library_at(tmp_path / "old"):
        migrations.migrate(get_engine())
        fill()
        answer("backup", tmp_path / "saved", code=1)
        saved = rows()
    with postgres.database() as url, library_at(tmp_path / "new", url):
        with get_engine().begin() as connection:
            connection.execute(text("DROP SCHEMA public CASCADE"))
            connection.execute(text("CREATE SCHEMA public"))
        answer("restore", tmp_path / "saved", "--no-wait")
        assert rows() == saved


def test_a_character_that_postgresql_can_not_hold_is_left_out(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    with library_at(tmp_path / "old"):
        migrations.migrate(get_engine())
        with writing() as session:
            made = Services(session).resources.create(Record(title="Nul")).id
            session.get_one(Resource, made).venue = "a\x00b\\u0000"
            session.get_one(Resource, made).extra = {"note": "\\\x00c"}
        answer("backup", tmp_path / "saved")
    with postgres.database() as url, library_at(tmp_path / "new", url):
        answer("restore", tmp_path / "saved", "--no-wait")
        (found,) = rows()["resources"]
    assert (found["venue"], found["extra"]) == ("ab\\u0000", {"note": "\\c"})


def test_a_running_library_is_not_replaced(either_library: Path, tmp_path: Path) -> None:
    answer("backup", tmp_path / "saved")
    lock = LibraryLock(either_library)
    assert lock.take()
    try:
        refused = command("restore", tmp_path / "saved", "--no-wait")
    finally:
        lock.release()
    assert refused.exit_code == 3
    assert "runs" in refused.stderr


def test_a_database_in_use_is_not_replaced(either_library: Path, tmp_path: Path) -> None:
    """Processes that were started one by one, without `up`, hold no lock of the library."""
    fill()
    saved = rows()
    answer("backup", tmp_path / "saved", code=1)
    others = _connect_elsewhere()
    with others.connect() as connection:
        connection.execute(text("SELECT 1 FROM resources"))
        connection.rollback()
        refused = command("restore", tmp_path / "saved", "--no-wait", "--force")
    others.dispose()
    assert refused.exit_code == 3, refused.output
    assert "Stop every process" in refused.stderr
    assert rows() == saved
    assert list(either_library.glob("alexandria.db.*")) == []


def _connect_elsewhere() -> Engine:
    return make_engine(get_engine().url.render_as_string(hide_password=False))


def test_a_missing_or_damaged_file_is_named_and_the_rest_is_saved(
    library: Path, tmp_path: Path
) -> None:
    fill()
    (stored,) = [one for one in (library / "files").rglob("*") if one.is_file()]
    stored.write_bytes(stored.read_bytes()[:-1] + b"?")
    ended = command("backup", tmp_path / "saved")
    assert ended.exit_code == 1
    assert "note.txt" in ended.stderr
    assert "two.bib" in ended.stderr
    with library_at(tmp_path / "other"):
        report = answer("restore", tmp_path / "saved", "--no-wait")
        assert (report["files"], len(report["missing_files"])) == (0, 2)


def test_a_damaged_file_is_replaced_by_the_one_of_the_backup(library: Path, tmp_path: Path) -> None:
    fill()
    answer("backup", tmp_path / "saved", code=1)
    (stored,) = [one for one in (library / "files").rglob("*") if one.is_file()]
    whole = stored.read_bytes()
    stored.write_bytes(whole[:-1] + b"?")
    answer("restore", tmp_path / "saved", "--no-wait", "--force")
    assert stored.read_bytes() == whole


@pytest.mark.parametrize("spoil", ["", "no database at all, but this text " * 400])
def test_a_damaged_database_is_replaced_only_by_force(
    library: Path, tmp_path: Path, spoil: str
) -> None:
    fill()
    saved = rows()
    answer("backup", tmp_path / "saved", code=1)
    database = library / "alexandria.db"
    with library_at(library):
        pass  # its connections are closed
    whole = database.read_bytes()
    database.write_bytes(spoil.encode() or whole[:5000] + b"\xff" * 5000 + whole[10000:])
    assert command("restore", tmp_path / "saved", "--no-wait").exit_code == 3
    spoilt = database.read_bytes()
    report = answer("restore", tmp_path / "saved", "--no-wait", "--force")
    assert rows() == saved
    assert len(Path(report["replaced"]).read_bytes()) == len(spoilt)


@pytest.mark.parametrize("place", ["data", "data/files/aa", "none/there"])
def test_a_backup_is_not_written_where_it_may_not_lie(library: Path, place: str) -> None:
    (library / "data").mkdir()
    (library / "data" / "files").mkdir()
    with library_at(library / "data"):
        migrations.migrate(get_engine())
        ended = command("backup", library / place)
    assert ended.exit_code in {2, 3}
    assert ended.stderr
    assert list((library / "data" / "files").iterdir()) == []


def test_a_backup_that_fails_leaves_nothing(
    library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The table is gone, as in a database that is damaged in one place."""
    with get_engine().begin() as connection:
        connection.execute(text("DROP TABLE resource_tags"))
    folder = tmp_path / "backups"
    folder.mkdir()
    assert command("backup", folder / "saved").exit_code != 0
    assert list(folder.iterdir()) == []


def test_only_its_owner_may_read_a_backup(library: Path, tmp_path: Path) -> None:
    answer("backup", tmp_path / "saved")
    assert (tmp_path / "saved").stat().st_mode & 0o777 == 0o600
    assert command("backup", tmp_path / "saved").exit_code == 3
