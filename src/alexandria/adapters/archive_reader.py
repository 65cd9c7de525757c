"""Reads a backup, and trusts nothing in it: not its names, not its counts, not its bytes."""

import errno
import hashlib
import io
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile

import orjson
from pydantic import ValidationError

from alexandria.adapters.archive_writer import MANIFEST, file_member, table_member
from alexandria.errors import InvalidInputError, UnavailableError
from alexandria.protocols.backup import FORMAT, Manifest, TablePart, Tell

_BUFFER_BYTES = 1 << 20
_MAX_MANIFEST_BYTES = 1 << 29
_KINDS = (ZIP_DEFLATED, ZIP_STORED)
_DAMAGE = (
    BadZipFile,
    EOFError,
    zlib.error,
    struct.error,
    NotImplementedError,
    RuntimeError,
    ValueError,
)
"""What zipfile raises for an archive that is cut off, changed, encrypted or none at all."""


class ArchiveReader:
    """Implements BackupReader."""

    def __init__(self, archive: ZipFile, path: Path) -> None:
        """Read the manifest. Raises UnavailableError for an archive of a newer format."""
        self._archive = archive
        self._path = path
        if any(one.compress_type not in _KINDS for one in archive.infolist()):
            raise self._damaged("a part is compressed as no backup is")
        self.manifest = self._read_manifest()
        self._compare_names()

    def verify(self, tell: Tell) -> None:
        """Read all of it once. Raises InvalidInputError if anything is not as it was written."""
        parts = len(self.manifest.tables) + len(self.manifest.files)
        for done, table in enumerate(self.manifest.tables):
            tell("checked", done, parts)
            for _ in self.lines(table):
                pass
        for done, sha256 in enumerate(self.manifest.files, len(self.manifest.tables)):
            tell("checked", done, parts)
            self._verify_file(sha256)
        tell("checked", parts, parts)

    def lines(self, table: TablePart) -> Iterator[bytes]:
        digest, count = hashlib.sha256(), 0
        with self._damage_told(), self.open_member(table_member(table.name)) as part:
            for line in part:
                digest.update(line)
                count += 1
                yield line
        if (count, digest.hexdigest()) != (table.rows, table.sha256):
            raise self._damaged(f"the rows of {table.name} are not those that were written")

    @contextmanager
    def open_file(self, sha256: str) -> Iterator[BinaryIO]:
        with self._damage_told(), self.open_member(file_member(sha256)) as part:
            yield part

    def open_member(self, name: str) -> BinaryIO:
        part = self._archive.open(name)
        return cast("BinaryIO", io.BufferedReader(cast("io.RawIOBase", part), _BUFFER_BYTES))

    def _read_manifest(self) -> Manifest:
        with self._damage_told():
            if self._archive.getinfo(MANIFEST).file_size > _MAX_MANIFEST_BYTES:
                raise self._damaged("its list of contents is too long")
            written = orjson.loads(self._archive.read(MANIFEST))
            if written["format"] > FORMAT:
                raise UnavailableError(
                    f"{self._path} was written by a newer Alexandria ({written['alexandria']}).",
                    "Install that version or a later one to restore it.",
                )
            return Manifest.model_validate(written)

    def _compare_names(self) -> None:
        """Raise InvalidInputError unless the archive holds what its manifest says, each once."""
        expected = {MANIFEST, *(table_member(one.name) for one in self.manifest.tables)}
        expected |= {file_member(one) for one in self.manifest.files}
        names = self._archive.namelist()
        for name in expected.symmetric_difference(names):
            raise self._damaged(
                f"{name!r} is missing" if name in expected else f"{name!r} is in it"
            )
        if len(names) != 1 + len(self.manifest.tables) + len(self.manifest.files):
            raise self._damaged("a part is in it twice")

    def _verify_file(self, sha256: str) -> None:
        digest = hashlib.sha256()
        with self.open_file(sha256) as part:
            while chunk := part.read(_BUFFER_BYTES):
                digest.update(chunk)
        if digest.hexdigest() != sha256:
            raise self._damaged(f"the file {sha256} has other bytes")

    @contextmanager
    def _damage_told(self) -> Iterator[None]:
        try:
            yield
        except (ValidationError, KeyError, TypeError) as error:
            raise self._damaged("its list of contents can't be understood") from error
        except _DAMAGE as error:
            raise self._damaged(str(error) or type(error).__name__) from error
        except OSError as error:
            if error.errno != errno.EINVAL:
                raise
            raise self._damaged("a part would lie before its beginning") from error

    def _damaged(self, how: str) -> InvalidInputError:
        return damaged(self._path, how)


@contextmanager
def open_archive(path: Path) -> Iterator[ArchiveReader]:
    """Open a backup. Raises InvalidInputError if there is none, or what is there is none."""
    try:
        archive = ZipFile(path)
    except OSError as error:
        raise InvalidInputError(
            f"{path} can't be read: {error.strerror}.", "Check the path of the backup."
        ) from error
    except _DAMAGE as error:
        raise damaged(path, "it is cut off, or was never a backup") from error
    with archive:
        yield ArchiveReader(archive, path)


def damaged(path: Path, how: str) -> InvalidInputError:
    return InvalidInputError(
        f"{path} is damaged: {how}.", "Use another backup. Nothing was changed."
    )
