"""The schema's history (Alembic), and how a library is brought up to date."""

import logging
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, inspect, text

from alexandria.db import MOVE_TABLE
from alexandria.errors import UnavailableError

logger = logging.getLogger(__name__)

_FOLDER = Path(__file__).parent
_POSTGRES_MIGRATION_LOCK = 0x0A1F
_OLDEST_SQLITE = (3, 35)


def migrate(engine: Engine) -> None:
    """Bring the schema up to date; two processes may call it at once.

    Copies a SQLite file before it changes it. Raises UnavailableError for a newer schema.
    """
    script = ScriptDirectory.from_config(_config())
    with engine.connect() as connection:
        _check_database(connection)
        current = schema_of(connection)
        connection.rollback()
    if current == script.get_current_head():
        return
    if current is not None:
        _refuse_newer(script, current)
        _copy_sqlite(engine, current)
    logger.info("Migrating the database from %s to %s", current, script.get_current_head())
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(
                text("SELECT pg_advisory_xact_lock(:key)"), {"key": _POSTGRES_MIGRATION_LOCK}
            )
        upgrade(connection)


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Bring the schema up to a revision, in the connection's own transaction."""
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def schema_of(connection: Connection) -> str | None:
    """Give the revision of the schema; None for an empty database."""
    return MigrationContext.configure(connection).get_current_revision()


def require_known(revision: str) -> None:
    """Raise UnavailableError for a schema that this version does not know."""
    _refuse_newer(ScriptDirectory.from_config(_config()), revision)


def require_current(engine: Engine) -> None:
    """Raise UnavailableError unless the schema is this version's."""
    script = ScriptDirectory.from_config(_config())
    with engine.connect() as connection:
        current = schema_of(connection)
    if current is not None:
        _refuse_newer(script, current)
    if current != script.get_current_head():
        raise UnavailableError("The database is not up to date.", "Run `alexandria migrate`.")


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    return config


def _refuse_newer(script: ScriptDirectory, current: str) -> None:
    known = {revision.revision for revision in script.walk_revisions()}
    if current not in known:
        raise UnavailableError(
            f"This library was written by a newer Alexandria (schema {current}).",
            "Install that version or a later one; this one would damage it.",
        )


def _check_database(connection: Connection) -> None:
    if connection.dialect.name != "sqlite":
        if inspect(connection).has_table(MOVE_TABLE):
            raise UnavailableError(
                "A library is being moved into this database, and not all of it is there.",
                "Run `alexandria migrate --to` again, until it says that everything is moved.",
            )
        return
    version = connection.dialect.server_version_info or (0,)
    if version < _OLDEST_SQLITE:
        raise UnavailableError(
            f"Python's SQLite is {'.'.join(map(str, version))}; 3.35 or newer is needed.",
            "Use a newer Python.",
        )
    options = connection.exec_driver_sql("PRAGMA compile_options").scalars().all()
    if "ENABLE_FTS5" not in options:
        raise UnavailableError("Python's SQLite has no FTS5.", "Use a Python built with it.")


def _copy_sqlite(engine: Engine, current: str) -> None:
    database = engine.url.database
    if engine.dialect.name != "sqlite" or not database:
        return
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    copy = Path(f"{database}.before-{current}-{stamp}")
    partial = copy.with_name(copy.name + ".partial")
    with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(partial)) as target:
        source.backup(target)
    shutil.move(partial, copy)
    logger.info("Copied the database to %s", copy)
