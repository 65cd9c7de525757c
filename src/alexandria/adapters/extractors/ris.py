"""RIS files as many programs write them: odd spacing, missing `ER`, text between the entries."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import unquote

from rispy.config import TAG_KEY_MAPPING

from alexandria.adapters.extractors.bibliography import (
    finish,
    identify,
    kind_of,
    plain_block,
    plain_line,
    split_keywords,
    with_own_fields,
)
from alexandria.adapters.extractors.dates import year_of
from alexandria.adapters.extractors.limits import Limits
from alexandria.adapters.extractors.names import first_last, is_others
from alexandria.adapters.extractors.sniff import RIS
from alexandria.adapters.extractors.text import clean_line, clean_text
from alexandria.protocols.extraction import ExtractedDocument, ExtractedRecord, Record
from alexandria.protocols.identifiers import normalise_isbn
from alexandria.protocols.languages import language_code

_EXACT = re.compile(r"^\s{0,3}([A-Z][A-Z0-9])  -(?:\s|$)(.*)$")
_LOOSE = re.compile(r"^\s*([A-Z][A-Z0-9])[ \t]{0,4}-(?:\s|$)(.*)$")
_END = re.compile(r"^\s*ER\s*(?:-.*)?$")

_IS_ISBN = re.compile(r"^(?:97[89][- ]?)?(?:\d[- ]?){9}[\dXx]$")
_YEAR_ALONE = re.compile(r"^\d{4}/*$")

_TITLES = ("TI", "T1", "CT")
_VENUES = ("JF", "T2", "JO", "BT", "JA", "J2", "J1", "T3")
_AUTHORS = ("AU", "A1")
_EDITORS = ("ED", "A2")
_DATES = ("PY", "Y1", "DA")
_ABSTRACTS = ("AB", "N2")
_BLOCKS = (*_ABSTRACTS, "N1", "U5")
"""Their values may have paragraphs."""
_LINKS = ("UR", "LK", "L2")
_OWN = "U5"
"""The tag under which our export writes what RIS has no tag for: `name: value`."""
_OWN_FIELDS = frozenset(
    {"authors", "tags", "subjects", "cites", "type", "arxiv_id", "url", "without"}
)
_USED = frozenset({"TY", "ID", "DO", "LA", "KW", "UR", *_TITLES, *_AUTHORS, *_ABSTRACTS})


@dataclass(slots=True)
class _Entry:
    line: int
    last: str = ""
    fields: dict[str, list[list[str]]] = field(default_factory=dict)
    """By tag the values, by value its lines."""

    def add(self, tag: str, value: str) -> None:
        self.fields.setdefault(tag, []).append([value])
        self.last = tag

    def continue_last(self, text: str) -> None:
        """A line without a tag goes on with the value before it."""
        self.fields[self.last][-1].append(text)

    def all(self, *tags: str) -> list[str]:
        values = ("\n".join(lines) for tag in tags for lines in self.fields.get(tag, []))
        return [value for value in values if value.strip()]

    def first(self, *tags: str) -> str | None:
        return next(iter(self.all(*tags)), None)


def extract_ris(text: str, limits: Limits) -> ExtractedDocument:
    records = [_extracted(i, entry) for i, entry in enumerate(_entries(clean_text(text)))]
    return finish(RIS, records, limits)


def _entries(text: str) -> Iterator[_Entry]:
    entry: _Entry | None = None
    for number, line in enumerate(text.split("\n"), start=1):
        if _END.match(line):
            if entry:
                yield entry
            entry = None
            continue
        tag, value = _tag(line)
        if tag == "TY" and (entry is None or len(entry.fields) > 1):
            if entry:
                yield entry
            entry = _Entry(number)
        if entry is None:
            continue
        if tag:
            entry.add(tag, value)
        elif line.strip() or entry.last in _BLOCKS:
            entry.continue_last(line.strip())
    if entry:
        yield entry


def _tag(line: str) -> tuple[str | None, str]:
    """Two spaces before the hyphen make any tag one; with other spacing it must be known."""
    if match := _EXACT.match(line):
        return match.group(1), match.group(2).strip()
    match = _LOOSE.match(line)
    if match and (match.group(1) in TAG_KEY_MAPPING or match.group(1) == "ED"):
        return match.group(1), match.group(2).strip()
    return None, line


def _extracted(position: int, entry: _Entry) -> ExtractedRecord:
    if not any(tag != "TY" for tag in entry.fields):
        return ExtractedRecord(
            position=position,
            line=entry.line,
            error=f"The entry in line {entry.line} has no fields.",
            remedy="Remove it, or fill it in and add the file again.",
        )
    return ExtractedRecord(position=position, line=entry.line, record=_record(entry))


def _record(entry: _Entry) -> Record:
    own: dict[str, list[str]] = {}
    others = []
    for value in entry.all(_OWN):
        name, colon, rest = value.partition(":")
        if colon and (name in _OWN_FIELDS or name.startswith("extra.")):
            own.setdefault(unquote(name), []).extend(rest.strip().split("\n"))
        else:
            others.append([value])
    entry.fields[_OWN] = others
    return with_own_fields(_read(entry), own)


def _read(entry: _Entry) -> Record:
    title = plain_line(entry.first(*_TITLES))
    venue_tag = next((tag for tag in _VENUES if entry.first(tag)), "")
    if title is None and venue_tag == "BT":
        title, venue_tag = plain_line(entry.first("BT")), "BT"
    venue = plain_line(entry.first(venue_tag))
    identifiers = identify(
        doi=entry.first("DO"),
        urls=[url for value in entry.all(*_LINKS) for url in value.split(";")],
        venue=venue,
        notes="\n".join(entry.all("M3", "N1")),
    )
    return Record(
        title=title,
        abstract=plain_block(entry.first(*_ABSTRACTS)),
        authors=_people(entry.all(*_AUTHORS)),
        year=next((year for date in entry.all(*_DATES) if (year := year_of(date))), None),
        venue=venue if venue != title else None,
        doi=identifiers.doi,
        arxiv_id=identifiers.arxiv_id,
        isbn=normalise_isbn(" , ".join(entry.all("SN", "BN"))),
        url=identifiers.url,
        language=language_code(entry.first("LA")),
        tags=_keywords(entry.all("KW")),
        external_id=clean_line(entry.first("ID")),
        type=kind_of(entry.first("TY")),
        extra=_extra(entry, venue_tag),
    )


def _people(names: list[str]) -> tuple[str, ...]:
    parts = [part for name in names for part in re.split(r"[;\n]", name)]
    return tuple(
        person
        for part in parts
        if not is_others(part) and (person := first_last(plain_line(part) or ""))
    )


def _keywords(values: list[str]) -> tuple[str, ...]:
    """One keyword a tag, as the format wants it, or several between semicolons or lines."""
    return split_keywords(f"{part};" for value in values for part in value.split("\n"))


def _extra(entry: _Entry, venue_tag: str) -> dict[str, str]:
    extra: dict[str, str] = {}
    if editors := _people(entry.all(*_EDITORS)):
        extra["editor"] = "; ".join(editors)
    if pages := "\N{EN DASH}".join(
        p for tag in ("SP", "EP") if (p := clean_line(entry.first(tag)))
    ):
        extra["pages"] = pages
    for tag in entry.fields:
        if tag in _USED or tag in {venue_tag, "SP", "EP", *_EDITORS}:
            continue
        text = plain_block("\n".join(entry.all(tag)))
        if tag == "SN" and _IS_ISBN.match(text or ""):
            continue
        if text and not (tag in _DATES and _YEAR_ALONE.match(text)):
            extra[_NAMES.get(tag) or str(TAG_KEY_MAPPING.get(tag, tag.lower()))] = text
    return extra


_NAMES = {
    "VL": "volume",
    "IS": "number",
    "PB": "publisher",
    "CY": "address",
    "SN": "issn",
    "ET": "edition",
    "N1": "note",
    "AD": "affiliation",
    "DB": "database",
    "AN": "accession",
    "DA": "date",
    "PY": "year",
    "Y1": "date_primary",
    "Y2": "accessed",
    "JA": "journal_abbreviated",
    "JO": "journal_short",
}
"""Extra fields that other formats have too are called as there."""
