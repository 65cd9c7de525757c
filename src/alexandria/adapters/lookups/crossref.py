"""Crossref's REST interface, `GET /works/{doi}`: https://api.crossref.org (polite pool: `mailto`)."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from alexandria.adapters.extractors.bibliography import kind_of, plain_block, plain_line
from alexandria.adapters.extractors.dates import year_of
from alexandria.adapters.lookups.json_reading import (
    line_at,
    object_at,
    objects_at,
    parse_object,
    without_empty,
)
from alexandria.errors import ExtractionError
from alexandria.protocols.extraction import Record
from alexandria.protocols.identifiers import normalise_isbn
from alexandria.protocols.languages import language_code

ACCEPT = "application/json"
_TYPES: Mapping[str, str] = {
    "posted-content": "preprint",
    "dissertation": "thesis",
    "monograph": "book",
    "edited-book": "book",
    "reference-book": "book",
    "book-set": "book",
    "book-series": "book",
    "book-part": "chapter",
    "book-track": "chapter",
    "reference-entry": "chapter",
    "report-component": "report",
    "report-series": "report",
    "journal": "article",
    "journal-issue": "article",
    "component": "misc",
    "peer-review": "misc",
    "grant": "misc",
}
"""Crossref's types that are called otherwise here; the rest are those of bibliographies."""
_DATES = ("issued", "published", "published-print", "published-online", "posted", "created")
_PARAGRAPHS = re.compile(r"</jats:(?:p|title|sec)>|</(?:p|title|sec)>", re.IGNORECASE)
_HEADING = re.compile(r"\s*<(?:jats:)?title>\s*Abstract\s*</(?:jats:)?title>", re.IGNORECASE)


def address(base: str, contact: str, doi: str) -> str:
    return f"{base}/works/{quote(doi, safe='')}?{urlencode({'mailto': contact})}"


def read(data: bytes, doi: str) -> Record | None:
    work = object_at(parse_object(data), "message")
    if not work:
        raise ExtractionError("It holds no work.")
    kind = line_at(work, "type")
    return Record(
        title=_title(work),
        abstract=_abstract(work),
        authors=tuple(dict.fromkeys(_people(work, "author"))),
        year=next((year for name in _DATES if (year := _year(work, name))), None),
        venue=line_at(work, "container-title") or line_at(object_at(work, "event"), "name"),
        doi=doi,
        isbn=normalise_isbn(line_at(work, "ISBN")),
        language=language_code(line_at(work, "language")),
        type=_TYPES.get(kind or "") or kind_of(kind),
        extra=without_empty(
            {
                "volume": line_at(work, "volume"),
                "number": line_at(work, "issue"),
                "pages": line_at(work, "page") or line_at(work, "article-number"),
                "publisher": line_at(work, "publisher"),
                "issn": line_at(work, "ISSN"),
                "editor": "; ".join(_people(work, "editor")),
            }
        ),
    )


def _title(work: dict[str, Any]) -> str | None:
    title, subtitle = line_at(work, "title"), line_at(work, "subtitle")
    if not title or not subtitle or subtitle.lower() in title.lower():
        return title
    return f"{title}{' ' if title[-1] in '.:?!' else ': '}{subtitle}"


def _abstract(work: dict[str, Any]) -> str | None:
    """Read JATS that stands in a string: paragraphs stay apart, the heading "Abstract" goes."""
    source = work.get("abstract")
    if not isinstance(source, str):
        return None
    parts = _PARAGRAPHS.split(_HEADING.sub("", source, count=1))
    return plain_block("\n\n".join(line for part in parts if (line := plain_line(part))))


def _people(work: dict[str, Any], role: str) -> list[str]:
    names = (
        " ".join(part for key in ("given", "family", "suffix") if (part := line_at(one, key)))
        or line_at(one, "name")
        for one in objects_at(work, role)
    )
    return [name for name in names if name]


def _year(work: dict[str, Any], name: str) -> int | None:
    parts = object_at(work, name).get("date-parts")
    first = parts[0] if isinstance(parts, list) and parts else None
    return year_of(first[0]) if isinstance(first, list) and first and first[0] else None
