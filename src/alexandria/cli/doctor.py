"""`alexandria doctor`: is all there that should be, and nothing that should not?"""

import time
from dataclasses import dataclass
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from alexandria.bootstrap import Services, file_store
from alexandria.cli.backup import progress
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
from alexandria.services.doctor_report import Report
from alexandria.services.file_check import (
    FileReport,
    examine_files,
    forget_wanted,
    repair_files,
    wanted_files,
    with_files,
)
from alexandria.tasks.celery_tasks.derivation_runs import request_for
from alexandria.tasks.celery_tasks.derivations import TASK_OF
from alexandria.tasks.queueing import queue_all

_POLL_SECONDS = 0.3
_WORKERS = 2
_ORPHANS_SHOWN = 20


@dataclass(frozen=True, slots=True)
class _Finding:
    derived: Report
    files: FileReport | None

    @property
    def found(self) -> int:
        return self.derived.found + (self.files.found if self.files else 0)

    def as_dict(self) -> dict[str, Any]:
        derived = self.derived.as_dict()
        return with_files(derived, self.files) if self.files else derived


@app.command()
@handle_errors
def doctor(
    repair: Annotated[bool, typer.Option("--repair", help="Put right what is found.")] = False,
    files: Annotated[bool, typer.Option(help="Read all original files as well.")] = True,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Compare the library with all that is derived from it, and check its original files.

    Ends with 1 when something is found, or, with --repair, when something is left.
    """
    del data
    configure_logging("WARNING")
    require_library()
    require_current(get_engine())
    finding = left = _examine(files=files)
    answer = finding.as_dict()
    if repair and finding.found:
        left = _repair(finding)
        answer |= {"repaired": finding.found - left.found, "left": left.as_dict()}
    if as_json:
        print_json(answer)
    else:
        _print(finding, left if repair else None)
    if left.found:
        raise typer.Exit(FAILED)


def _examine(*, files: bool) -> _Finding:
    with reading() as session:
        derived = Services(session).doctor.examine()
        wanted = wanted_files(session)
    if not files:
        return _Finding(derived, None)
    with progress() as tell:  # without a session, since reading all files may take long
        report = examine_files(file_store(), wanted, tell)
    with reading() as session:
        forget_wanted(report, wanted_files(session))
    return _Finding(derived, report)


def _repair(finding: _Finding) -> _Finding:
    """Put right what can be; give what is left."""
    if finding.derived.found:
        with running(_WORKERS):
            _compute(finding.derived)
    with reading() as session:
        derived = Services(session).doctor.examine()
    return _Finding(derived, finding.files and repair_files(file_store(), finding.files))


def _compute(report: Report) -> None:
    with writing() as session:
        Services(session).doctor.repair(report)
    for name, check in report.derivations.items():
        queue_all([request_for(TASK_OF[name], one) for one in sorted(check.to_compute)])
    ids = set().union(*(check.to_compute for check in report.derivations.values()))
    while True:
        with reading() as session:
            if not Services(session).freshness.unfinished(ids):
                return
        time.sleep(_POLL_SECONDS)


def _print(finding: _Finding, left: _Finding | None) -> None:
    _print_derived(finding.derived)
    if finding.files:
        _print_files(finding.files)
    if not finding.found:
        out.print("Everything that should be there is there and right.")
    elif left is None:
        out.print(f"{finding.found} found. Run `alexandria doctor --repair` to put them right.")
    else:
        out.print(f"{finding.found} found, {left.found} left.")


def _print_derived(report: Report) -> None:
    columns = ["missing", "phantom", "stale", "wrong_producer", "failed"]
    table = Table("derivation", *(name.replace("_", " ") for name in columns))
    for name, check in {**report.derivations, "cache": report.cache}.items():
        counts = check.counts()
        table.add_row(name, *(str(counts[column]) for column in columns))
    out.print(table)
    if report.oldest_seconds:
        out.print(f"The oldest stale row waits for {report.oldest_seconds:,.0f} s.")


def _print_files(report: FileReport) -> None:
    out.print(f"{report.checked:,} original files read, {report.bytes / 1e6:,.1f} MB.")
    for word, faults in (("Missing", report.missing), ("Damaged", report.damaged)):
        for one in faults:
            line = f"[red]{word}: {escape(one.name)}[/red] ({one.sha256})"
            out.print(line, highlight=False, soft_wrap=True)
            for resource_id in one.resource_ids:
                out.print(f"  of resource {resource_id}", highlight=False)
            copy = report.copies.get(one.sha256)
            said = f"--repair puts it back from {copy}." if copy else one.remedy
            out.print(f"  {escape(said)}", highlight=False, soft_wrap=True)
    for orphan in report.orphaned[:_ORPHANS_SHOWN]:
        line = f"Orphaned: {escape(orphan.path)} ({orphan.bytes:,} bytes)"
        out.print(line, highlight=False, soft_wrap=True)
    if len(report.orphaned) > _ORPHANS_SHOWN:
        out.print(f"and {len(report.orphaned) - _ORPHANS_SHOWN:,} more, which --json names")
    if report.orphaned:
        out.print(f"  {report.orphaned[0].remedy}", soft_wrap=True)
