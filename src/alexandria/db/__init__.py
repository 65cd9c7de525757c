"""Engine and sessions. `engine` is made on first use, one for each process, after fork."""

from typing import Any

from alexandria.db.base import MOVE_TABLE, SKEW, Base, is_over, new_id, now
from alexandria.db.connection import (
    PoolStatus,
    dispose_engine,
    get_engine,
    get_pool_status,
    is_disk_full,
    make_engine,
)
from alexandria.db.session import (
    LibrarySession,
    get_db,
    new_session,
    reading,
    release,
    see_newest,
    snapshot,
    writing,
)

__all__ = [
    "MOVE_TABLE",
    "SKEW",
    "Base",
    "LibrarySession",
    "PoolStatus",
    "dispose_engine",
    "get_db",
    "get_engine",
    "get_pool_status",
    "is_disk_full",
    "is_over",
    "make_engine",
    "new_id",
    "new_session",
    "now",
    "reading",
    "release",
    "see_newest",
    "snapshot",
    "writing",
]


def __getattr__(name: str) -> Any:
    if name == "engine":
        return get_engine()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
