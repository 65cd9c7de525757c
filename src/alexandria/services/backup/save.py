"""Saves a library: its rows as they were at one moment, and the files that these refer to."""

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Column, Table, null, select
from sqlalchemy.orm import Session

from alexandria.errors import NotFoundError
from alexandria.protocols import FileStore
from alexandria.protocols.backup import BackupWriter, Tell
from alexandria.services.backup.tables import CLEARED, ROWS, kept_tables
from alexandria.services.file_check import wanted_files

_CHUNK = 500


class BackupService:
    """The session sees one moment of the database; stored files never change."""

    def __init__(self, session: Session, files: FileStore) -> None:
        self._session = session
        self._files = files

    def save_rows(self, archive: BackupWriter, tell: Tell) -> dict[str, int]:
        """Write every table that is kept; give how many rows each had."""
        tables = kept_tables()
        counts = {}
        for done, table in enumerate(tables):
            tell("tables", done, len(tables))
            name = str(table.name)  # it is a subclass of str, which JSON does not take
            counts[name] = archive.add_table(name, self._rows(table))
        tell("tables", len(tables), len(tables))
        return counts

    def save_files(self, archive: BackupWriter, tell: Tell) -> dict[str, str]:
        """Write the files; give the name of each that is missing or damaged, by its SHA-256."""
        wanted = wanted_files(self._session)
        missing = {}
        for done, (sha256, want) in enumerate(sorted(wanted.items())):
            tell("files", done, len(wanted))
            if not self._add_file(archive, sha256):
                missing[sha256] = want.name
        tell("files", len(wanted), len(wanted))
        return missing

    def _add_file(self, archive: BackupWriter, sha256: str) -> bool:
        try:
            return archive.add_file(sha256, self._files.path(sha256))
        except NotFoundError:
            return False

    def _rows(self, table: Table) -> Iterator[Mapping[str, Any]]:
        query = select(*(_kept(table, column) for column in table.columns))
        if table.name in ROWS:
            query = query.where(ROWS[table.name])
        query = query.order_by(*_order(table)).execution_options(yield_per=_CHUNK)
        for row in self._session.execute(query).mappings():
            yield dict(row)


def _kept(table: Table, column: Column[Any]) -> Any:
    if column.name in CLEARED.get(table.name, ()):
        return null().label(column.name)
    return column


def _order(table: Table) -> list[Any]:
    """Order by the key, rows that refer to others of their own table after these."""
    parents = [
        key.parent.is_not(None)
        for key in table.foreign_keys
        if key.column.table is table and key.parent is not None
    ]
    return [*parents, *table.primary_key.columns]
