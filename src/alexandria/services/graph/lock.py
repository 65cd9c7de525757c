"""Who writes references or nodes does so alone: of two that belong together the second sees the first."""

from sqlalchemy import text
from sqlalchemy.orm import Session

_POSTGRES_LOCK = 0x0C17


def lock_graph(session: Session) -> None:
    """Wait for others, until this transaction ends; on SQLite one writes at a time anyway."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _POSTGRES_LOCK})
