"""The command line. Each module adds its commands to `app`."""

from alexandria.cli import (
    backup,
    dead,
    doctor,
    evaluate,
    export,
    ingest,
    library,
    processes,
    rebuild,
    restore,
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
    "evaluate",
    "export",
    "ingest",
    "library",
    "main",
    "processes",
    "rebuild",
    "restore",
    "train",
    "up",
    "users",
]


def main() -> None:
    app()
