"""Open Library's books interface: https://openlibrary.org/dev/docs/api/books (`jscmd=data`)."""

from typing import Any
from urllib.parse import urlencode

from alexandria.adapters.extractors.dates import year_of
from alexandria.adapters.lookups.json_reading import (
    line_at,
    object_at,
    objects_at,
    parse_object,
    without_empty,
)
from alexandria.protocols.extraction import Record
from alexandria.protocols.identifiers import canonical_url

ACCEPT = "application/json"


def address(base: str, _contact: str, isbn: str) -> str:
    asked = {"bibkeys": f"ISBN:{isbn}", "format": "json", "jscmd": "data"}
    return f"{base}/api/books?{urlencode(asked)}"


def read(data: bytes, isbn: str) -> Record | None:
    """Read the edition; an ISBN that is not known is answered by an empty object."""
    book = object_at(parse_object(data), f"ISBN:{isbn}")
    return _record(book, isbn) if book else None


def _record(book: dict[str, Any], isbn: str) -> Record:
    title, subtitle = line_at(book, "title"), line_at(book, "subtitle")
    names = (line_at(one, "name") for one in objects_at(book, "authors"))
    return Record(
        title=f"{title}: {subtitle}" if title and subtitle else title,
        authors=tuple(dict.fromkeys(name for name in names if name)),
        year=year_of(line_at(book, "publish_date")),
        isbn=isbn,
        url=canonical_url(line_at(book, "url")),
        type="book",
        extra=without_empty(
            {
                "publisher": _names(book, "publishers"),
                "address": _names(book, "publish_places"),
                "edition": line_at(book, "edition_name"),
                "pagetotal": line_at(book, "number_of_pages"),
            }
        ),
    )


def _names(book: dict[str, Any], name: str) -> str | None:
    found = (line_at(one, "name") for one in objects_at(book, name))
    return "; ".join(one for one in found if one) or None
