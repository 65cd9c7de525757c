"""One JSON object, turned into a record: the fields of Alexandria's own import and those of CSL."""

import re
from collections.abc import Mapping
from typing import Any

import orjson

from alexandria.adapters.extractors.bibliography import (
    identify,
    kind_of,
    plain_block,
    plain_line,
    split_keywords,
    with_own_fields,
)
from alexandria.adapters.extractors.dates import year_of
from alexandria.adapters.extractors.names import first_last, is_others
from alexandria.adapters.extractors.text import clean_line
from alexandria.protocols.extraction import Record
from alexandria.protocols.identifiers import normalise_isbn
from alexandria.protocols.languages import language_code

_KINDS = {str: "text", bool: "true or false", list: "a list", dict: "an object"}
_VENUES = ("venue", "container-title", "journal", "event-title", "event")
_PEOPLE = ("editor", "translator", "director", "contributor", "container-author", "composer")
_DATES = frozenset(
    ["accessed", "submitted", "event-date", "original-date", "available-date", "issued", "date"]
)
_TAKEN = frozenset(
    """
    id title abstract text content author authors year doi DOI url URL isbn ISBN language tags
    keywords keyword subjects cites type arxiv arxiv_id citation-key
    """.split()  # noqa: SIM905 - a table of words
)


class FieldError(ValueError):
    """A field is of the wrong type; the text goes on from "In line 5 "."""


def make_record(item: Mapping[str, Any]) -> Record:
    """Raise FieldError if a field is of the wrong type."""
    rest = dict(item)
    own = _own_fields(rest.pop("custom", None), "")
    own |= _own_fields(rest.pop("extra", None), "extra.")
    return with_own_fields(_record(rest), own)


def _own_fields(value: Any, prefix: str) -> dict[str, list[str]]:
    """Read what our own export puts beside the fields of CSL, and under `extra`."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        return {f"{prefix or 'extra.'}note": [str(value)]}
    values = {name: one if isinstance(one, list) else [one] for name, one in value.items()}
    return {f"{prefix}{name}": [str(part) for part in one] for name, one in values.items()}


def _record(item: Mapping[str, Any]) -> Record:
    venue_field = next((name for name in _VENUES if item.get(name)), "")
    venue = plain_line(_text(item, venue_field))
    identifiers = identify(
        doi=_text(item, "doi", "DOI"),
        urls=[_text(item, "url", "URL") or ""],
        arxiv=_text(item, "arxiv_id", "arxiv"),
        venue=venue,
        notes=_text(item, "note"),
    )
    return Record(
        title=plain_line(_text(item, "title")),
        abstract=plain_block(_text(item, "abstract")),
        text=plain_block(_text(item, "text", "content")),
        authors=_authors(item),
        year=_year(item),
        venue=venue,
        doi=identifiers.doi,
        arxiv_id=identifiers.arxiv_id,
        isbn=normalise_isbn(_text(item, "isbn", "ISBN")),
        url=identifiers.url,
        language=language_code(_text(item, "language")),
        tags=_words(item, "tags", "keywords", "keyword"),
        subjects=_words(item, "subjects"),
        cites=_words(item, "cites"),
        external_id=clean_line(_text(item, "id", "citation-key")),
        type=kind_of(_text(item, "type")),
        extra=_extra(item, venue_field),
    )


def _wrong(name: str, wanted: str, value: Any) -> FieldError:
    found = _KINDS.get(type(value), "a number")
    return FieldError(f"the field “{name}” must be {wanted}, but is {found}")


def _text(item: Mapping[str, Any], *names: str) -> str | None:
    """Give the first of the fields that is there; numbers count as text, lists of one too."""
    for name in names:
        value = item.get(name)
        if isinstance(value, list) and len(value) == 1:
            value = value[0]
        if value is None or value in ("", []):
            continue
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise _wrong(name, "text", value)
        if name == "title" and not isinstance(value, str):
            raise _wrong(name, "text", value)
        return str(value)
    return None


def _list(item: Mapping[str, Any], *names: str) -> tuple[str, list[Any]]:
    for name in names:
        value = item.get(name)
        if isinstance(value, list):
            return name, value
        if isinstance(value, str) and name in {"keyword", "keywords"}:
            return name, list(split_keywords([value]))
        if value is not None:
            raise _wrong(name, "a list", value)
    return "", []


def _words(item: Mapping[str, Any], *names: str) -> tuple[str, ...]:
    name, values = _list(item, *names)
    for value in values:
        if not isinstance(value, str | int) or isinstance(value, bool):
            raise _wrong(name, "a list of texts", [value])
    return tuple(dict.fromkeys(word for value in values if (word := plain_line(str(value)))))


def _authors(item: Mapping[str, Any]) -> tuple[str, ...]:
    name, values = _list(item, "authors", "author")
    people = (_person(name, value) for value in values)
    return tuple(person for person in people if person and not is_others(person))


def _person(field: str, value: Any) -> str | None:
    """Take "First Last", "Last, First", and the objects of CSL."""
    if isinstance(value, str):
        return first_last(plain_line(value) or "")
    if not isinstance(value, dict):
        raise _wrong(field, "a list of names", [value])
    if whole := value.get("literal") or value.get("name"):
        return plain_line(str(whole))
    keys = ("given", "first", "dropping-particle", "non-dropping-particle", "family", "last")
    return plain_line(" ".join(str(value[k]) for k in (*keys, "suffix") if value.get(k)))


def _year(item: Mapping[str, Any]) -> int | None:
    value = item.get("year")
    if isinstance(value, bool | list | dict):
        raise _wrong("year", "a number", value)
    if isinstance(value, str) and value.strip() and year_of(value) is None:
        raise FieldError(f"the field “year” must be a number, but is “{value[:40]}”")
    if isinstance(value, int | float | str) and value:
        return year_of(str(value))
    return year_of(_date(item.get("issued") or item.get("date")))


def _date(value: Any) -> str | None:
    """CSL gives dates as parts, as text, or both ends of a range."""
    if isinstance(value, dict):
        parts = value.get("date-parts")
        if isinstance(parts, list) and parts and isinstance(parts[0], list):
            spans = ("-".join(str(p) for p in part) for part in parts if isinstance(part, list))
            return "/".join(spans)
        whole = value.get("raw") or value.get("literal") or value.get("year")
        return clean_line(str(whole)) if whole else None
    return clean_line(str(value)) if isinstance(value, str | int) else None


def _extra(item: Mapping[str, Any], venue_field: str) -> dict[str, str]:
    extra = {}
    for name, value in item.items():
        if name in _TAKEN or name == venue_field or value in (None, "", [], {}):
            continue
        text = _extra_text(name, value)
        if text and not (name in _DATES and re.fullmatch(r"\d{4}", text)):
            extra[_NAMES.get(name, name)] = text
    return extra


def _extra_text(name: str, value: Any) -> str | None:
    if name in _PEOPLE and isinstance(value, list):
        names = (_person(name, v) for v in value if isinstance(v, str | dict))
        return "; ".join(person for person in names if person)
    if name in _DATES:
        return _date(value)
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        return plain_block(str(value))
    return orjson.dumps(value).decode()


_NAMES = {"page": "pages", "issue": "number", "publisher-place": "address", "ISSN": "issn"}
"""Extra fields that BibTeX has too are called as there."""
