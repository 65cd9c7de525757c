"""CSL-JSON 1.0.2, which citation processors and Zotero read."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import orjson

from alexandria.adapters.exporters.names import family_and_given
from alexandria.protocols.extraction import Record

_SAME = "book chapter thesis report webpage dataset software patent standard speech".split()  # noqa: SIM905 - a table of words
_TYPES: Mapping[str, str] = {
    "article": "article-journal",
    "conference-paper": "paper-conference",
    "proceedings": "book",
    "preprint": "manuscript",
    "note": "personal_communication",
    "legal": "legal_case",
    "media": "motion_picture",
    "misc": "document",
    **{name: name for name in _SAME},
}
_NAMES: Mapping[str, str] = {
    "pages": "page",
    "number": "issue",
    "address": "publisher-place",
    "issn": "ISSN",
    **{name: name for name in ("volume", "publisher", "edition", "note", "version", "medium")},
}
"""Extra fields that CSL has too, and what it calls them."""
_KIND_OF_ITS_TYPE = frozenset(_TYPES) - {"proceedings", "misc"}
"""Types that our importer finds again in CSL's type."""


def csl_json(records: Iterable[Record]) -> Iterator[str]:
    yield "["
    for number, record in enumerate(records, start=1):
        separator = "\n" if number == 1 else ",\n"
        yield separator + orjson.dumps(csl_item(record, number)).decode()
    yield "\n]\n"


def csl_item(record: Record, number: int) -> dict[str, Any]:
    item: dict[str, Any] = {
        "id": record.external_id or f"item-{number}",
        "type": _TYPES.get(record.type or "misc", "document"),
        "title": record.title,
        "abstract": record.abstract,
        "author": [_person(name) for name in record.authors],
        "container-title": record.venue,
        "DOI": record.doi,
        "URL": record.url,
        "ISBN": record.isbn,
        "language": record.language,
    }
    if record.year:
        item["issued"] = {"date-parts": [[record.year]]}
    custom: dict[str, Any] = {}
    for name, value in record.extra.items():
        if name in _NAMES:
            item[_NAMES[name]] = value
        else:
            custom[f"extra.{name}"] = value
    custom |= _without_a_field(record)
    if custom:
        item["custom"] = custom
    return {name: value for name, value in item.items() if value not in (None, [], "")}


def _without_a_field(record: Record) -> dict[str, Any]:
    values = record.to_dict()
    names = {"tags", "subjects", "cites", "arxiv_id"}
    kept: dict[str, Any] = {name: one for name, one in values.items() if name in names}
    if record.type and record.type not in _KIND_OF_ITS_TYPE:
        kept["type"] = record.type
    if missing := [name for name in ("type", "external_id") if not getattr(record, name)]:
        kept["without"] = missing
    return kept


def _person(name: str) -> dict[str, str]:
    if parts := family_and_given(name):
        return {"family": parts[0], "given": parts[1]}
    return {"literal": name}
