"""Puts a backup into an empty database, whose schema is the one that the backup was made with."""

import re
from base64 import b64decode
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import orjson
from sqlalchemy import (
    JSON,
    DateTime,
    LargeBinary,
    MetaData,
    Table,
    func,
    insert,
    inspect,
    literal,
    select,
    text,
    update,
)
from sqlalchemy.exc import InvalidRequestError, OperationalError, SQLAlchemyError
from sqlalchemy.orm import Session

from alexandria.db import now
from alexandria.errors import InvalidInputError
from alexandria.models import User
from alexandria.protocols import FileStore
from alexandria.protocols.backup import BackupReader, TablePart, Tell
from alexandria.services.backup.tables import is_kept, kept_tables
from alexandria.services.users import OWNER

_CHUNK_ROWS = 500
_CHUNK_BYTES = 4_000_000
_NUL = re.compile(rb"(?<!\\)((?:\\\\)*)\\u0000")
_OF_EVERY_LIBRARY = frozenset({"users", "credentials", "outbox"})
"""Tables in which a library has rows before anything is put into it."""

Decoder = Callable[[Any], Any]


class RestoreService:
    """Works in the session's transaction, on tables as they are there, not as the models are."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._is_postgresql = session.get_bind().dialect.name == "postgresql"

    def put_rows(self, archive: BackupReader, tell: Tell) -> dict[str, int]:
        """Fill the tables; give how many rows each got.

        Raises InvalidInputError for rows that do not fit. Events that were never handed over
        count as handed over: all that could follow from them is computed anew.
        """
        parts = [part for part in archive.manifest.tables if is_kept(part.name)]
        tables = self._reflect(parts)
        total, done = sum(part.rows for part in parts), 0
        for part in parts:
            for chunk in _chunks(archive.lines(part)):
                self._insert(tables[part.name], chunk)
                done += len(chunk)
                tell("rows", done, total)
            self._continue_numbers(tables[part.name])
        self._hand_over(tables)
        return {part.name: part.rows for part in parts}

    def _hand_over(self, tables: Mapping[str, Table]) -> None:
        outbox = tables.get("outbox")
        if outbox is not None:
            waiting = outbox.c.handed_over_at.is_(None)
            self._session.execute(update(outbox).where(waiting).values(handed_over_at=now()))

    def _reflect(self, parts: list[TablePart]) -> Mapping[str, Table]:
        found = MetaData()
        try:
            found.reflect(self._session.connection(), only=[part.name for part in parts])
        except InvalidRequestError as error:
            raise InvalidInputError(
                "The backup has a table that its schema does not know.", "Use another backup."
            ) from error
        return found.tables

    def _insert(self, table: Table, lines: list[bytes]) -> None:
        for column in table.columns:
            if isinstance(column.type, JSON):
                column.type.none_as_null = bool(column.nullable)
        decoders = {c.name: d for c in table.columns if (d := _decoder(c.type))}
        try:
            rows = [self._row(line, table, decoders) for line in lines]
            self._session.execute(insert(table), rows)
        except OperationalError:
            raise  # the database's own trouble, not the backup's
        except (SQLAlchemyError, ValueError, TypeError, AttributeError) as error:
            raise InvalidInputError(
                f"The rows of {table.name} in the backup do not fit: "
                f"{getattr(error, 'orig', None) or error}",
                "Use another backup. Nothing was changed.",
            ) from error

    def _row(self, line: bytes, table: Table, decoders: Mapping[str, Decoder]) -> dict[str, Any]:
        if self._is_postgresql and b"\\u0000" in line:
            line = _NUL.sub(rb"\1", line)  # PostgreSQL has no place for this character
        row: dict[str, Any] = orjson.loads(line)
        if row.keys() != set(table.columns.keys()):
            raise ValueError("other columns than the table has")
        for name, decode in decoders.items():
            if row[name] is not None:
                row[name] = decode(row[name])
        return row

    def _continue_numbers(self, table: Table) -> None:
        """Let PostgreSQL count on from the highest number that was put in."""
        key = table.autoincrement_column
        if not self._is_postgresql or key is None:
            return
        self._session.execute(
            text("SELECT setval(pg_get_serial_sequence(:table, :column), :highest)"),
            {
                "table": table.name,
                "column": key.name,
                "highest": self._session.scalar(select(func.coalesce(func.max(key), 1))),
            },
        )


def put_files(files: FileStore, archive: BackupReader, tell: Tell) -> int:
    """Store the files; those that are there already are replaced. Give how many."""
    wanted = archive.manifest.files
    for done, sha256 in enumerate(wanted):
        tell("files", done, len(wanted))
        with archive.open_file(sha256) as source:
            stored = files.put_again(source)
        if stored != sha256:
            raise InvalidInputError(
                f"The file {sha256} in the backup was changed while it was restored.",
                "Make sure that nothing writes to the backup, and restore it again.",
            )
    tell("files", len(wanted), len(wanted))
    return len(wanted)


def holds_something(session: Session) -> bool:
    """Tell whether a library holds more than its owner's account; also one of an older schema."""
    present = set(inspect(session.connection()).get_table_names())
    queries = [
        select(literal(1)).select_from(table)
        for table in kept_tables()
        if table.name in present - _OF_EVERY_LIBRARY
    ]
    if "users" in present:
        queries.append(select(literal(1)).where(User.name != OWNER))
    return any(session.scalar(query.limit(1)) for query in queries)


def _chunks(lines: Iterator[bytes]) -> Iterator[list[bytes]]:
    chunk: list[bytes] = []
    size = 0
    for line in lines:
        chunk.append(line)
        size += len(line)
        if len(chunk) == _CHUNK_ROWS or size >= _CHUNK_BYTES:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def _decoder(kind: Any) -> Decoder | None:
    if isinstance(kind, DateTime):
        return lambda value: datetime.fromisoformat(value).astimezone(UTC)
    return b64decode if isinstance(kind, LargeBinary) else None
