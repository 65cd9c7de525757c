"""`alexandria migrate`: the schema brought up to date, or the library moved to PostgreSQL."""

from typing import Annotated, Any

import typer
from sqlalchemy import Engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.orm import Session

from alexandria.bootstrap import Services
from alexandria.cli.backup import progress
from alexandria.cli.common import (
    DataOption,
    JsonOption,
    app,
    ended_by_signal,
    handle_errors,
    out,
    print_json,
    require_library,
)
from alexandria.cli.processes import prepare_library
from alexandria.cli.restore import library_to_itself
from alexandria.config import get_settings
from alexandria.db import get_engine, make_engine
from alexandria.errors import InvalidInputError, UnavailableError
from alexandria.log import configure_logging
from alexandria.migrations import migrate as bring_up_to_date
from alexandria.migrations import require_current
from alexandria.protocols import FullTextIndex
from alexandria.protocols.backup import Tell
from alexandria.services.moving import MoveService


@app.command()
@handle_errors
def migrate(
    to: Annotated[
        str | None,
        typer.Option(help="Address of an empty PostgreSQL database, to move the library there."),
    ] = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Bring the database up to date; or move the library to PostgreSQL, while it does not run."""
    del data
    if to is None:
        prepare_library(follow_settings=True)
        report: dict[str, Any] = {"schema": "current"}
    else:
        configure_logging("WARNING")
        with ended_by_signal(), progress() as tell:
            report = _move(_address(to), tell)
    if as_json:
        print_json(report)
    elif to is None:
        typer.echo("The database is up to date.")
    else:
        rows = sum(report["tables"].values())
        out.print(
            f"{report['tables']['resources']} resources and all else, {rows} rows, are moved and "
            "checked. From now on start Alexandria with DATABASE_URL set to the new database, and "
            "with the same data folder: it holds the files.",
            highlight=False,
        )


def _address(to: str) -> str:
    """Give the address with our driver. Raises InvalidInputError if it is not of PostgreSQL."""
    remedy = "Give one as postgresql://USER:PASSWORD@HOST/DATABASE."
    try:
        url = make_url(to)
    except ArgumentError as error:
        raise InvalidInputError("This is no address of a database.", remedy) from error
    if url.get_backend_name() not in {"postgresql", "postgres"}:
        raise InvalidInputError("A library can be moved to PostgreSQL only.", remedy)
    ours = url.set(drivername="postgresql+psycopg")
    return ours.render_as_string(hide_password=False)


def _move(to: str, tell: Tell) -> dict[str, Any]:
    require_library()
    source = get_engine()
    if source.dialect.name != "sqlite":
        raise InvalidInputError(
            "The library is not on SQLite.", "Unset DATABASE_URL, and name its folder with --data."
        )
    require_current(source)
    target = make_engine(to)
    try:
        with library_to_itself():
            _require_answer(target)
            name = str(get_settings().data_dir)
            service = MoveService(source, target, name, bring_up_to_date, _fulltext)
            return {"tables": service.move(tell)}
    finally:
        target.dispose()


def _require_answer(target: Engine) -> None:
    try:
        target.connect().close()
    except DBAPIError as error:
        raise UnavailableError(
            f"The database does not answer: {error.orig}.", "Start it, or correct its address."
        ) from error


def _fulltext(session: Session) -> FullTextIndex:
    return Services(session).fulltext
