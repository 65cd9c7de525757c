"""`alexandria restore`: a library from a backup, with all that is derived computed anew."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import sqlalchemy.exc
import typer
from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from alexandria import bootstrap
from alexandria.adapters.archive_reader import ArchiveReader, open_archive
from alexandria.adapters.whole_database import replace_database
from alexandria.bootstrap import Services
from alexandria.cli.backup import progress
from alexandria.cli.common import (
    FAILED,
    DataOption,
    JsonOption,
    app,
    ended_by_signal,
    err,
    handle_errors,
    make_folder,
    out,
    print_json,
)
from alexandria.cli.processes import prepare_library
from alexandria.cli.supervisor import LibraryLock, running
from alexandria.config import get_settings
from alexandria.db import Base, dispose_engine, get_engine, reading
from alexandria.errors import ConflictError, UnavailableError
from alexandria.log import configure_logging
from alexandria.migrations import require_known, schema_of, upgrade
from alexandria.models import LedgerRow
from alexandria.protocols.backup import Tell
from alexandria.services.backup import RestoreService, holds_something, put_files
from alexandria.services.backup.tables import KEYWORD_INDEX, LEFT_OUT
from alexandria.tasks.celery_tasks.derivation_runs import request_for
from alexandria.tasks.celery_tasks.derivations import TASK_OF
from alexandria.tasks.forgetting import forget_redis
from alexandria.tasks.hooks import register_all_hooks
from alexandria.tasks.queueing import queue_all
from alexandria.tasks.status import broker_answers, heartbeats

_POLL_SECONDS = 0.3


@app.command()
@handle_errors
def restore(
    file: Annotated[Path, typer.Argument(help="A file that `alexandria backup` wrote.")],
    force: Annotated[bool, typer.Option("--force", help="Replace a library with content.")] = False,
    wait: Annotated[bool, typer.Option(help="Until everything derived is fresh.")] = True,
    workers: Annotated[int, typer.Option(help="To compute what is derived.", min=1)] = 2,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make the library what it was when the backup was made; it must not run."""
    del data
    configure_logging("WARNING")
    with ended_by_signal(), progress() as tell, open_archive(file.expanduser()) as archive:
        report = _restore(archive, tell, force=force)
        if wait:
            _derive(workers, tell)
    report |= _freshness()
    if as_json:
        print_json(report)
    else:
        _print(report)
    if report["failed"]:
        raise typer.Exit(FAILED)


def _restore(archive: ArchiveReader, tell: Tell, *, force: bool) -> dict[str, Any]:
    require_known(archive.manifest.schema_revision)
    _require_room(force=force)
    archive.verify(tell)
    with library_to_itself():
        was_empty = _require_room(force=force)
        files = put_files(bootstrap.file_store(), archive, tell)
        forget_redis()
        tables, kept = _replace(archive, tell, keep=not was_empty)
        prepare_library()
        _forget_invalid_token()
    return {
        "created_at": archive.manifest.created_at,
        "tables": tables,
        "files": files,
        "missing_files": list(archive.manifest.missing_files),
        "replaced": kept or None,
    }


def _replace(archive: ArchiveReader, tell: Tell, *, keep: bool) -> tuple[dict[str, int], str]:
    """Give the counts of rows, and where a SQLite file that was replaced is kept."""
    tables: dict[str, int] = {}

    def fill(connection: Connection) -> None:
        upgrade(connection, archive.manifest.schema_revision)
        with Session(connection) as session:
            tables.update(RestoreService(session).put_rows(archive, tell))
        upgrade(connection)

    kept = replace_database(get_engine(), _is_ours, fill, keep=keep)
    dispose_engine()
    return tables, kept


def _is_ours(table: str) -> bool:
    return table in {*Base.metadata.tables, *LEFT_OUT} or table.startswith(KEYWORD_INDEX)


@contextmanager
def library_to_itself() -> Iterator[None]:
    """Hold the library's lock. Raises ConflictError while it runs, here or elsewhere."""
    settings = get_settings()
    lock = LibraryLock(make_folder())
    if not lock.take():
        facts = lock.read()
        lock.close()
        raise _running(f"{facts.get('url', 'without a page')}, process {facts.get('pid')}")
    try:
        if not settings.embedded_redis:
            _require_quiet_redis()
        yield
    finally:
        lock.release()


def _require_quiet_redis() -> None:
    if not (broker_answers() and bootstrap.cache_answers()):
        raise UnavailableError(
            "The configured Redis does not answer, and what it holds would be out of date.",
            "Start it, or unset REDIS_HOST and CELERY_BROKER_URL.",
        )
    if alive := [worker["name"] for worker in heartbeats() if worker["alive"]]:
        raise _running(f"worker {', '.join(alive)}")


def _running(where: str) -> ConflictError:
    return ConflictError(
        f"This library runs: {where}.",
        "Stop it first, or choose another folder with --data.",
    )


def _require_room(*, force: bool) -> bool:
    """Tell whether the library is empty. Raises ConflictError if it is not, unless forced."""
    try:
        if _is_empty():
            return True
    finally:
        dispose_engine()
    if not force:
        raise ConflictError(
            f"There is a library in {_place()} already.",
            "Choose an empty folder with --data, or replace the library with --force.",
        )
    return False


def _is_empty() -> bool:
    engine = get_engine()
    is_file = engine.dialect.name == "sqlite"
    if is_file and not Path(engine.url.database or "").exists():
        return True
    try:
        with reading() as session:
            if (schema := schema_of(session.connection())) and not is_file:
                require_known(schema)
            return not holds_something(session)
    except sqlalchemy.exc.DatabaseError as error:
        if is_file:
            return False  # damaged, and for that reason not empty
        raise UnavailableError(
            f"The database does not answer: {error.orig}.", "Start it, or correct DATABASE_URL."
        ) from error


def _place() -> str:
    url = get_engine().url
    return url.database or str(url)


def _forget_invalid_token() -> None:
    """Remove the file of a token that the restored library does not know; `up` makes a new one."""
    path = get_settings().data_dir / "api-token"
    if not path.exists():
        return
    with reading() as session:
        if Services(session).users.identify(path.read_text().strip(), "token") is None:
            path.unlink()


def _derive(workers: int, tell: Tell) -> None:
    """Compute what is due, and return when nothing is."""
    with running(workers):
        register_all_hooks()
        with reading() as session:
            due = session.execute(
                select(LedgerRow.derivation, LedgerRow.subject_id).where(
                    LedgerRow.due_at.is_not(None), LedgerRow.derivation.in_(TASK_OF)
                )
            ).all()
        queue_all([request_for(TASK_OF[name], one) for name, one in due])
        while open_rows := _unfinished():
            tell("derived", max(0, len(due) - open_rows), max(len(due), open_rows))
            time.sleep(_POLL_SECONDS)


def _unfinished() -> int:
    with reading() as session:
        return Services(session).freshness.unfinished()


def _freshness() -> dict[str, Any]:
    with reading() as session:
        backlog = Services(session).freshness.backlog()
    return {
        "derivations": {name: one.as_dict() for name, one in backlog.items()},
        "failed": sum(one.failed for one in backlog.values()),
    }


def _print(report: dict[str, Any]) -> None:
    out.print(
        f"{report['tables']['resources']} resources and {report['files']} files, as they were "
        f"at {report['created_at'][:19]} UTC",
        highlight=False,
    )
    if report["missing_files"]:
        err.print(f"{len(report['missing_files'])} files were missing when the backup was made.")
    if report["replaced"]:
        out.print(f"The library before it is kept: {report['replaced']}", soft_wrap=True)
    waiting = sum(one["pending"] + one["stale"] for one in report["derivations"].values())
    if waiting:
        out.print("What is derived is computed when the library next runs.")
    if report["failed"]:
        err.print(f"{report['failed']} computations failed; see `alexandria dead list`.")
