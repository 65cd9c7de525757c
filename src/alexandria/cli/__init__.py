"""The command line. Each module adds its commands to `app`."""

from alexandria.cli import dead, doctor, evaluate, library, processes, rebuild, up, users
from alexandria.cli.common import app

__all__ = [
    "app",
    "dead",
    "doctor",
    "evaluate",
    "library",
    "main",
    "processes",
    "rebuild",
    "up",
    "users",
]


def main() -> None:
    app()
