"""RIS, as reference managers read it: one tag a line, UTF-8, CRLF."""

import re
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import quote

from alexandria.adapters.exporters.names import family_and_given
from alexandria.adapters.extractors.names import first_last
from alexandria.protocols.extraction import Record

_TYPES: Mapping[str, str] = {
    "article": "JOUR",
    "book": "BOOK",
    "chapter": "CHAP",
    "conference-paper": "CPAPER",
    "proceedings": "CONF",
    "thesis": "THES",
    "report": "RPRT",
    "webpage": "ELEC",
    "dataset": "DATA",
    "software": "COMP",
    "patent": "PAT",
    "standard": "STAND",
    "preprint": "UNPB",
    "note": "PCOMM",
    "legal": "CASE",
    "speech": "SLIDE",
    "media": "VIDEO",
}
_TAGS: Mapping[str, str] = {
    "volume": "VL",
    "number": "IS",
    "publisher": "PB",
    "address": "CY",
    "issn": "SN",
    "edition": "ET",
    "note": "N1",
    "affiliation": "AD",
    "database": "DB",
    "accession": "AN",
    "accessed": "Y2",
}
"""Extra fields that RIS has too."""
_LOOKS_LIKE_A_TAG = re.compile(r"^\s*[A-Z][A-Z0-9]\s*-")


def ris(records: Iterable[Record]) -> Iterator[str]:
    for record in records:
        lines = [f"{tag}  - {_one_value(value)}" for tag, value in _fields(record)]
        yield "".join(f"{line}\r\n" for line in [*lines, "ER  - ", ""])


def _fields(record: Record) -> Iterator[tuple[str, str]]:
    yield "TY", _TYPES.get(record.type or "", "GEN")
    plain = {
        "ID": record.external_id,
        "TI": record.title,
        "AB": record.abstract,
        "PY": record.year and str(record.year),
        "T2" if record.type in {"conference-paper", "chapter"} else "JF": record.venue,
        "DO": record.doi,
        "UR": None if _url_splits(record) else record.url,
        "LA": record.language,
    }
    yield from ((tag, value) for tag, value in plain.items() if value)
    yield from (("AU", _inverted(name)) for name in record.authors)
    if record.isbn:
        yield "SN", record.isbn
    yield from _extra(record)
    yield from (("U5", f"{name}: {value}") for name, value in _without_a_tag(record))


def _extra(record: Record) -> Iterator[tuple[str, str]]:
    for name, value in record.extra.items():
        if name == "pages":
            first, dash, last = value.partition("\N{EN DASH}")
            if dash and first == first.strip() and last == last.strip():
                yield "SP", first
                yield "EP", last
            else:
                yield "SP", value
        elif name in _TAGS and not (name == "issn" and record.isbn):
            yield _TAGS[name], value
        else:
            yield "U5", f"extra.{quote(name)}: {value}"


def _without_a_tag(record: Record) -> Iterator[tuple[str, str]]:
    for name in ("tags", "subjects", "cites"):
        yield from ((name, value) for value in getattr(record, name))
    if any(first_last(_inverted(name)) != name for name in record.authors):
        yield from (("authors", name) for name in record.authors)
    if record.arxiv_id:
        yield "arxiv_id", record.arxiv_id
    if record.url and _url_splits(record):
        yield "url", record.url
    if record.type is None:
        yield "without", "type"
    elif record.type not in {*_TYPES, "misc"}:
        yield "type", record.type


def _url_splits(record: Record) -> bool:
    """Some write several addresses into one field, so that readers split it."""
    return bool(re.search(r"[;&\s]", record.url or ""))


def _inverted(name: str) -> str:
    parts = family_and_given(name)
    return f"{parts[0]}, {parts[1]}" if parts else name


def _one_value(value: str) -> str:
    """Put what would begin a line of its own behind the line before it; the rest goes on below."""
    lines: list[str] = []
    for line in value.split("\n"):
        if lines and _LOOKS_LIKE_A_TAG.match(line):
            while not lines[-1]:
                lines.pop()
            lines[-1] += f" {line}"
        else:
            lines.append(line)
    return "\r\n".join(lines)
