"""What all commands share: the data folder, errors as exit codes, output for people and programs."""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from errno import EDQUOT, ENOSPC
from functools import wraps
from pathlib import Path
from tempfile import TemporaryFile
from typing import Annotated, Any, ParamSpec, TypeVar

import orjson
import typer
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table
from sqlalchemy.exc import OperationalError

from alexandria import __version__
from alexandria.config import Settings, get_settings
from alexandria.db import is_disk_full
from alexandria.errors import (
    AlexandriaError,
    ConflictError,
    InvalidInputError,
    NoRoomError,
    TransientError,
    UnavailableError,
)

P = ParamSpec("P")
R = TypeVar("R")

FAILED, USAGE, UNAVAILABLE = 1, 2, 3

app = typer.Typer(
    name="alexandria",
    help="A self-hosted research library.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
out = Console()
err = Console(stderr=True)


def _tell_version(asked: bool) -> None:
    if asked:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool,
        typer.Option("--version", help="Print the version.", callback=_tell_version, is_eager=True),
    ] = False,
) -> None:
    del version


def _choose_folder(folder: Path | None) -> Path | None:
    if folder is not None:
        os.environ["ALEXANDRIA_DATA_DIR"] = str(folder.expanduser().absolute())
        get_settings.cache_clear()
    return folder


DataOption = Annotated[
    Path | None,
    typer.Option(
        "--data",
        help="Folder of the library (or ALEXANDRIA_DATA_DIR).",
        callback=_choose_folder,
        is_eager=True,
    ),
]
PortOption = Annotated[int, typer.Option(help="Port to listen on.", min=1, max=65535)]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


def handle_errors(command: Callable[P, R]) -> Callable[P, R]:
    """Tell an error in one or two sentences, and end with its exit code."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except (AlexandriaError, ValidationError, OperationalError, OSError) as error:
            told = _in_words(error)
            if told is None:
                raise
            for line, style in ((told.message, "red"), (told.remedy, "none")):
                if line:
                    err.print(line, highlight=False, markup=False, style=style)
            raise typer.Exit(_code(told)) from error

    return run


def _in_words(error: Exception) -> AlexandriaError | None:
    """Give the error as people are told it; None for one that nobody foresaw."""
    if isinstance(error, AlexandriaError):
        return error
    if isinstance(error, ValidationError) and error.title == Settings.__name__:
        return UnavailableError("\n".join(map(_unusable_setting, error.errors())))
    full = (isinstance(error, OperationalError) and is_disk_full(error)) or (
        isinstance(error, OSError) and error.errno in {ENOSPC, EDQUOT}
    )
    if full:
        return NoRoomError(
            f"There is no room left on the disk of {get_settings().data_dir}.",
            "Free some space and try again.",
        )
    return None


def _unusable_setting(fault: Any) -> str:
    name = ".".join(map(str, fault["loc"])).upper()
    message = str(fault["msg"]).removeprefix("Value error, ")
    return f"The setting {name} can't be used: {message}." if name else message


@contextmanager
def ended_by_signal() -> Iterator[None]:
    """Let SIGTERM end the block as Ctrl-C does, so that nothing half done is left."""

    def end(*_: Any) -> None:
        sys.exit(128 + signal.SIGTERM)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def print_json(value: Any) -> None:
    sys.stdout.write(orjson.dumps(value, default=str).decode() + "\n")
    sys.stdout.flush()


def make_folder() -> Path:
    """Make the data folder if there is none. Raises UnavailableError if it can't be written to."""
    folder = get_settings().data_dir
    try:
        folder.mkdir(parents=True, exist_ok=True)
        TemporaryFile(dir=folder).close()
    except OSError as error:
        raise UnavailableError(
            f"The data folder {folder} can't be used: {error.strerror}.",
            "Choose another with --data, or make it one that you may write to.",
        ) from error
    return folder


def require_library() -> None:
    """Raise UnavailableError when there is no library in the data folder."""
    settings = get_settings()
    database = settings.data_dir / "alexandria.db"
    if settings.database_url is None and not database.exists():
        raise UnavailableError(
            f"There is no library in {settings.data_dir}.",
            "Name its folder with --data, or begin one with `alexandria up`.",
        )


def _code(error: AlexandriaError) -> int:
    if isinstance(error, UnavailableError | TransientError | ConflictError):
        return UNAVAILABLE
    return USAGE if isinstance(error, InvalidInputError) else FAILED


def as_table(columns: list[str], rows: list[list[str]]) -> Table:
    table = Table(*columns)
    for row in rows:
        table.add_row(*row)
    return table
