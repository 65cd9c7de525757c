"""The command line. Each module adds its commands to `app`."""

from alexandria.cli import (
    backup,
    dead,
    doctor,
    duplicates,
    evaluate,
    export,
    health,
    ingest,
    library,
    lookup,
    migrate,
    processes,
    rebuild,
    restore,
    search,
    taxonomy,
    train,
    up,
    users,
)
from alexandria.cli.common import app

__all__ = [
    "app",
    "backup",
    "dead",
    "doctor",
    "duplicates",
    "evaluate",
    "export",
    "health",
    "ingest",
    "library",
    "lookup",
    "main",
    "migrate",
    "processes",
    "rebuild",
    "restore",
    "search",
    "taxonomy",
    "train",
    "up",
    "users",
]


def main() -> None:
    app()
