"""Are the original files there, with the bytes that came in, and is there none that nobody needs?"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from sqlalchemy import CompoundSelect, func, literal, select, union_all
from sqlalchemy.orm import Session

from alexandria.models import Ingestion, ResourceFile
from alexandria.protocols import FileState, FileStore, StoredFile
from alexandria.protocols.backup import Tell

INCOMING = "incoming"
"""Folder of files that are half written; what is forgotten there goes by itself."""


@dataclass(slots=True)
class WantedFile:
    """A file that rows refer to: those of resources, deleted ones too, and of ingestions."""

    name: str = ""
    bytes: int | None = None
    """As it came in; None if that is not known."""
    resource_ids: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Fault:
    sha256: str
    name: str
    bytes: int | None
    resource_ids: list[str]
    remedy: str


@dataclass(frozen=True, slots=True)
class Orphan:
    path: str
    bytes: int
    remedy: str


@dataclass(slots=True)
class FileReport:
    checked: int = 0
    bytes: int = 0
    """Of the files that were checked and are there."""
    missing: list[Fault] = field(default_factory=list)
    damaged: list[Fault] = field(default_factory=list)
    orphaned: list[Orphan] = field(default_factory=list)
    """Files that no row refers to. They do no harm, and are left to the reader."""
    copies: dict[str, Path] = field(default_factory=dict)
    """SHA-256 of a missing or damaged file to a copy of it elsewhere in the folder."""

    @property
    def found(self) -> int:
        return len(self.missing) + len(self.damaged)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self) | {"copies": {one: str(path) for one, path in self.copies.items()}}


def wanted_files(session: Session) -> dict[str, WantedFile]:
    """Give the files that must be there, by SHA-256; that of a record is of no file."""
    sources: CompoundSelect[Any] = union_all(
        select(
            ResourceFile.sha256,
            func.coalesce(ResourceFile.filename, "").label("name"),
            ResourceFile.bytes.label("bytes"),
            ResourceFile.resource_id.label("resource_id"),
        ),
        select(Ingestion.sha256, Ingestion.name, Ingestion.bytes, literal("")).where(
            Ingestion.sha256.is_not(None), Ingestion.source != "record"
        ),
    )
    found: dict[str, WantedFile] = {}
    for row in session.execute(sources):
        one = found.setdefault(row.sha256, WantedFile())
        one.name = one.name or row.name
        one.bytes = one.bytes or row.bytes or None
        if row.resource_id:
            one.resource_ids.append(row.resource_id)
    return found


def examine_files(
    files: FileStore, wanted: Mapping[str, WantedFile], tell: Tell, *, read: bool = True
) -> FileReport:
    """Compare the stored files with those wanted; `read`: also their checksums, else their size."""
    stored = list(files.stored())
    there = {one.sha256: one for one in stored if one.sha256}
    report = FileReport(checked=len(wanted))
    for done, (sha256, want) in enumerate(sorted(wanted.items())):
        tell("files", done, len(wanted))
        one = there.get(sha256)
        report.bytes += one.bytes if one else 0
        state = files.state(sha256) if read and one else _by_size(one, want)
        if state != "intact":
            faults: list[Fault] = getattr(report, state)
            faults.append(_fault(sha256, want))
    tell("files", len(wanted), len(wanted))
    strays = [one for one in stored if one.sha256 not in wanted]
    report.orphaned = [_orphan(one) for one in strays if one.path.parent.name != INCOMING]
    if report.found:
        lost = {one.sha256 for one in (*report.missing, *report.damaged)}
        digests = ((files.digest(one.path), one.path) for one in strays)
        report.copies = {sha256: path for sha256, path in digests if sha256 in lost and sha256}
    return report


def forget_wanted(report: FileReport, wanted: Iterable[str]) -> None:
    """Take out of the orphans what came in, and got its row, while the files were read."""
    names = set(wanted)
    report.orphaned = [one for one in report.orphaned if Path(one.path).name not in names]


def repair_files(files: FileStore, report: FileReport) -> FileReport:
    """Put back what has an intact copy, and give what is left. Nothing is removed."""
    for path in report.copies.values():
        with path.open("rb") as source:
            files.put_again(source)
    healed = {one for one in report.copies if files.state(one) == "intact"}
    return replace(
        report,
        missing=[one for one in report.missing if one.sha256 not in healed],
        damaged=[one for one in report.damaged if one.sha256 not in healed],
        copies={},
    )


def with_files(report: Mapping[str, Any], files: FileReport) -> dict[str, Any]:
    """Give one report of the derived data and the files together."""
    found = report["found"] + files.found
    return {**report, "ok": found == 0, "found": found, "files": files.as_dict()}


def _by_size(one: StoredFile | None, want: WantedFile) -> FileState:
    if one is None:
        return "missing"
    return "intact" if want.bytes in {None, one.bytes} else "damaged"


def _fault(sha256: str, want: WantedFile) -> Fault:
    return Fault(
        sha256=sha256,
        name=want.name or sha256,
        bytes=want.bytes,
        resource_ids=sorted(want.resource_ids),
        remedy="Add the same file again, or put a copy of it, under any name, into the library's "
        "folder `files` and run `alexandria doctor --repair`.",
    )


def _orphan(one: StoredFile) -> Orphan:
    return Orphan(
        path=str(one.path),
        bytes=one.bytes,
        remedy="Nothing in the library refers to it. Keep it elsewhere or delete it, unless "
        "something is being added at this moment.",
    )
