"""`alexandria doctor`: is all there that should be derived, and nothing that should not?"""

import time
from typing import Annotated, Any

import typer
from rich.table import Table

from alexandria.bootstrap import Services
from alexandria.cli.common import (
    FAILED,
    DataOption,
    JsonOption,
    app,
    handle_errors,
    out,
    print_json,
    require_library,
)
from alexandria.cli.supervisor import running
from alexandria.db import get_engine, reading, writing
from alexandria.log import configure_logging
from alexandria.migrations import require_current
from alexandria.services.doctor import Report
from alexandria.tasks.celery_tasks.derivations import TASK_OF, request_for
from alexandria.tasks.queueing import queue_all

_POLL_SECONDS = 0.3
_WORKERS = 2


@app.command()
@handle_errors
def doctor(
    repair: Annotated[bool, typer.Option("--repair", help="Put right what is found.")] = False,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Compare the library with all that is derived from it, in both directions.

    Ends with 1 when something is found, or, with --repair, when something is left.
    """
    del data
    configure_logging("WARNING")
    require_library()
    require_current(get_engine())
    report = _examine()
    answer: dict[str, Any] = report.as_dict()
    left = report
    if repair and report.found:
        with running(_WORKERS):
            _repair(report)
            _wait(report)
        left = _examine()
        answer |= {"repaired": report.found - left.found, "left": left.as_dict()}
    if as_json:
        print_json(answer)
    else:
        _print(report, left if repair else None)
    if left.found:
        raise typer.Exit(FAILED)


def _examine() -> Report:
    with reading() as session:
        return Services(session).doctor.examine()


def _repair(report: Report) -> None:
    with writing() as session:
        Services(session).doctor.repair(report)
    for name, check in report.derivations.items():
        queue_all([request_for(TASK_OF[name], one) for one in sorted(check.to_compute)])


def _wait(report: Report) -> None:
    ids = set().union(*(check.to_compute for check in report.derivations.values()))
    while True:
        with reading() as session:
            if not Services(session).freshness.unfinished(ids):
                return
        time.sleep(_POLL_SECONDS)


def _print(report: Report, left: Report | None) -> None:
    columns = ["missing", "phantom", "stale", "wrong_producer", "failed"]
    table = Table("derivation", *(name.replace("_", " ") for name in columns))
    for name, check in {**report.derivations, "cache": report.cache}.items():
        counts = check.counts()
        table.add_row(name, *(str(counts[column]) for column in columns))
    out.print(table)
    if report.oldest_seconds:
        out.print(f"The oldest stale row waits for {report.oldest_seconds:,.0f} s.")
    if not report.found:
        out.print("Everything derived is there and right.")
    elif left is None:
        out.print(f"{report.found} found. Run `alexandria doctor --repair` to put them right.")
    else:
        out.print(f"{report.found} found, {left.found} left.")
