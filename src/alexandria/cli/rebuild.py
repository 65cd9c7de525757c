"""`alexandria rebuild`: compute all of a derivation anew, while searches go on as before."""

import time
from contextlib import suppress
from typing import Annotated, Any

import redis
import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from alexandria.bootstrap import Services
from alexandria.cli.common import (
    FAILED,
    DataOption,
    JsonOption,
    app,
    err,
    handle_errors,
    out,
    print_json,
    require_library,
)
from alexandria.cli.completion import choices
from alexandria.cli.supervisor import running
from alexandria.db import get_engine, reading, writing
from alexandria.errors import TransientError
from alexandria.log import configure_logging
from alexandria.migrations import require_current
from alexandria.tasks.celery_tasks.derivations import TASK_OF
from alexandria.tasks.celery_tasks.upkeep import queue_due

_POLL_SECONDS = 0.3


@app.command()
@handle_errors
def rebuild(
    derivation: Annotated[
        str,
        typer.Argument(
            help=f"{', '.join(TASK_OF)}, or all.", autocompletion=choices([*TASK_OF, "all"])
        ),
    ],
    workers: Annotated[int, typer.Option(help="If the library does not run.", min=1)] = 2,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Compute all of one derivation anew; searches answer from what is there until it is whole.

    A rebuild that was interrupted goes on where it was. `rebuild embedding` takes the model that
    the settings name.
    """
    del data
    configure_logging("WARNING")
    require_library()
    require_current(get_engine())
    names = _chosen(derivation)
    with running(workers):
        with writing() as session:
            services = Services(session)
            totals = {name: services.rebuilds.begin(name) for name in names}
        report = {name: _rebuild(name, total) for name, total in totals.items()}
    if as_json:
        print_json({"rebuilt": report})
    else:
        for name, one in report.items():
            out.print(
                f"{name}: {one['computed']} computed anew in {one['seconds']:.0f} s, "
                f"{one['failed']} failed; by {one['producer']}",
                highlight=False,
            )
    if any(one["failed"] for one in report.values()):
        raise typer.Exit(FAILED)


def _chosen(derivation: str) -> list[str]:
    with reading() as session:
        return Services(session).rebuilds.chosen(derivation)


def _rebuild(name: str, total: int) -> dict[str, Any]:
    began = time.monotonic()
    _follow(name, total)
    with writing() as session:
        services = Services(session)
        services.rebuilds.finish(name)
        return {
            "computed": total,
            "failed": services.freshness.backlog()[name].failed,
            "seconds": round(time.monotonic() - began, 1),
            "producer": services.ledger.producer_of(name),
        }


def _follow(name: str, total: int) -> None:
    columns = (TextColumn("{task.description:<12}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), console=err) as progress:
        shown = progress.add_task(name, total=total)
        while left := _left(name):
            progress.update(shown, completed=total - left)
            with suppress(TransientError, redis.ConnectionError, redis.TimeoutError):
                queue_due(name)  # while the broker is away, what is due waits
            time.sleep(_POLL_SECONDS)
        progress.update(shown, completed=total)


def _left(name: str) -> int:
    with reading() as session:
        return Services(session).rebuilds.remaining(name)
