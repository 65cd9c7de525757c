"""Archives (zip, tar): their files one by one; their names are shown, and never used as paths."""

import io
import re
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from functools import partial

from alexandria.adapters.extractors.limits import Limits
from alexandria.adapters.extractors.sniff import TAR, ZIP
from alexandria.adapters.extractors.text import clean_line, decode
from alexandria.adapters.extractors.zip_files import ZipReader
from alexandria.errors import ExtractionError
from alexandria.protocols.extraction import ExtractedDocument, Member

_UTF8 = 0x800
_SYSTEM = frozenset({"__macosx", "thumbs.db", "desktop.ini"})
_OUTSIDE = re.compile(r"^(?:[/\\]|[A-Za-z]:)|(?:^|[/\\])\.\.(?:[/\\]|$)")
_TAR_ERRORS = (tarfile.TarError, EOFError, OSError, ValueError, OverflowError, IndexError)
"""What the standard library raises of damaged files."""


def extract_zip(data: bytes, limits: Limits) -> ExtractedDocument:
    files = ZipReader(data, limits)
    members = [
        _member(position, name, info.file_size, limits, partial(files.read, info))
        for position, (info, name) in enumerate(_named(files))
    ]
    return _archive(ZIP, members)


def extract_tar(data: bytes, limits: Limits) -> ExtractedDocument:
    return _archive(TAR, list(_tar_members(data, limits)))


def _archive(media_type: str, members: list[Member]) -> ExtractedDocument:
    if not members:
        raise ExtractionError(
            "The archive holds no files.", "Check that it was packed as it should be."
        )
    return ExtractedDocument(media_type=media_type, kind="archive", members=members)


def _named(files: ZipReader) -> Iterator[tuple[zipfile.ZipInfo, str]]:
    for info in files.members:
        name = _zip_name(info)
        if not info.is_dir() and not _is_hidden(name):
            yield info, name


def _zip_name(info: zipfile.ZipInfo) -> str:
    """Older programs write names in the encoding of their system, and don't say which."""
    if info.flag_bits & _UTF8:
        return info.filename
    return decode(info.filename.encode("cp437", errors="replace"))[0]


def _tar_members(data: bytes, limits: Limits) -> Iterator[Member]:
    left, position = limits.max_unpacked_bytes, 0
    try:
        archive = tarfile.open(fileobj=io.BytesIO(data), mode="r:")  # noqa: SIM115 - in memory
        for count, info in enumerate(archive):
            if count >= limits.max_members:
                raise _too_many(limits)
            if info.isdir() or _is_hidden(info.name):
                continue
            left -= info.size if info.isreg() else 0
            if left < 0:
                raise _too_large(limits)
            yield _tar_member(archive, position, info, limits)
            position += 1
    except _TAR_ERRORS as error:
        if position == 0:
            raise ExtractionError(
                "The tar archive is damaged or cut off.", "Fetch or pack it again, and add that."
            ) from error
        yield Member(
            position,
            "(the rest of the archive)",
            error="From here on the archive is damaged or cut off.",
            remedy="Fetch or pack it again, and add that: what is here already will be recognised.",
        )


def _tar_member(
    archive: tarfile.TarFile, position: int, info: tarfile.TarInfo, limits: Limits
) -> Member:
    if not info.isreg():
        return Member(
            position,
            clean_line(info.name) or "",
            error="This is a link or a device, not a file.",
            remedy="Pack the file itself, and add that.",
        )

    def read() -> bytes:
        stream = archive.extractfile(info)
        content = stream.read(info.size) if stream else b""
        if len(content) < info.size:
            raise EOFError
        return content

    return _member(position, info.name, info.size, limits, read)


def _member(
    position: int, name: str, size: int, limits: Limits, read: Callable[[], bytes]
) -> Member:
    shown = clean_line(name) or f"file {position + 1}"
    try:
        _check(name, size, limits)
        return Member(position, shown, data=read())
    except ExtractionError as error:
        return Member(position, shown, error=error.message, remedy=error.remedy)


def _check(name: str, size: int, limits: Limits) -> None:
    if _OUTSIDE.search(name):
        raise ExtractionError(
            "The name of this file leads out of the archive.",
            "If you trust who made the archive, unpack it, and add the file itself.",
        )
    if size > limits.max_bytes:
        raise ExtractionError(
            f"This file is larger than {limits.max_bytes // 1_000_000} MB.",
            "Split it, or leave out what is not text, and add the parts.",
        )


def _is_hidden(name: str) -> bool:
    """Tell what systems leave in archives from what people put there."""
    parts = [part for part in re.split(r"[/\\]", name.lower()) if part not in {"", ".", ".."}]
    return any(part.startswith(".") or part in _SYSTEM for part in parts)


def _too_many(limits: Limits) -> ExtractionError:
    return ExtractionError(
        f"The file holds more than {limits.max_members:,} others.",
        "Split it into several and add those.",
    )


def _too_large(limits: Limits) -> ExtractionError:
    return ExtractionError(
        f"The file unpacks to more than {limits.max_unpacked_bytes // 1_000_000} MB.",
        "Split it into several and add those.",
    )
