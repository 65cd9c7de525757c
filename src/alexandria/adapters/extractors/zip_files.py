"""Zip files of unknown origin: what they may hold is checked before anything is unpacked."""

import io
import zipfile
import zlib
from collections.abc import Iterable

from alexandria.adapters.extractors.limits import Limits
from alexandria.errors import ExtractionError

_ENCRYPTED = 0x1
_DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, IndexError, KeyError)
"""What the standard library raises of damaged files."""


class ZipReader:
    """Reads members into memory; all of them together stay below the limits."""

    def __init__(self, data: bytes, limits: Limits) -> None:
        """Raise ExtractionError if the file is damaged, or holds too much."""
        self._zip = _opened(data)
        self.members = self._zip.infolist()
        if len(self.members) > limits.max_members:
            raise ExtractionError(
                f"The file holds more than {limits.max_members:,} others.",
                "Split it into several and add those.",
            )
        if sum(member.file_size for member in self.members) > limits.max_unpacked_bytes:
            raise ExtractionError(
                f"The file unpacks to more than {limits.max_unpacked_bytes // 1_000_000} MB.",
                "Split it into several and add those.",
            )

    def names(self) -> set[str]:
        return {member.filename for member in self.members}

    def read(self, member: zipfile.ZipInfo | str) -> bytes:
        """Give what a member holds, no more than its header says. Raises ExtractionError."""
        name = member if isinstance(member, str) else member.filename
        try:
            info = self._zip.getinfo(member) if isinstance(member, str) else member
            if info.flag_bits & _ENCRYPTED:
                raise ExtractionError(
                    f"“{name}” in this file is encrypted.",
                    "Unpack it with its password, and add what was in it.",
                )
            with self._zip.open(info) as stream:
                return stream.read(info.file_size)
        except NotImplementedError as error:
            raise ExtractionError(
                f"“{name}” is packed in a way that can't be unpacked here.",
                "Unpack it elsewhere, and add what was in it.",
            ) from error
        except _DAMAGED as error:
            raise ExtractionError(
                f"“{name}” in this file is damaged.", "Fetch or pack it again, and add that."
            ) from error


def zip_names(data: bytes) -> Iterable[str]:
    """Give the names in a zip file. Raises ExtractionError if it is damaged."""
    return _opened(data).namelist()


def _opened(data: bytes) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(io.BytesIO(data))
    except (*_DAMAGED, NotImplementedError) as error:
        raise ExtractionError(
            "The zip file is damaged or cut off.", "Fetch or pack it again, and add that."
        ) from error
