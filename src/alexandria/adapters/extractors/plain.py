"""Plain text: a title where the first line is one, and the header lines of older texts."""

import re

from alexandria.adapters.extractors.dates import year_of
from alexandria.adapters.extractors.language import detect_language
from alexandria.adapters.extractors.limits import Limits
from alexandria.adapters.extractors.names import first_last
from alexandria.adapters.extractors.people import people_in
from alexandria.adapters.extractors.sniff import PLAIN
from alexandria.adapters.extractors.text import clean_block, clean_line
from alexandria.errors import ExtractionError
from alexandria.protocols.extraction import ExtractedDocument, Record

_HEADER = re.compile(r"^(title|authors?|by|date|subject):[ \t]*(\S.*)$", re.IGNORECASE)
_HEADER_LINES = 15
_LONGEST_TITLE = 200
_MOST_WORDS = 30


def extract_plain(text: str, _limits: Limits) -> ExtractedDocument:
    body = clean_block(text)
    if body is None or not any(c.isalnum() for c in body):
        raise ExtractionError(
            "The file has no words in it.", "Check the original and add it again."
        )
    headers = _headers(body)
    author = headers.get("author") or headers.get("authors") or headers.get("by")
    names: list[str | None] = [*people_in(author or "")] or [first_last(author or "")]
    return ExtractedDocument(
        media_type=PLAIN,
        kind="document",
        record=Record(
            title=headers.get("title") or _title(body),
            text=body,
            authors=tuple(name for name in names if name),
            year=year_of(headers.get("date")),
            language=detect_language(body),
        ),
    )


def _headers(body: str) -> dict[str, str]:
    lines = body.split("\n", _HEADER_LINES)[:_HEADER_LINES]
    found = [match for line in lines if (match := _HEADER.match(line.strip()))]
    return {match.group(1).lower(): match.group(2).strip() for match in reversed(found)}


def _title(body: str) -> str | None:
    """Give the first line if it stands alone and reads like a heading, not like a sentence."""
    first, _, rest = body.partition("\n")
    line = clean_line(first)
    if line is None or len(line) > _LONGEST_TITLE or len(line.split()) > _MOST_WORDS:
        return None
    if not any(c.isalpha() for c in line) or line.endswith((",", ";", "-")):
        return None
    alone = rest.startswith("\n")
    sentence = line.endswith(".") and not line.isupper()
    return line if alone and not sentence else None
