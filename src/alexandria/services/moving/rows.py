"""Rows on their way from one database to the other, and how the two are compared."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any

import orjson
from sqlalchemy import (
    JSON,
    Column,
    ColumnElement,
    Connection,
    MetaData,
    Select,
    Table,
    select,
    tuple_,
)
from sqlalchemy.dialects.postgresql import JSONB

from alexandria.models import Build

Row = dict[str, Any]
_CHECKED_AT_ONCE = 1000
_DIGEST_BYTES = 16
_MODULUS = 1 << (8 * _DIGEST_BYTES)

ONLY: Mapping[str, ColumnElement[bool]] = {"builds": Build.derivation != "search"}
"""Table to the condition of the rows that are moved: the keyword index is built at the target."""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """How many rows, and the sum of their digests, whatever their order."""

    rows: int
    digest: str


def rows_after(
    connection: Connection, table: Table, last: str, limit: int
) -> tuple[list[Row], str]:
    """Give the rows that follow one in the order of their keys, and the key of the last of them."""
    keys = list(table.primary_key.columns)
    query = _moved(select(*table.columns), table).order_by(*keys).limit(limit)
    if last:
        query = query.where(tuple_(*keys) > tuple_(*orjson.loads(last)))
    rows = [_cleaned(row, table) for row in connection.execute(query).mappings()]
    newest = orjson.dumps([rows[-1][key.name] for key in keys]).decode() if rows else last
    return rows, newest


def without_links(table: Table) -> list[str]:
    """Give the columns that refer to other rows of the same table."""
    return [
        column.name
        for column in table.columns
        if any(key.column.table is table for key in column.foreign_keys)
    ]


def writable(table: Table) -> Table:
    """Give the table as PostgreSQL is to be told of its rows: None is NULL where that may be."""
    columns: list[Column[Any]] = []
    for column in table.columns:
        is_json = isinstance(column.type, JSON)
        kind = JSONB(none_as_null=bool(column.nullable)) if is_json else column.type
        columns.append(Column(column.name, kind, primary_key=column.primary_key))
    return Table(table.name, MetaData(), *columns)


def fingerprint(connection: Connection, table: Table, tell: Callable[[int], None]) -> Fingerprint:
    """Read all rows of a table, on either database; `tell`: how many are read."""
    total, count = 0, 0
    for row in _all(connection, table):
        total = (total + _digest(row)) % _MODULUS
        count += 1
        if count % _CHECKED_AT_ONCE == 0:
            tell(count)
    return Fingerprint(count, f"{total:x}")


def clean(value: Any) -> Any:
    """Take out the character U+0000, for which PostgreSQL has no place, wherever it stands."""
    if isinstance(value, str):
        return value.replace("\x00", "") if "\x00" in value else value
    if isinstance(value, dict):
        return {clean(key): clean(one) for key, one in value.items()}
    return [clean(one) for one in value] if isinstance(value, list) else value


def _cleaned(row: Mapping[Any, Any], table: Table) -> Row:
    return {str(one.name): clean(row[one.name]) for one in table.columns}


def _moved(query: Select[Any], table: Table) -> Select[Any]:
    return query.where(ONLY[table.name]) if table.name in ONLY else query


def _all(connection: Connection, table: Table) -> Iterator[Row]:
    query = _moved(select(*table.columns), table).execution_options(yield_per=_CHECKED_AT_ONCE)
    for row in connection.execute(query).mappings():
        yield _cleaned(row, table)


def _digest(row: Row) -> int:
    packed = orjson.dumps(row, default=_plain, option=orjson.OPT_SORT_KEYS)
    return int.from_bytes(blake2b(packed, digest_size=_DIGEST_BYTES).digest())


def _plain(value: Any) -> Any:
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    raise TypeError(f"a row holds a {type(value).__name__}")
