"""Tables of works (CSV, tab-separated): each row a record; a broken row is named with its line."""

import csv
import re
from collections.abc import Iterator, Sequence

from alexandria.adapters.extractors.bibliography import finish
from alexandria.adapters.extractors.csv_columns import (
    EXCEL,
    LISTS,
    columns_of,
    find_delimiter,
    is_header,
)
from alexandria.adapters.extractors.dates import year_of
from alexandria.adapters.extractors.json_record import FieldError, make_record
from alexandria.adapters.extractors.limits import Limits
from alexandria.adapters.extractors.sniff import CSV
from alexandria.adapters.extractors.text import clean_line
from alexandria.errors import ExtractionError
from alexandria.protocols.extraction import ExtractedDocument, ExtractedRecord

_LONGEST_CELL = 10_000_000
_REMEDY = "Correct it and add the file again: the others will be recognised."
_NAMES = re.compile(r"\s+(?:and|&)\s+|\s*\|\s*")
_NUMBERED = re.compile(r"\s*\(\d{5,}\)")  # Scopus adds the number of the author
_NAME_OF_ONE = re.compile(r"[^\s,]+,\s*[^,]+")

csv.field_size_limit(_LONGEST_CELL)

Row = tuple[int, list[str] | None, str]
"""Line, cells, and what is wrong if there are none."""


def extract_csv(text: str, limits: Limits) -> ExtractedDocument:
    excel = EXCEL.match(text)
    lines = text[excel.end() if excel else 0 :].splitlines(keepends=True)
    before = 1 if excel else 0
    delimiter = excel.group(1) if excel else find_delimiter(text)
    rows = _rows(lines, delimiter or ",", before)
    header = next((cells for _, cells, _ in rows if cells and any(cells)), [])
    columns = columns_of(header)
    if not is_header(header):
        named = ", ".join(f"“{cell.strip()}”" for cell in header[:8])
        raise ExtractionError(
            f"The first line of this table names no title, or nothing but it: {named or 'none'}.",
            "Name the columns in its first line: title, authors, year, doi, abstract, for example.",
        )
    records: list[ExtractedRecord] = []
    for row in rows:
        if row[1] is not None and not any(cell.strip() for cell in row[1]):
            continue
        records.append(_extracted(len(records), row, header, columns))
        if len(records) > limits.max_records:
            break
    return finish(CSV, records, limits)


def _rows(lines: Sequence[str], delimiter: str, before: int) -> Iterator[Row]:
    """Go on in the line behind each broken row, since a lost quote may take the rest along."""
    start = 0
    while start < len(lines):
        rest = (lines[number] for number in range(start, len(lines)))
        reader = csv.reader(rest, delimiter=delimiter, strict=True)
        done, wrong = 0, ""
        try:
            for cells in reader:
                yield before + start + done + 1, cells, ""
                done = reader.line_num
        except csv.Error as error:
            wrong = str(error)
        start += done
        if wrong:
            start += 1
            yield before + start, None, wrong


def _extracted(
    position: int, row: Row, header: list[str], columns: dict[str, list[int]]
) -> ExtractedRecord:
    line, cells, wrong = row
    if cells is None:
        return _broken(position, line, f"The row in line {line} is broken ({wrong}).")
    if any(cells[len(header) :]) or 2 * len(cells) < len(header):
        count = f"The row in line {line} has {len(cells)} cells, the first line {len(header)}."
        return _broken(position, line, count)
    item = _item(cells, columns)
    if not {"title", "doi", "id"} & item.keys():
        return _broken(position, line, f"The row in line {line} has no title.")
    try:
        return ExtractedRecord(position=position, line=line, record=make_record(item))
    except FieldError as error:
        return _broken(position, line, f"In line {line} {error}.")


def _item(cells: list[str], columns: dict[str, list[int]]) -> dict[str, object]:
    """Give the fields of the row as the JSON form of a record has them."""
    item: dict[str, object] = {}
    for field, places in columns.items():
        values = [cells[place].strip() for place in places if place < len(cells)]
        value = next((v for v in values if v), "")
        if value:
            item[field] = _parts(field, value) if field in LISTS else value
    if year_of(str(item.get("year", ""))) is None and (date := item.pop("year", None)):
        item["date"] = date  # "in press" is no error
    if kind := item.get("type"):
        item["type"] = str(kind).replace(" ", "-")
    ends = [item.pop(name) for name in ("page_start", "page_end") if name in item]
    if ends:
        item.setdefault("page", "\N{EN DASH}".join(str(end) for end in ends))
    return item


def _parts(field: str, value: str) -> list[str]:
    if field == "authors":
        return _people(_NUMBERED.sub("", value))
    separator = next((sign for sign in ";|\n" if sign in value), ",")
    return [part for p in value.split(separator) if (part := clean_line(p))]


def _people(value: str) -> list[str]:
    """Semicolons decide; without them commas stand between people, or turn one name round."""
    if ";" in value or "\n" in value:
        parts = re.split(r"[;\n]", value)
    elif _NAMES.search(value):
        parts = _NAMES.split(value)
        if not all(_NAME_OF_ONE.fullmatch(part.strip()) for part in parts):
            parts = [name for part in parts for name in part.split(",")]
    elif value.count(",") == 1 and (_NAME_OF_ONE.fullmatch(value) is not None):
        parts = [value]
    else:
        parts = value.split(",")
    return [part for p in parts if (part := clean_line(p))]


def _broken(position: int, line: int, message: str) -> ExtractedRecord:
    return ExtractedRecord(position=position, line=line, error=message, remedy=_REMEDY)
