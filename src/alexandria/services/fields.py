"""The fields of a resource: what each may hold, and where it stands in the tables."""

import hashlib
import re
from collections.abc import Callable, Mapping
from typing import Any

from alexandria.errors import InvalidInputError
from alexandria.models import (
    Resource,
    ResourceAuthor,
    ResourceCite,
    ResourceContent,
    ResourceIdentifier,
    ResourceSubject,
    ResourceTag,
)
from alexandria.protocols.extraction import Record
from alexandria.protocols.identifiers import (
    canonical_url,
    normalise_arxiv,
    normalise_doi,
    normalise_isbn,
    normalise_pmid,
)

_TEXT_FIELDS = ("external_id", "type", "title", "abstract", "venue", "url", "language")
_LIST_FIELDS = ("authors", "tags", "subjects", "cites")
_IDENTIFIERS: Mapping[str, tuple[str, Callable[[str], str | None]]] = {
    "doi": ("doi", normalise_doi),
    "arxiv_id": ("arxiv", normalise_arxiv),
    "isbn": ("isbn", normalise_isbn),
}
FIELDS = (*_TEXT_FIELDS, "content", "year", "extra", *_LIST_FIELDS, *_IDENTIFIERS)
YEARS = range(1, 2201)

_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


def folded_sha256(text: str) -> str:
    """Hash the text with white space folded: equal texts are equal however their lines break."""
    return hashlib.sha256(" ".join(text.split()).encode()).hexdigest()


def values_of(record: Record) -> dict[str, Any]:
    """Give the fields that the record has."""
    values = {name: getattr(record, name) for name in FIELDS if name != "content"}
    values["content"] = record.text
    return {name: value for name, value in values.items() if value not in (None, (), {}, "")}


def checked_fields(changes: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _check(name, value) for name, value in changes.items()}


def _check(name: str, value: Any) -> Any:
    if name in _IDENTIFIERS:
        return _check_identifier(name, value)
    if name in _LIST_FIELDS:
        return list(dict.fromkeys(filter(None, map(_clean, value or ()))))
    if name == "extra":
        return {_clean(key): _clean(str(one)) for key, one in (value or {}).items()}
    if name == "year":
        return _check_year(value)
    if name == "content":
        return _clean(value or "")
    if name in _TEXT_FIELDS:
        return _clean(value) or None if value is not None else None
    raise InvalidInputError(f"A resource has no field {name!r}.", f"It has: {', '.join(FIELDS)}.")


def _check_year(value: int | None) -> int | None:
    if value is not None and value not in YEARS:
        raise InvalidInputError(f"{value} is no year of a publication.", "Give 4 digits, or none.")
    return value


def _check_identifier(name: str, value: str | None) -> str | None:
    if not value:
        return None
    normal = _IDENTIFIERS[name][1](value)
    if normal is None:
        raise InvalidInputError(
            f"{value!r} is not a valid {name}.", "Correct it, or leave the field out."
        )
    return normal


def _clean(value: str) -> str:
    return _UNPRINTABLE.sub("", value).strip()


def read_field(resource: Resource, name: str) -> Any:
    if name in _IDENTIFIERS:
        return resource.identifiers.get(_IDENTIFIERS[name][0])
    return getattr(resource, name)


def assign_field(resource: Resource, name: str, value: Any) -> None:
    if name in _IDENTIFIERS:
        _set_identifier(resource, _IDENTIFIERS[name][0], value)
    elif name == "content":
        _set_content(resource, value)
    elif name == "authors":
        resource.author_rows = [ResourceAuthor(position=i, name=v) for i, v in enumerate(value)]
    elif name == "tags":
        resource.tag_rows = [ResourceTag(position=i, tag=v) for i, v in enumerate(value)]
    elif name == "subjects":
        resource.subject_rows = [
            ResourceSubject(position=i, subject=v) for i, v in enumerate(value)
        ]
    elif name == "cites":
        resource.cite_rows = [ResourceCite(position=i, target=v) for i, v in enumerate(value)]
    else:
        setattr(resource, name, value)
        if name == "url":
            _set_identifier(resource, "url", canonical_url(value) if value else None)
        if name == "extra":  # bibliographies have it there
            _set_identifier(resource, "pmid", normalise_pmid(value.get("pmid")))


def _set_identifier(resource: Resource, scheme: str, value: str | None) -> None:
    row = next((r for r in resource.identifier_rows if r.scheme == scheme), None)
    if row and value:
        row.value = value
    elif row:
        resource.identifier_rows.remove(row)
    elif value:
        resource.identifier_rows.append(ResourceIdentifier(scheme=scheme, value=value))


def _set_content(resource: Resource, text: str) -> None:
    if resource.body is None:
        resource.body = ResourceContent(text=text, sha256=folded_sha256(text))
    else:
        resource.body.text, resource.body.sha256 = text, folded_sha256(text)


def as_inputs(fields: set[str]) -> set[str]:
    """Give the names by which derivations know the fields."""
    names = {"identifiers" if name in _IDENTIFIERS else name for name in fields}
    return names | ({"identifiers"} if "extra" in fields else set())
