"""`alexandria health`: whether a process of this machine works, for health checks of containers."""

import socket
from collections.abc import Callable, Mapping
from typing import Annotated

import httpx
import typer

from alexandria.cli.common import DataOption, app, handle_errors, out
from alexandria.cli.completion import choices
from alexandria.db import get_engine
from alexandria.errors import UnavailableError
from alexandria.migrations import require_current
from alexandria.tasks.beat_lock import is_held_here
from alexandria.tasks.status import heartbeats

_SECONDS = 5.0


@app.command()
@handle_errors
def health(
    process: Annotated[
        str,
        typer.Argument(
            help="api, worker, beat, flower, or database.",
            autocompletion=choices(["api", "worker", "beat", "flower", "database"]),
        ),
    ],
    host: Annotated[str, typer.Option(help="Of the API or of Flower.")] = "127.0.0.1",
    port: Annotated[int | None, typer.Option(help="Of the API or of Flower.")] = None,
    data: DataOption = None,
) -> None:
    """Say whether a process of this machine does its work; the exit code is 0 only then."""
    del data
    if process not in _CHECKS:
        raise typer.BadParameter(f"Use one of: {', '.join(_CHECKS)}.")
    if not _CHECKS[process](host, port):
        raise UnavailableError(f"{process}: not healthy.", "Its log says why.")
    out.print(f"{process}: healthy")


def _api(host: str, port: int | None) -> bool:
    return _answers(f"http://{host}:{port or 8000}/readyz")


def _flower(host: str, port: int | None) -> bool:
    return _answers(f"http://{host}:{port or 5555}/healthcheck")


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=_SECONDS).is_success
    except httpx.HTTPError:
        return False


def _worker(_host: str, _port: int | None) -> bool:
    host = socket.gethostname()
    return any(one["alive"] and one["name"].endswith(f"@{host}") for one in heartbeats())


def _beat(_host: str, _port: int | None) -> bool:
    return is_held_here()


def _database(_host: str, _port: int | None) -> bool:
    require_current(get_engine())
    return True


_CHECKS: Mapping[str, Callable[[str, int | None], bool]] = {
    "api": _api,
    "worker": _worker,
    "beat": _beat,
    "flower": _flower,
    "database": _database,
}
