"""Original files in a folder, each stored once under the SHA-256 of its bytes."""

import errno
import hashlib
import io
import os
import re
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

from alexandria.errors import DamagedError, NoRoomError, NotFoundError
from alexandria.protocols import FileState, StoredFile

_SHA256 = re.compile(r"[0-9a-f]{64}")
_CHUNK_BYTES = 1 << 20
_FORGOTTEN_SECONDS = 24 * 3600
_FULL = {
    errno.ENOSPC: "There is no room left on",
    errno.EDQUOT: "There is no room left for you on",
    errno.EFBIG: "No file of this size is possible on",
}


class LocalFileStore:
    """A file stands whole under its hash or not at all: it is written elsewhere and renamed."""

    def __init__(self, folder: Path) -> None:
        """Take the folder, which is made at the first `put`."""
        self._folder = folder.expanduser().absolute()
        self._incoming = self._folder / "incoming"

    def put(self, path: Path) -> str:
        """Take a copy of the file; give its SHA-256 in hex."""
        try:
            source = path.open("rb")
        except FileNotFoundError as error:
            raise NotFoundError(
                f"There is no file {path.name}.", "Check the path; it may have been moved."
            ) from error
        with source:
            return self._take(source)

    def put_bytes(self, data: bytes) -> str:
        """Store the bytes; give their SHA-256 in hex."""
        return self._take(io.BytesIO(data))

    def put_again(self, source: BinaryIO) -> str:
        """Store what can be read, also over a file that is there and may be damaged."""
        return self._take(source, over=True)

    def remove(self, sha256: str, kept: timedelta) -> bool:
        """Remove a file that was not put for so long; tell whether it is gone.

        It is looked at again where no `put` finds it: one that came meanwhile has touched it, and
        gets it back, or stores it anew.
        """
        place, aside = self._place(sha256), self._incoming / f"{sha256}.removed"
        if not _SHA256.fullmatch(sha256) or not place.is_file():
            return True
        if _is_fresh(place, kept):
            return False
        self._incoming.mkdir(parents=True, exist_ok=True)
        place.replace(aside)
        if _is_fresh(aside, kept):
            aside.replace(place)
            return False
        aside.unlink()
        return True

    def path(self, sha256: str) -> Path:
        """Give the stored file's place; raises NotFoundError if there is none."""
        if _SHA256.fullmatch(sha256):
            place = self._place(sha256)
            if place.is_file():
                return place
        raise NotFoundError(
            f"The library has no file {sha256[:64]!r}.",
            "If it should have, restore the folder of files from a backup or add the file again.",
        )

    def open(self, sha256: str) -> BinaryIO:
        """Open the stored file for reading; raises NotFoundError if there is none."""
        return self.path(sha256).open("rb")

    def intact_path(self, sha256: str) -> Path:
        """Give the place of a file whose bytes are those that came in.

        They are read once for each process and change of the file. Raises NotFoundError and
        DamagedError.
        """
        path = self.path(sha256)
        try:
            found = path.stat()
            digest = _known_digest(path, found.st_ino, found.st_mtime_ns, found.st_size)
        except OSError as error:
            raise DamagedError(
                f"The stored file {sha256} can't be read: {error.strerror}.",
                "Check the disk, and who may read the library's folder.",
            ) from error
        if digest != sha256:
            raise DamagedError(
                f"The stored file {sha256} has other bytes than those that came in.",
                "Add the same file again: its bytes take the place of the damaged ones.",
            )
        return path

    def state(self, sha256: str) -> FileState:
        """Read the whole file, whatever is known of it, and tell how it is."""
        try:
            return "intact" if digest_of(self.path(sha256)) == sha256 else "damaged"
        except NotFoundError:
            return "missing"
        except OSError:
            return "damaged"

    def stored(self) -> Iterator[StoredFile]:
        """Give every file in the folder, also those that stand at no hash's place."""
        for folder, _, names in os.walk(self._folder):
            for name in names:
                path = Path(folder, name)
                with suppress(OSError):  # it has just gone
                    found = path.stat()
                    in_place = bool(_SHA256.fullmatch(name)) and path == self._place(name)
                    yield StoredFile(
                        path, name if in_place else None, found.st_size, found.st_mtime
                    )

    def digest(self, path: Path) -> str | None:
        """Give the SHA-256 of a file that `stored` gave; None if it can't be read."""
        try:
            return digest_of(path)
        except OSError:
            return None

    def _place(self, sha256: str) -> Path:
        return self._folder / sha256[:2] / sha256[2:4] / sha256

    def _take(self, source: BinaryIO, *, over: bool = False) -> str:
        with full_disk_explained(self._folder):
            self._make_incoming()
            with tempfile.NamedTemporaryFile(dir=self._incoming, delete=False) as copy:
                written = Path(copy.name)
                try:
                    sha256 = _copy(source, copy)
                    self._keep(written, sha256, over=over)
                finally:
                    written.unlink(missing_ok=True)
        return sha256

    def _make_incoming(self) -> None:
        """Make the folder of half-written files, and drop what a killed process left there."""
        self._incoming.mkdir(parents=True, exist_ok=True)
        oldest = time.time() - _FORGOTTEN_SECONDS
        for left in self._incoming.iterdir():
            try:
                if left.stat().st_mtime < oldest:
                    left.unlink()
            except FileNotFoundError:  # another process has just finished with it
                continue

    def _keep(self, written: Path, sha256: str, *, over: bool) -> None:
        place = self._place(sha256)
        there = not over and _is_there(place, written.stat().st_size)
        if there and self.state(sha256) == "intact":
            return
        place.parent.mkdir(parents=True, exist_ok=True)
        written.replace(place)
        for folder in (place.parent, place.parent.parent, self._folder):
            sync_folder(folder)


def digest_of(path: Path) -> str:
    """Give the SHA-256 of the file's bytes in hex. Raises OSError."""
    with path.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


@lru_cache(maxsize=4096)
def _known_digest(path: Path, _inode: int, _modified: int, _size: int) -> str:
    return digest_of(path)


def _is_there(place: Path, size: int) -> bool:
    """Tell whether the file stands there whole; if so, it counts as put at this moment."""
    try:
        os.utime(place)
        return place.stat().st_size == size
    except OSError:
        return False


def _is_fresh(place: Path, kept: timedelta) -> bool:
    return time.time() - place.stat().st_mtime < kept.total_seconds()


def _copy(source: BinaryIO, copy: "tempfile._TemporaryFileWrapper[bytes]") -> str:
    digest = hashlib.sha256()
    while chunk := source.read(_CHUNK_BYTES):
        digest.update(chunk)
        copy.write(chunk)
    copy.flush()
    os.fsync(copy.fileno())
    return digest.hexdigest()


def sync_folder(folder: Path) -> None:
    """Make the folder's new names survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def full_disk_explained(folder: Path) -> Iterator[None]:
    """Raise UnavailableError where the disk is full, in words."""
    try:
        yield
    except OSError as error:
        if error.errno not in _FULL:
            raise
        raise NoRoomError(
            f"{_FULL[error.errno]} the disk of {folder}.", "Free some space and try again."
        ) from error
