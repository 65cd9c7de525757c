"""What reading a file gives: the record of one document, or the many of a bibliography."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, Protocol

import orjson


@dataclass(frozen=True, slots=True)
class Record:
    """Metadata and text of one resource as brought in."""

    title: str | None = None
    abstract: str | None = None
    text: str | None = None
    authors: tuple[str, ...] = ()
    """As printed, "First Last"."""
    year: int | None = None
    venue: str | None = None
    doi: str | None = None
    """Lower case, without prefix."""
    arxiv_id: str | None = None
    """Without version."""
    isbn: str | None = None
    """13 digits."""
    url: str | None = None
    language: str | None = None
    """ISO 639-1."""
    tags: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    cites: tuple[str, ...] = ()
    external_id: str | None = None
    """The name that the source itself gives the record: `id`, BibTeX key, RIS `ID`."""
    type: str | None = None
    extra: Mapping[str, str] = field(default_factory=dict)
    """What the format says and no field above holds: volume, issue, pages, publisher, ..."""

    def to_dict(self) -> dict[str, Any]:
        """Only what is there, so that many records stay small."""
        return {name: value for name in _RECORD_FIELDS if (value := getattr(self, name))}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Record":
        fields: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in values.items()
        }
        return cls(**fields)


_RECORD_FIELDS = tuple(f.name for f in fields(Record))


@dataclass(frozen=True, slots=True)
class ExtractedRecord:
    """One entry of a bibliography; a broken one has no record, but an error and its remedy."""

    position: int
    """From 0."""
    line: int | None = None
    """Where the entry begins in the file, from 1."""
    record: Record | None = None
    error: str | None = None
    remedy: str | None = None

    def to_dict(self) -> dict[str, Any]:
        values: dict[str, Any] = {"position": self.position, "line": self.line}
        if self.record is not None:
            values["record"] = self.record.to_dict()
        if self.error is not None:
            values |= {"error": self.error, "remedy": self.remedy}
        return values

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "ExtractedRecord":
        record = values.get("record")
        return cls(**{**values, "record": None if record is None else Record.from_dict(record)})


@dataclass(frozen=True, slots=True)
class Member:
    """A file within another: of an archive, attached to an e-mail; without its bytes an error."""

    position: int
    """From 0."""
    name: str
    """As shown to people; never used as a path."""
    media_type: str | None = None
    """As declared."""
    data: bytes | None = field(default=None, repr=False, compare=False)
    """Not in the JSON form: the bytes go into a file named by the position."""
    error: str | None = None
    remedy: str | None = None

    def to_dict(self) -> dict[str, Any]:
        names = ("position", "name", "media_type", "error", "remedy")
        return {name: value for name in names if (value := getattr(self, name)) is not None}


@dataclass(frozen=True, slots=True)
class ExtractedDocument:
    media_type: str
    kind: Literal["document", "bibliography", "archive"]
    record: Record | None = None
    """The document itself; None for a bibliography and an archive."""
    records: list[ExtractedRecord] = field(default_factory=list)
    """The entries of a bibliography in their order; empty for a document."""
    members: list[Member] = field(default_factory=list)
    """The files of an archive, and what is attached to a document, in their order."""
    pages: int | None = None
    warnings: tuple[str, ...] = ()

    def to_json(self) -> bytes:
        return orjson.dumps(
            {
                "media_type": self.media_type,
                "kind": self.kind,
                "record": None if self.record is None else self.record.to_dict(),
                "records": [entry.to_dict() for entry in self.records],
                "members": [member.to_dict() for member in self.members],
                "pages": self.pages,
                "warnings": self.warnings,
            },
        )

    @classmethod
    def from_json(cls, data: bytes) -> "ExtractedDocument":
        values = orjson.loads(data)
        return cls(
            media_type=values["media_type"],
            kind=values["kind"],
            record=None if values["record"] is None else Record.from_dict(values["record"]),
            records=[ExtractedRecord.from_dict(entry) for entry in values["records"]],
            members=[Member(**member) for member in values["members"]],
            pages=values["pages"],
            warnings=tuple(values["warnings"]),
        )


class Extractor(Protocol):
    def extract(
        self,
        path: Path,
        *,
        filename: str | None,
        declared_type: str | None,
        url: str | None = None,
        members: Path | None = None,
    ) -> ExtractedDocument:
        """Read the file by its content; name, declared type and URL only help where it is unclear.

        The bytes of the document's members go into the folder `members`, each under its position.

        Raises ExtractionError (the document's own fault) and TransientError (may pass).
        """
