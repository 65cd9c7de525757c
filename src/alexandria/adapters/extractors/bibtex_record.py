"""The fields of one BibTeX entry, turned into a record."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from alexandria.adapters.extractors.bibliography import (
    identify,
    kind_of,
    plain_block,
    plain_line,
    split_keywords,
    with_own_fields,
)
from alexandria.adapters.extractors.dates import year_of
from alexandria.adapters.extractors.latex import latex_to_text, split_top_level, verbatim_to_text
from alexandria.adapters.extractors.names import first_last, is_others
from alexandria.adapters.extractors.text import clean_line
from alexandria.protocols.extraction import Record
from alexandria.protocols.identifiers import normalise_isbn
from alexandria.protocols.languages import language_code

_AND = re.compile(r"\s+and\s+", re.IGNORECASE)
_COMMA = re.compile(r",")
_SEMICOLON = re.compile(r";")
_NAMED_PART = re.compile(r"^\s*(family|given|prefix|suffix)\s*=\s*(.*)$", re.IGNORECASE | re.DOTALL)
_INITIALS = re.compile(r"^(?:[A-Z]\.?[\s-]*){1,3}$")
_VENUES = ("journal", "journaltitle", "booktitle", "school", "institution", "eventtitle")
_PEOPLE = frozenset({"editor", "translator", "editora", "bookauthor", "annotator", "commentator"})
_VERBATIM = frozenset(
    """
    doi url eprint file isbn issn pmid crossref xdata ids pdf link ee biburl bibsource pmcid
    """.split()  # noqa: SIM905 - a table of words
)
_ARXIV_FIELDS = frozenset({"eprint", "eprinttype", "archiveprefix"})
_TAKEN = frozenset(
    """
    title subtitle author abstract year date doi isbn url link language langid keywords keyword
    mendeley-tags tags crossref xdata
    """.split()  # noqa: SIM905 - a table of words
)


@dataclass(frozen=True, slots=True)
class RawEntry:
    kind: str
    key: str
    fields: Mapping[str, str]
    """Names in lower case; values as LaTeX, without their outer braces or quotes."""
    line: int


def make_record(entry: RawEntry) -> Record:
    own = {name[2:]: value for name, value in entry.fields.items() if name.startswith("x-")}
    fields = {name: value for name, value in entry.fields.items() if name[2:] not in own}
    record = _record(RawEntry(entry.kind, entry.key, fields, entry.line))
    return with_own_fields(record, {k: latex_to_text(v).split("\n") for k, v in own.items()})


def _record(entry: RawEntry) -> Record:
    fields = entry.fields
    venue_field = next((name for name in _VENUES if name in fields), None)
    venue = _line(fields.get(venue_field or ""))
    date = fields.get("year") or fields.get("date")
    identifiers = identify(
        doi=_verbatim(fields.get("doi")),
        urls=[_link(fields[name]) for name in ("url", "link", "howpublished") if name in fields],
        arxiv=_arxiv_field(fields),
        venue=venue,
        notes=_line(fields.get("note")),
    )
    title = _title(fields)
    return Record(
        title=title,
        abstract=plain_block(latex_to_text(fields.get("abstract", ""))),
        authors=people(fields.get("author", "")),
        year=year_of(latex_to_text(date or "")),
        venue=venue if venue != title else None,
        doi=identifiers.doi,
        arxiv_id=identifiers.arxiv_id,
        isbn=normalise_isbn(_verbatim(fields.get("isbn"))),
        url=identifiers.url,
        language=language_code(fields.get("langid")) or language_code(fields.get("language")),
        tags=_tags(fields),
        external_id=clean_line(entry.key),
        type=kind_of(entry.kind),
        extra=_extra(fields, venue_field, date, identifiers.arxiv_id),
    )


def people(source: str) -> tuple[str, ...]:
    """Give the names of an `author` field as "First Last"; "and others" names nobody."""
    names = split_top_level(source, _AND)
    if len(names) == 1 and ";" in source:
        names = split_top_level(source, _SEMICOLON)
    found = [person for name in names for person in _persons(name.strip())]
    return tuple(name for name in found if name)


def _persons(name: str) -> list[str | None]:
    if not name or is_others(name):
        return []
    parts = [part.strip() for part in split_top_level(name, _COMMA) if part.strip()]
    if len(parts) <= 1:
        return [_line(part) for part in parts]
    named = {m.group(1).lower(): m.group(2) for p in parts if (m := _NAMED_PART.match(p))}
    if named:
        ordered = (named.get(key) for key in ("given", "prefix", "family", "suffix"))
        return [clean_line(" ".join(_line(part) or "" for part in ordered))]
    if len(parts) > 3:
        return _comma_list(parts)
    if len(parts) == 3:  # von Last, Jr, First
        parts = [parts[2], parts[0], parts[1]]
        return [clean_line(" ".join(_line(part) or "" for part in parts))]
    return [first_last(f"{_no_comma(parts[0])},{_no_comma(parts[1])}")]


def _comma_list(parts: list[str]) -> list[str | None]:
    """Some write all names into one, between commas: "Smith, J., Doe, A." or "J Smith, A Doe"."""
    if len(parts) % 2 == 0 and all(_INITIALS.match(part) for part in parts[1::2]):
        pairs = zip(parts[::2], parts[1::2], strict=True)
        return [first_last(f"{_no_comma(last)},{first}") for last, first in pairs]
    return [_line(part) for part in parts]


def _no_comma(part: str) -> str:
    return (_line(part) or "").replace(",", " ")


def _line(source: str | None) -> str | None:
    return plain_line(latex_to_text(source)) if source else None


def _verbatim(source: str | None) -> str | None:
    return clean_line(verbatim_to_text(source)) if source else None


def _link(source: str) -> str:
    match = re.search(r"https?://[^\s{}]+", verbatim_to_text(source))
    return match.group() if match else ""


def _title(fields: Mapping[str, str]) -> str | None:
    title, subtitle = _line(fields.get("title")), _line(fields.get("subtitle"))
    if title and subtitle:
        return f"{title}{' ' if title[-1] in '.:?!' else ': '}{subtitle}"
    return title or subtitle or _line(fields.get("maintitle"))


def _arxiv_field(fields: Mapping[str, str]) -> str | None:
    archive = fields.get("archiveprefix") or fields.get("eprinttype") or "arxiv"
    return _verbatim(fields.get("eprint")) if "arxiv" in archive.lower() else None


def _tags(fields: Mapping[str, str]) -> tuple[str, ...]:
    names = ("keywords", "keyword", "mendeley-tags", "tags")
    return split_keywords(latex_to_text(fields[name]) for name in names if name in fields)


def _extra(
    fields: Mapping[str, str], venue_field: str | None, date: str | None, arxiv_id: str | None
) -> dict[str, str]:
    extra = {}
    taken = {venue_field, *_TAKEN}
    if arxiv_id and _verbatim(fields.get("eprint")) == arxiv_id:
        taken |= _ARXIV_FIELDS
    for name, value in fields.items():
        if name in taken or name.startswith(("bdsk-", "__")):
            continue
        if name in _PEOPLE:
            text = "; ".join(people(value)) or None
        elif name in _VERBATIM:
            text = _verbatim(value)
        else:
            text = plain_block(latex_to_text(value))
        if text:
            extra[name] = text
    if date and (text := _line(date)) and not re.fullmatch(r"\d{4}", text):
        extra["date"] = text
    return extra
