"""Replaces a library's database as a whole or not at all; a process killed in between has no say."""

import os
import shutil
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, Engine, TextClause, inspect, text
from sqlalchemy.exc import OperationalError

from alexandria.adapters.file_store import sync_folder
from alexandria.db import make_engine
from alexandria.errors import ConflictError, UnavailableError

_LOCK_SECONDS = 10
_PATIENCE_SECONDS = 3.0
_BESIDE = ("-wal", "-shm", "-journal")

Fill = Callable[[Connection], None]
"""Makes the schema and puts the rows in, in the transaction of the connection."""


def replace_database(
    engine: Engine, is_ours: Callable[[str], bool], fill: Fill, *, keep: bool
) -> str:
    """Put a database filled anew in the place of the one that is there.

    On PostgreSQL the tables that are ours are dropped. With `keep` a SQLite file stays under another name; gives
    this name, or an empty string. Raises ConflictError while another process uses the database.
    """
    try:
        if engine.dialect.name == "sqlite":
            return _replace_file(Path(engine.url.database or ""), fill, keep=keep)
        _replace_tables(engine, is_ours, fill)
    except OperationalError as error:
        raise UnavailableError(
            f"The database could not be written: {error.orig}.",
            "Nothing was changed. Look for room on its disk, and for others that use it.",
        ) from error
    return ""


def _replace_file(database: Path, fill: Fill, *, keep: bool) -> str:
    new = database.with_name(f"{database.name}.restoring")
    _remove(new)
    try:
        _make_file(new, fill)
        kept = _swap(new, database, keep=keep)
    finally:
        _remove(new)
    return str(kept) if kept else ""


def _make_file(new: Path, fill: Fill) -> None:
    engine = make_engine(f"sqlite:///{new}")
    try:
        with engine.begin() as connection:
            fill(connection)
    finally:
        engine.dispose()
    with closing(sqlite3.connect(new)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")  # all of it in the one file
    descriptor = os.open(new, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _swap(new: Path, database: Path, *, keep: bool) -> Path | None:
    """Rename the new file over the old one, once nothing of the old one lies beside it.

    SQLite would apply a log that is left to whatever file has its name.
    """
    kept = _name_of_copy(database) if keep and database.exists() else None
    if not database.exists():
        _put_in_place(new, database, None)
        return None
    shutil.copymode(database, new)
    try:
        with closing(sqlite3.connect(database, timeout=2, isolation_level=None)) as connection:
            connection.execute("PRAGMA journal_mode=DELETE")  # writes its log into it
            connection.execute("BEGIN EXCLUSIVE")
            _put_in_place(new, database, kept)
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode & 0xFF in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
            raise ConflictError(
                f"Another process uses {database}.", "Stop every process of this library first."
            ) from error
        _put_in_place(new, database, kept)  # it is damaged: its log stays with the copy
    return kept


def _put_in_place(new: Path, database: Path, kept: Path | None) -> None:
    if kept:
        for end in ("", *_BESIDE):
            _copy(database.with_name(database.name + end), kept.with_name(kept.name + end))
    for end in _BESIDE:
        database.with_name(database.name + end).unlink(missing_ok=True)
    new.replace(database)
    sync_folder(database.parent)


def _copy(source: Path, target: Path) -> None:
    if not source.exists():
        return
    try:
        os.link(source, target)
    except OSError:  # a file system without links
        shutil.copy2(source, target)


def _name_of_copy(database: Path) -> Path:
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S-%f")
    return database.with_name(f"{database.name}.before-restore-{stamp}")


def _remove(database: Path) -> None:
    for end in ("", *_BESIDE):
        database.with_name(database.name + end).unlink(missing_ok=True)


def _replace_tables(engine: Engine, is_ours: Callable[[str], bool], fill: Fill) -> None:
    engine.dispose()  # idle connections of our own would count as others
    with engine.begin() as connection:
        connection.execute(text(f"SET LOCAL lock_timeout = '{_LOCK_SECONDS}s'"))
        _refuse_others(connection)
        present = sorted(filter(is_ours, inspect(connection).get_table_names()))
        if present:
            quote = connection.dialect.identifier_preparer.quote
            connection.execute(text(f"DROP TABLE {', '.join(map(quote, present))}"))
        fill(connection)


def _refuse_others(connection: Connection) -> None:
    """Raise ConflictError while others are connected; one that just ended may still be listed."""
    query = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
        "AND pid <> pg_backend_pid() AND usename IS NOT NULL AND leader_pid IS NULL"
    )
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while count := _count_afresh(connection, query):
        if time.monotonic() > deadline:
            raise ConflictError(
                f"{count} other connections use this database.",
                "Stop every process of this library, and end what else is connected.",
            )
        time.sleep(0.1)


def _count_afresh(connection: Connection, query: TextClause) -> int:
    connection.execute(text("SELECT pg_stat_clear_snapshot()"))
    return connection.scalar(query) or 0
