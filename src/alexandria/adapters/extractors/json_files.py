"""CSL-JSON, other JSON and JSON lines: a broken record never stops the others."""

import json
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

import orjson

from alexandria.adapters.extractors.bibliography import check_count, finish
from alexandria.adapters.extractors.json_record import FieldError, make_record
from alexandria.adapters.extractors.limits import Limits
from alexandria.adapters.extractors.sniff import CSL_JSON, JSON, JSON_LINES
from alexandria.errors import ExtractionError
from alexandria.protocols.extraction import ExtractedDocument, ExtractedRecord

_LISTS = ("items", "records", "references", "entries", "results", "data", "papers")
"""Under one of these an object may hold its records."""
_NEXT_OBJECT = re.compile(r"\}\s*,\s*(?=\{)")
_BLANK = re.compile(r"\s*")
_REMEDY = "Correct it and add the file again: the others will be recognised."


def extract_json_lines(text: str, limits: Limits) -> ExtractedDocument:
    """Give one record a line; empty lines do not count."""
    if "\n" not in text.strip():
        return _extract(JSON_LINES, text, limits)  # one line may hold a list of records
    lines = ((n, line) for n, line in enumerate(text.split("\n"), start=1) if line.strip())
    entries = islice(enumerate(lines), limits.max_records + 1)
    records = [_from_line(position, number, line) for position, (number, line) in entries]
    check_count(len(records), limits)
    if records and all(record.record is None for record in records):
        first = records[0]
        raise ExtractionError(
            f"None of the {len(records)} lines is a record. {first.error}",
            "Each line must be one JSON object, with a title for example.",
        )
    return finish(JSON_LINES, records, limits)


def extract_json(text: str, limits: Limits) -> ExtractedDocument:
    return _extract(JSON, text, limits)


def extract_csl_json(text: str, limits: Limits) -> ExtractedDocument:
    return _extract(CSL_JSON, text, limits)


def _extract(media_type: str, text: str, limits: Limits) -> ExtractedDocument:
    try:
        items = _items(parse_json(text))
    except ValueError as error:
        records = list(_salvage(text, limits))
        if not any(entry.record for entry in records):
            raise ExtractionError(
                f"The file is not valid JSON: {error}.", "Export it again, or correct it."
            ) from error
        return finish(media_type, records, limits)
    check_count(len(items), limits)
    return finish(media_type, [_from_item(i, None, item) for i, item in enumerate(items)], limits)


def parse_json(text: str) -> Any:
    """Raise ValueError that says what is wrong and where.

    The standard parser has the second word: it takes lone surrogates, NaN and long numbers.
    """
    try:
        return orjson.loads(text.encode("utf-8", errors="surrogatepass"))
    except orjson.JSONDecodeError:
        pass
    try:
        return json.loads(text, strict=False)
    except json.JSONDecodeError as error:
        raise ValueError(f"{error.msg} in line {error.lineno}, column {error.colno}") from error
    except RecursionError as error:
        raise ValueError("brackets are nested too deep") from error


def _items(value: Any) -> list[Any]:
    if isinstance(value, list):
        return value
    if isinstance(value, dict):
        for name in _LISTS:
            if isinstance(value.get(name), list) and "title" not in value:
                return list(value[name])
        if value and all(isinstance(v, dict) for v in value.values()):
            return [{"id": key, **item} for key, item in value.items()]
        return [value]
    raise ExtractionError(
        "The JSON file holds no records.", "It must be a list of objects, or JSON lines."
    )


def _from_line(position: int, number: int, line: str) -> ExtractedRecord:
    try:
        item = parse_json(line)
    except ValueError as error:
        what = re.sub(r" in line 1, column", ", column", str(error))
        return _broken(position, number, f"Line {number} is not valid JSON ({what}).")
    return _from_item(position, number, item)


def _from_item(position: int, number: int | None, item: Any) -> ExtractedRecord:
    where = f"line {number}" if number else f"record {position + 1}"
    if not isinstance(item, dict):
        return _broken(position, number, f"What stands in {where} is not an object.")
    try:
        return ExtractedRecord(position=position, line=number, record=make_record(item))
    except FieldError as error:
        return _broken(position, number, f"In {where} {error}.")


def _broken(position: int, number: int | None, message: str) -> ExtractedRecord:
    return ExtractedRecord(position=position, line=number, error=message, remedy=_REMEDY)


def _salvage(text: str, limits: Limits) -> Iterator[ExtractedRecord]:
    """Read the objects of a damaged list one by one, and go on behind each broken one."""
    decoder = json.JSONDecoder(strict=False)
    at, position, number, counted = text.find("[") + 1, 0, 1, 0
    while position <= limits.max_records:
        at = _blank_end(text, at)
        at = _blank_end(text, at + 1) if text[at : at + 1] == "," else at
        if at >= len(text) or text[at] == "]":
            return
        number, counted = number + text.count("\n", counted, at), at
        try:
            item, at = decoder.raw_decode(text, at)
            yield _from_item(position, number, item)
        except (ValueError, RecursionError):
            yield _broken(position, number, f"The record that begins in line {number} is damaged.")
            following = _NEXT_OBJECT.search(text, at)
            if following is None:
                return
            at = following.end()
        position += 1


def _blank_end(text: str, at: int) -> int:
    match = _BLANK.match(text, at)
    return match.end() if match else at
