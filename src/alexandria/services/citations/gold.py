"""Data sets with known answers, told apart by the files in their folders."""

import gzip
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from alexandria.errors import InvalidInputError

STRINGS, SECTIONS, THESES = "reference-strings", "reference-sections", "thesis-texts"
HEADERS, ARTICLES, PDFS = "paper-headers", "full-papers-jats", "pdfs"

_FILES = {
    STRINGS: ("references.jsonl", ("id", "raw")),
    SECTIONS: ("sections.jsonl", ("id", "section_text", "references")),
    THESES: ("theses.jsonl", ("id", "text", "reference_line_ranges")),
    HEADERS: ("headers.jsonl", ("id", "header_text")),
    ARTICLES: ("papers.jsonl", ("file", "references")),
    PDFS: ("pdfs.jsonl", ("file",)),
}
_REMEDY = "Give a folder with one of: " + ", ".join(name for name, _ in _FILES.values()) + "."

Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class DataSet:
    folder: Path
    form: str
    records: Sequence[Record]


def read_data_set(folder: Path) -> DataSet:
    """Read records, and beside them the bytes of the files they name, as `data`.

    Raises InvalidInputError for a folder of no known form, or a record that lacks a part.
    """
    for form, (name, needed) in _FILES.items():
        path = next((p for p in (folder / f"{name}.gz", folder / name) if p.is_file()), None)
        if path is not None:
            records = list(_records(path, needed))
            if form in {ARTICLES, PDFS}:
                records = [_with_data(folder, record) for record in records]
            if not records:
                raise InvalidInputError(f"{path} holds no record.", _REMEDY)
            return DataSet(folder, form, records)
    raise InvalidInputError(f"{folder} is no data set of citations.", _REMEDY)


def _records(path: Path, needed: Sequence[str]) -> Iterator[dict[str, Any]]:
    opener: Callable[..., Any] = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rb") as lines:
        for number, line in enumerate(lines, start=1):
            if line.strip():
                yield _record(line, f"{path.name}, line {number}", needed)


def _record(line: bytes, place: str, needed: Sequence[str]) -> dict[str, Any]:
    try:
        record = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise InvalidInputError(f"{place}: {error}.", _REMEDY) from error
    if not isinstance(record, dict) or not record.keys() >= set(needed):
        raise InvalidInputError(
            f"{place}: an object with {', '.join(needed)} was expected.", _REMEDY
        )
    return record


def _with_data(folder: Path, record: dict[str, Any]) -> dict[str, Any]:
    path = folder / str(record["file"])
    if path.parent != folder or not path.is_file():
        raise InvalidInputError(f"{path} is missing.", "Put the file beside the records.")
    return record | {"data": path.read_bytes()}
