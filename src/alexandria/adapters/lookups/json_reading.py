"""Answers in JSON, of which any part may be missing or of another kind than described."""

from collections.abc import Iterator
from typing import Any

import orjson

from alexandria.adapters.extractors.bibliography import plain_line
from alexandria.errors import ExtractionError


def parse_object(data: bytes) -> dict[str, Any]:
    """Raise ExtractionError if it is no object."""
    try:
        found = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise ExtractionError("It is no JSON.") from error
    if not isinstance(found, dict):
        raise ExtractionError("It is not of the form that the service describes.")
    return found


def object_at(value: dict[str, Any], *names: str) -> dict[str, Any]:
    """Go down by the names; an empty object where there is none."""
    for name in names:
        below = value.get(name)
        value = below if isinstance(below, dict) else {}
    return value


def objects_at(value: dict[str, Any], name: str) -> Iterator[dict[str, Any]]:
    found = value.get(name)
    for one in found if isinstance(found, list) else ():
        if isinstance(one, dict):
            yield one


def line_at(value: dict[str, Any], name: str) -> str | None:
    """Give the text, or number, on one line without markup; of a list the first."""
    found = value.get(name)
    if isinstance(found, list):
        found = found[0] if found else None
    if isinstance(found, bool) or not isinstance(found, str | int | float):
        return None
    return plain_line(str(found))


def without_empty(values: dict[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in values.items() if value}
