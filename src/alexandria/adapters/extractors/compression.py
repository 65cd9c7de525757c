"""Files that are compressed as a whole: gzip, bzip2, xz."""

import bz2
import lzma
import zlib
from collections.abc import Callable
from typing import Protocol

from alexandria.adapters.extractors.limits import Limits
from alexandria.errors import ExtractionError

_BLOCK = 1 << 20
_MEMORY = 1 << 28  # what an xz file may ask for to be unpacked


class _Unpacker(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


_KINDS: tuple[tuple[bytes, str, Callable[[], _Unpacker]], ...] = (
    (b"\x1f\x8b", "gzip", lambda: zlib.decompressobj(wbits=31)),
    (b"BZh", "bzip2", bz2.BZ2Decompressor),
    (b"\xfd7zXZ\x00", "xz", lambda: lzma.LZMADecompressor(memlimit=_MEMORY)),
)


def unpack(data: bytes, limits: Limits) -> bytes:
    """Give what a compressed file holds; other data as it is."""
    for mark, name, make in _KINDS:
        if data.startswith(mark):
            return _unpack(data, mark, name, make, limits)
    return data


def _unpack(
    data: bytes, mark: bytes, name: str, make: Callable[[], _Unpacker], limits: Limits
) -> bytes:
    """A file may be several, one behind the other; padding may follow."""
    parts: list[bytes] = []
    left, at = limits.max_unpacked_bytes, 0
    while data.startswith(mark, at):
        unpacker = make()
        while not unpacker.eof and at < len(data):
            block = data[at : at + _BLOCK]
            try:
                parts.append(unpacker.decompress(block, left + 1))
            except (zlib.error, OSError, lzma.LZMAError, EOFError) as error:
                raise ExtractionError(
                    f"The {name} file is damaged and can't be unpacked.",
                    "Fetch or compress it again.",
                ) from error
            at += len(block) - len(unpacker.unused_data)
            left -= len(parts[-1])
            if left < 0:
                raise _too_large(name, limits)
        if not unpacker.eof:
            raise ExtractionError(f"The {name} file is cut off.", "Fetch or compress it again.")
    return b"".join(parts)


def _too_large(name: str, limits: Limits) -> ExtractionError:
    return ExtractionError(
        f"The {name} file unpacks to more than {limits.max_unpacked_bytes // 1_000_000} MB.",
        "Split it into smaller files.",
    )
