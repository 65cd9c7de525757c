"""The engine: one for each process, made on first use."""

import logging
import os
import sqlite3
from pathlib import Path
from typing import Any, TypedDict

import orjson
from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import QueuePool

from alexandria.config import get_settings

POOL_SIZE = 20
MAX_OVERFLOW = 40
POOL_RECYCLE_SECONDS = 3600
POOL_WAIT_SECONDS = 5.0
"""For a connection when all are in use; then the request is refused (503), and the task retried."""
BUSY_TIMEOUT_SECONDS = 30
_POSTGRES_DISK_FULL = "53100"

READ_ONLY = "alexandria_read_only"
"""Execution option of connections that only read."""

_engines: dict[tuple[int, str], Engine] = {}


class PoolStatus(TypedDict):
    size: int
    checked_in: int
    checked_out: int
    overflow: int
    total: int


def get_engine() -> Engine:
    """Give the engine of this process; a forked child never uses its parent's connections."""
    url = get_settings().resolved_database_url
    key = (os.getpid(), url)
    if key not in _engines:
        _engines[key] = make_engine(url)
    return _engines[key]


def make_engine(url: str) -> Engine:
    # echo_pool would add a handler that prints to standard output, where `--json` answers stand.
    logging.getLogger(f"{QueuePool.__module__}.{QueuePool.__qualname__}").addHandler(
        logging.NullHandler()
    )
    is_sqlite = make_url(url).get_backend_name() == "sqlite"
    engine = create_engine(
        url,
        poolclass=QueuePool,
        pool_size=POOL_SIZE,
        max_overflow=MAX_OVERFLOW,
        pool_recycle=POOL_RECYCLE_SECONDS,
        pool_timeout=POOL_WAIT_SECONDS,
        pool_pre_ping=True,
        echo_pool=True,
        json_serializer=lambda value: orjson.dumps(value).decode(),
        json_deserializer=orjson.loads,
        connect_args={"timeout": BUSY_TIMEOUT_SECONDS, "check_same_thread": False}
        if is_sqlite
        else {"connect_timeout": 10},
    )
    if is_sqlite:
        _prepare_sqlite(engine, url)
    return engine


def _prepare_sqlite(engine: Engine, url: str) -> None:
    if database := make_url(url).database:
        Path(database).parent.mkdir(parents=True, exist_ok=True)

    @event.listens_for(engine, "connect")
    def _configure(connection: sqlite3.Connection, _record: Any) -> None:
        connection.isolation_level = None  # `_begin` below starts transactions, not the driver
        for pragma in (
            "journal_mode=WAL",
            "synchronous=NORMAL",
            "foreign_keys=ON",
            f"busy_timeout={BUSY_TIMEOUT_SECONDS * 1000}",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # A deferred transaction that reads and then writes fails with SQLITE_BUSY when another
        # wrote in between, and no busy timeout helps; so writers take the lock at once.
        read_only = connection.get_execution_options().get(READ_ONLY, False)
        connection.exec_driver_sql("BEGIN DEFERRED" if read_only else "BEGIN IMMEDIATE")


def is_disk_full(error: OperationalError) -> bool:
    """Tell whether the database could not write for want of room."""
    return (
        getattr(error.orig, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
        or getattr(error.orig, "sqlstate", None) == _POSTGRES_DISK_FULL
    )


def get_pool_status() -> PoolStatus:
    """Count the connections of this process's pool."""
    pool = get_engine().pool
    if not isinstance(pool, QueuePool):
        raise TypeError(f"no counts from a {type(pool).__name__}")
    checked_in, checked_out = pool.checkedin(), pool.checkedout()
    return PoolStatus(
        size=pool.size(),
        checked_in=checked_in,
        checked_out=checked_out,
        overflow=max(0, pool.overflow()),
        total=checked_in + checked_out,
    )


def dispose_engine() -> None:
    """Close this process's connections."""
    for key in [key for key in _engines if key[0] == os.getpid()]:
        _engines.pop(key).dispose()
