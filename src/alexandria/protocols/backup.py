"""What a backup holds, and what services ask of the archive that it is written to."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Annotated, Any, BinaryIO, Protocol

from pydantic import BaseModel, ConfigDict, Field

FORMAT = 1
"""Of the archive; a version reads its own and all before."""

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


class TablePart(BaseModel):
    """The rows of one table, one JSON object a line; `sha256` is of these lines."""

    model_config = ConfigDict(frozen=True)

    name: Name
    rows: int
    sha256: Sha256


class Manifest(BaseModel):
    """The archive's list of contents; tables stand in an order in which they can be filled."""

    model_config = ConfigDict(frozen=True)

    format: int
    alexandria: str
    schema_revision: Annotated[str, Field(pattern=r"^[0-9a-z_]+$")]
    database: str
    created_at: str
    tables: tuple[TablePart, ...]
    files: tuple[Sha256, ...]
    missing_files: tuple[Sha256, ...]
    """Files that the library should have had, and had not."""


class BackupWriter(Protocol):
    def add_table(self, name: str, rows: Iterable[Mapping[str, Any]]) -> int:
        """Write all rows; give how many. Moments are written in ISO 8601, bytes as base64."""

    def add_file(self, sha256: str, path: Path) -> bool:
        """Write the file; False, and nothing is written, if it can't be read or is damaged."""


class BackupReader(Protocol):
    """What is read is compared with the manifest; raises InvalidInputError where it differs."""

    @property
    def manifest(self) -> Manifest: ...

    def lines(self, table: TablePart) -> Iterator[bytes]: ...

    def open_file(self, sha256: str) -> AbstractContextManager[BinaryIO]: ...


class Tell(Protocol):
    def __call__(self, step: str, done: int, total: int | None) -> None:
        """Say how far a step is."""
