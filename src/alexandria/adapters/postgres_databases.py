"""Databases on a PostgreSQL server."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import DBAPIError

from alexandria.errors import UnavailableError


def is_postgresql_url(url: str) -> bool:
    return make_url(url).get_backend_name() == "postgresql"


@contextmanager
def database_beside(url: str) -> Iterator[str]:
    """Make an empty database on the same server, and drop it at the end; give its address.

    Raises UnavailableError where the server can't be reached, or does not allow it.
    """
    name = f"alexandria_{uuid4().hex[:12]}"
    _run(url, f"CREATE DATABASE {name}")
    try:
        yield make_url(url).set(database=name).render_as_string(hide_password=False)
    finally:
        _run(url, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def _run(url: str, statement: str) -> None:
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            connection.execute(text(statement))
    except DBAPIError as error:
        raise UnavailableError(
            f"The PostgreSQL server did not do it: {error.orig}.",
            "Correct DATABASE_URL, or let its role make databases: ALTER ROLE ... CREATEDB.",
        ) from error
    finally:
        engine.dispose()
