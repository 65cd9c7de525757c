from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.orm import Session

from alexandria.db.connection import READ_ONLY, get_engine


class LibrarySession(Session):
    """The session of one request, command or task; `alexandria.events.outbox` listens to it."""


def new_session(*, read_only: bool = False, **options: str) -> LibrarySession:
    """Open a session; a read-only one takes no write lock on SQLite and can't flush.

    `options` are execution options of its connection.
    """
    engine = get_engine()
    if read_only:
        engine = engine.execution_options(
            **{READ_ONLY: True, "postgresql_readonly": True}, **options
        )
    return LibrarySession(engine, expire_on_commit=False, autoflush=not read_only)


def get_db() -> Iterator[LibrarySession]:
    """Yield a session that is closed afterwards, which rolls back what nobody committed."""
    session = new_session()
    try:
        yield session
    finally:
        session.close()


@contextmanager
def reading() -> Iterator[LibrarySession]:
    session = new_session(read_only=True)
    try:
        yield session
    finally:
        session.close()


@contextmanager
def snapshot() -> Iterator[LibrarySession]:
    """Yield a session that sees one moment of the database, however long it reads.

    On SQLite a transaction that reads does so by itself.
    """
    is_postgresql = get_engine().dialect.name == "postgresql"
    options = {"isolation_level": "REPEATABLE READ"} if is_postgresql else {}
    session = new_session(read_only=True, **options)
    try:
        yield session
    finally:
        session.close()


@contextmanager
def writing() -> Iterator[LibrarySession]:
    """Yield a session that commits at the end, or rolls back on an error."""
    session = new_session()
    try:
        yield session
        session.commit()
    finally:
        session.close()


def see_newest(session: Session) -> None:
    """Let a session that only reads see what is committed by now.

    SQLite shows it the database as of its first statement; writers see the newest anyhow.
    """
    if session.get_bind().get_execution_options().get(READ_ONLY):
        session.commit()


def release(session: Session) -> None:
    """End the transaction before long work, so that nobody waits for its locks.

    What was written so far is committed; what was read may have changed afterwards.
    """
    session.commit()
