"""`alexandria ingest`: files, folders and addresses into the library, once or as they come."""

import re
import signal
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from threading import Event
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from sqlalchemy import select
from watchfiles import watch as changes_in

from alexandria.bootstrap import Services
from alexandria.cli.common import (
    FAILED,
    DataOption,
    JsonOption,
    app,
    as_table,
    err,
    handle_errors,
    out,
    print_json,
)
from alexandria.cli.processes import prepare_library
from alexandria.cli.supervisor import running
from alexandria.db import reading, writing
from alexandria.errors import BusyError, InvalidInputError, NotFoundError
from alexandria.log import configure_logging
from alexandria.models import Ingestion
from alexandria.protocols.lookups import read_identifier
from alexandria.services.ingestion_list import count_outcomes, files_of_files
from alexandria.tasks.hooks import register_all_hooks
from alexandria.tasks.intake import take_identifier, take_path, take_url

_POLL_SECONDS = 0.3
_BUSY_SECONDS = 2.0
_LOOK_SECONDS = 1.0
"""A file that is as it was so long ago has been written to its end."""
_FEW_DIGITS = re.compile(r"\d{1,9}")
_UNFINISHED = (".part", ".partial", ".crdownload", ".download", ".tmp", "~")

Stamp = tuple[int, int]
"""Size in bytes, and time of the last change in nanoseconds."""
_GONE: Stamp = (-1, -1)


@app.command()
@handle_errors
def ingest(
    sources: Annotated[list[str], typer.Argument(help="Files, folders, addresses, identifiers.")],
    recursive: Annotated[bool, typer.Option(help="Go into folders of folders.")] = False,
    watch: Annotated[
        bool, typer.Option("--watch", help="Go on, and take in what comes into the folders.")
    ] = False,
    wait: Annotated[bool, typer.Option(help="Until every derivation is fresh.")] = True,
    workers: Annotated[int, typer.Option(help="If the library does not run.", min=1)] = 2,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Bring files, folders, addresses and identifiers (DOI, arXiv, ISBN, PMID) into the library.

    From folders, hidden files and unfinished downloads are left out.
    """
    del data
    configure_logging("WARNING")
    folders = [Path(source) for source in sources if Path(source).is_dir()]
    if watch and not folders:
        raise InvalidInputError("There is no folder to watch.", "Name one, or leave --watch out.")
    others = list(_checked(source for source in sources if not Path(source).is_dir()))
    prepare_library()
    if any(map(_is_identifier, others)):
        with reading() as session:
            Services(session).lookups.require_on()
    seen = {str(path): _stamp(path) for path in _files(folders, recursive=recursive)}
    with running(workers):
        register_all_hooks()
        report = _bring([*seen, *others], wait=wait, as_json=as_json)
        if watch:
            _watch(folders, seen, recursive=recursive, wait=wait, as_json=as_json)
            return
    if report["failed"]:
        raise typer.Exit(FAILED)


def _bring(sources: Iterable[str], *, wait: bool, as_json: bool) -> dict[str, Any]:
    ids = [_take(source) for source in sources]
    if wait:
        _follow(ids)
    report = _report(ids)
    if as_json:
        print_json(report)
    else:
        _print_report(report)
    return report


def _watch(
    folders: list[Path], seen: dict[str, Stamp], *, recursive: bool, wait: bool, as_json: bool
) -> None:
    """Take in what comes or changes, once it is written to its end, until Ctrl-C or SIGTERM."""
    stop = Event()
    for one in (signal.SIGINT, signal.SIGTERM):
        signal.signal(one, lambda *_: stop.set())
    err.print(f"Watching {', '.join(map(str, folders))}. Press Ctrl-C to stop.", highlight=False)
    growing: Mapping[str, Stamp] | None = None
    for changes in changes_in(
        *folders,
        recursive=recursive,
        stop_event=stop,
        rust_timeout=int(_LOOK_SECONDS * 1000),
        yield_on_timeout=True,
    ):
        if not changes and growing == {}:
            continue
        new = {
            str(path): stamp
            for path in _files(folders, recursive=recursive)
            if (stamp := _stamp(path)) != _GONE and seen.get(str(path)) != stamp
        }
        whole = {path: stamp for path, stamp in new.items() if (growing or {}).get(path) == stamp}
        growing = {path: stamp for path, stamp in new.items() if path not in whole}
        seen |= whole
        if whole:
            _bring(whole, wait=wait, as_json=as_json)


def _files(folders: Iterable[Path], *, recursive: bool) -> Iterator[Path]:
    for folder in folders:
        for path in sorted(folder.glob("**/*" if recursive else "*")):
            inside = path.relative_to(folder).parts
            hidden = any(part.startswith(".") for part in inside)
            if path.is_file() and not hidden and not path.name.lower().endswith(_UNFINISHED):
                yield path


def _stamp(path: Path) -> Stamp:
    try:
        facts = path.stat()
    except FileNotFoundError:
        return _GONE
    return facts.st_size, facts.st_mtime_ns


def _checked(sources: Iterable[str]) -> Iterator[str]:
    for source in sources:
        is_address = source.startswith(("http://", "https://"))
        if not is_address and not Path(source).is_file() and not _is_identifier(source):
            raise NotFoundError(f"There is no file or folder {source}.", "Check the path.")
        yield source


def _is_identifier(source: str) -> bool:
    """Tell whether public services are to be asked; a few digits rather miss a file's name."""
    if source.startswith(("http://", "https://")) or Path(source).exists():
        return False
    return not _FEW_DIGITS.fullmatch(source) and read_identifier(source) is not None


def _take(source: str) -> str:
    """Queue a source; waits while the library has more to do than is good."""
    told = False
    while True:
        try:
            return _take_now(source)
        except BusyError as error:
            if not told:
                err.print(f"{error} Waiting.", highlight=False)
                told = True
            time.sleep(_BUSY_SECONDS)


def _take_now(source: str) -> str:
    with writing() as session:
        services = Services(session)
        if source.startswith(("http://", "https://")):
            return take_url(services, source).id
        if _is_identifier(source):
            return take_identifier(services, source).id
        return take_path(services, Path(source), Path(source).name).id


def _follow(ids: list[str]) -> None:
    """Show how far the ingestions and what is derived from them are, until all is done."""
    columns = (TextColumn("{task.description:<12}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), console=err) as progress:
        taken = progress.add_task("taken in", total=len(ids))
        derived = progress.add_task("derived", total=None)
        while True:
            done, total, added, open_rows, rows = _state(ids)
            progress.update(taken, completed=done, total=total)
            progress.update(derived, completed=rows - open_rows, total=rows or None)
            if done >= total and open_rows == 0:
                return
            time.sleep(_POLL_SECONDS if added < 1000 else 1.0)


def _state(ids: list[str]) -> tuple[int, int, int, int, int]:
    with reading() as session:
        services = Services(session)
        states = session.scalars(select(Ingestion.state).where(Ingestion.id.in_(ids))).all()
        totals = files_of_files(session, ids)
        counts = services.ingestion.counts(totals)
        ended = sum(state not in {"queued", "running"} for state in states)
        total = len(states) + sum(totals.values())
        children = sum(sum(one.values()) for one in counts.values())
        added = sum(one["added"] for one in counts.values())
        open_rows = services.freshness.unfinished()
        rows = sum(b.fresh + b.pending + b.stale for b in services.freshness.backlog().values())
    return ended + children, total, added, open_rows, rows


def _report(ids: list[str]) -> dict[str, Any]:
    report: dict[str, Any] = {"added": 0, "duplicates": 0, "failed": 0, "sources": []}
    with reading() as session:
        services = Services(session)
        for ingestion_id in ids:
            one = services.ingestion.get(ingestion_id)
            counts = count_outcomes(session, one.id)
            for name, count in counts.items():
                report[name] += count
            report["sources"].append(
                {
                    "ingestion_id": one.id,
                    "name": one.name,
                    "state": one.state,
                    "resource_id": one.resource_id,
                    "duplicate_of": one.duplicate_of,
                    "reason": one.duplicate_reason,
                    "counts": None if one.total is None else counts,
                    "error": one.error,
                    "remedy": one.remedy,
                }
            )
    return report


def _print_report(report: dict[str, Any]) -> None:
    rows = [
        [
            source["name"],
            source["state"],
            " ".join(filter(None, (source["error"], source["remedy"]))) or source["reason"] or "",
        ]
        for source in report["sources"]
        if source["state"] != "completed"
    ]
    if rows:
        out.print(as_table(["source", "state", "why"], rows))
    out.print(
        f"{report['added']} added, {report['duplicates']} duplicates, {report['failed']} failed",
        highlight=False,
    )
