"""`alexandria backup`: the library in one file, whether it runs or not."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn
from sqlalchemy.orm import Session

from alexandria import __version__, bootstrap
from alexandria.adapters.archive_writer import ArchiveWriter, new_archive, refuse_existing
from alexandria.cli.common import (
    FAILED,
    DataOption,
    JsonOption,
    app,
    ended_by_signal,
    err,
    handle_errors,
    out,
    print_json,
    require_library,
)
from alexandria.config import get_settings
from alexandria.db import get_engine, snapshot
from alexandria.errors import InvalidInputError
from alexandria.log import configure_logging
from alexandria.migrations import require_current, schema_of
from alexandria.protocols.backup import FORMAT, Manifest, Tell
from alexandria.services.backup import BackupService


@app.command()
@handle_errors
def backup(
    file: Annotated[Path, typer.Argument(help="The file to write; there must be none yet.")],
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write the library into one file: all that can't be computed again."""
    del data
    configure_logging("WARNING")
    require_library()
    require_current(get_engine())
    target = _checked(file)
    with ended_by_signal(), progress() as tell:
        report = _save(target, tell)
    if as_json:
        print_json(report)
    else:
        _print(report)
    if report["missing_files"]:
        raise typer.Exit(FAILED)


@contextmanager
def progress() -> Iterator[Tell]:
    """Show on standard error how far each step is."""
    columns = (TextColumn("{task.description:<12}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=err, transient=True) as bar:
        tasks: dict[str, TaskID] = {}

        def tell(step: str, done: int, total: int | None) -> None:
            if step not in tasks:
                tasks[step] = bar.add_task(step)
            bar.update(tasks[step], completed=done, total=total)

        yield tell


def _checked(file: Path) -> Path:
    target = file.expanduser().resolve()
    files = (get_settings().data_dir / "files").resolve()
    if target.is_relative_to(files):
        raise InvalidInputError(
            f"{files} is for the original files.", "Write the backup to another folder."
        )
    refuse_existing(target)
    return target


def _save(target: Path, tell: Tell) -> dict[str, Any]:
    with new_archive(target) as archive, snapshot() as session:
        service = BackupService(session, bootstrap.file_store())
        made_at = datetime.now(UTC)
        tables = service.save_rows(archive, tell)
        missing = service.save_files(archive, tell)
        archive.finish(_manifest(session, archive, made_at, missing))
    return {
        "file": str(target),
        "bytes": target.stat().st_size,
        "tables": tables,
        "files": len(archive.files),
        "missing_files": [{"sha256": sha256, "name": name} for sha256, name in missing.items()],
    }


def _manifest(
    session: Session, archive: ArchiveWriter, made_at: datetime, missing: Iterable[str]
) -> Manifest:
    connection = session.connection()
    return Manifest(
        format=FORMAT,
        alexandria=__version__,
        schema_revision=schema_of(connection) or "",
        database=connection.dialect.name,
        created_at=made_at.isoformat(),
        tables=tuple(archive.tables),
        files=tuple(archive.files),
        missing_files=tuple(missing),
    )


def _print(report: dict[str, Any]) -> None:
    for one in report["missing_files"]:
        err.print(f"[red]Missing or damaged: {one['name']} ({one['sha256']})[/red]", soft_wrap=True)
    out.print(
        f"{report['tables']['resources']} resources and {report['files']} files in "
        f"{report['file']} ({report['bytes'] / 1e6:,.1f} MB)",
        highlight=False,
        soft_wrap=True,
    )
    if report["missing_files"]:
        err.print("Bring these files again, then make a new backup.")
