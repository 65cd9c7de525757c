"""The files as they were brought in: which there are, what they are, how they can be looked at."""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session

from alexandria.errors import DamagedError, InvalidInputError, NotFoundError
from alexandria.models import ResourceFile
from alexandria.protocols import FileStore, PageSanitiser
from alexandria.services.resources import ResourceService

PDF, HTML, UNKNOWN = "application/pdf", "text/html", "application/octet-stream"
LONGEST_NAME = 150
"""Bytes, without the ending."""
LARGEST_PAGE_BYTES = 5_000_000
"""Of a saved web page that is shown as a page; of a longer one the text is shown."""

_HEAD_BYTES = 1024
_COMPRESSED = {
    b"\x1f\x8b": "application/gzip",
    b"BZh": "application/x-bzip2",
    b"\xfd7zXZ\x00": "application/x-xz",
}
_SUFFIXES = {
    PDF: ".pdf",
    HTML: ".html",
    "text/plain": ".txt",
    "text/markdown": ".md",
    "message/rfc822": ".eml",
    "application/epub+zip": ".epub",
    "application/jats+xml": ".xml",
    "application/tei+xml": ".xml",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
}
_ENDINGS = {PDF: {".pdf"}, HTML: {".html", ".htm", ".xhtml"}}
"""Of kinds that systems open by their ending, those that are right."""
_ENDING = re.compile(r"(?<=.)(?:\.[A-Za-z0-9]{1,8})+$")
_UNSAFE = re.compile(r'[<>:"/\\|?*]')
_SHA256 = re.compile(r"[0-9a-f]{64}")
_SEPARATORS = re.compile(r"[/\\]")

View = Literal["pdf", "page", "text"]


@dataclass(frozen=True, slots=True)
class Original:
    resource_id: str
    sha256: str
    name: str
    """Safe to save under on any system; never used as a path here."""
    media_type: str
    """By the content."""
    bytes: int
    added_at: datetime
    view: View
    """`pdf` and `page` are shown as they are, of all else the text that was read from it."""


class OriginalService:
    """`sanitiser` gives what makes web pages safe; it is asked when the first is shown."""

    def __init__(
        self,
        session: Session,
        resources: ResourceService,
        files: FileStore,
        sanitiser: Callable[[], PageSanitiser],
    ) -> None:
        self._session = session
        self._resources = resources
        self._files = files
        self._sanitiser = sanitiser

    def of(self, resource_id: str) -> list[Original]:
        """Give the files of a resource, the first that came first."""
        resource = self._resources.get(resource_id)
        query = select(ResourceFile).where(ResourceFile.resource_id == resource_id)
        rows = self._session.scalars(query.order_by(ResourceFile.created_at, ResourceFile.sha256))
        return [self._original(row, resource.title) for row in rows]

    def get(self, resource_id: str, sha256: str) -> Original:
        resource = self._resources.get(resource_id)
        known = _SHA256.fullmatch(sha256)  # PostgreSQL takes no NUL even to look for it
        row = self._session.get(ResourceFile, (resource_id, sha256)) if known else None
        if row is None:
            raise NotFoundError(
                "This resource has no such file.", "Look at the list of its files for their names."
            )
        return self._original(row, resource.title)

    def path(self, original: Original) -> Path:
        """Give the place of its bytes, which are those that came in.

        Raises NotFoundError and DamagedError.
        """
        again = "Add the same file again: its bytes take their place, and nothing else changes."
        try:
            return self._files.intact_path(original.sha256)
        except NotFoundError as error:
            raise NotFoundError(
                f"The file {original.name} is missing in the library's folder of files.", again
            ) from error
        except DamagedError as error:
            raise DamagedError(f"The file {original.name} is damaged.", again) from error

    def page(self, original: Original) -> str:
        """Give a saved web page, safe to look at."""
        if original.view != "page":
            raise InvalidInputError(
                f"A file of the kind {original.media_type} can't be shown.",
                "Download it, or read its text in the resource's `content`.",
            )
        url = self._resources.get(original.resource_id).url
        return self._sanitiser()(self.path(original).read_bytes(), url)

    def _original(self, row: ResourceFile, title: str) -> Original:
        media_type = self._media_type(row)
        return Original(
            resource_id=row.resource_id,
            sha256=row.sha256,
            name=safe_name(row.filename or "", title, media_type),
            media_type=media_type,
            bytes=row.bytes,
            added_at=row.created_at,
            view=_view(media_type, row.bytes),
        )

    def _media_type(self, row: ResourceFile) -> str:
        """The row names the type of what was read, which may have been compressed."""
        try:
            with self._files.path(row.sha256).open("rb") as source:
                head = source.read(_HEAD_BYTES)
        except (NotFoundError, OSError):
            return row.media_type
        for mark, media_type in _COMPRESSED.items():
            if head.startswith(mark):
                return media_type
        if row.media_type == PDF and b"%PDF-" not in head:
            return UNKNOWN
        return row.media_type


def safe_name(name: str, title: str, media_type: str) -> str:
    """Give a file name without folders, control characters and what some system refuses.

    That of an address is the end of its path; where nothing is left, the title stands in.
    """
    if "://" in name:
        name = unquote(urlsplit(name).path)
    for candidate in (_SEPARATORS.split(name.rstrip("/\\"))[-1], title, "file"):
        printable = "".join(
            one for one in unicodedata.normalize("NFC", candidate) if one.isprintable()
        )
        if cleaned := _UNSAFE.sub("_", printable).strip(" ."):
            break
    suffix = _SUFFIXES.get(media_type, "")
    ending = _ENDING.search(cleaned)
    wanted = _ENDINGS.get(media_type)
    if ending and (wanted is None or ending.group().lower() in wanted):
        return _cut(cleaned[: ending.start()]) + ending.group()
    return _cut(cleaned) + suffix


def _cut(stem: str) -> str:
    return stem.encode()[:LONGEST_NAME].decode(errors="ignore")


def _view(media_type: str, size: int) -> View:
    if media_type == PDF:
        return "pdf"
    return "page" if media_type == HTML and size <= LARGEST_PAGE_BYTES else "text"
