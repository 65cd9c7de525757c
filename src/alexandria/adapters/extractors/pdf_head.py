"""What the first pages of a PDF say in words: abstract, year, identifiers."""
# ruff: noqa: RUF001 - look-alike characters are what this file is about

import re

from alexandria.adapters.extractors.text import clean_line
from alexandria.protocols.identifiers import find_arxiv, find_doi

_ABSTRACT = re.compile(
    r"^[ \t]*(?:abstract|a b s t r a c t|summary|zusammenfassung|kurzfassung|r[ée]sum[ée]|resumen)"
    r"[ \t]*(?:[.:—–-]+[ \t]*|\n)",
    re.IGNORECASE | re.MULTILINE,
)
_ABSTRACT_END = re.compile(
    r"^[ \t]*(?:key\s?words|index terms|categories and subject|general terms|ccs concepts"
    r"|acm reference|(?:(?:1|i)\b[.\s]*)?(?:introduction|einleitung)|table of contents|contents"
    r"|permission to make|copyright|©|pacs\b|jel\b|msc\b|(?-i:1\.?\s+[A-Z][a-z]+)|references\b)",
    re.IGNORECASE | re.MULTILINE,
)
_REFERENCES = re.compile(
    r"^[ \t]*(?:\d+\.?[ \t]+)?(?:references|bibliography|literatur\w*|works cited|r[ée]f[ée]rences)[ \t]*:?$",
    re.IGNORECASE | re.MULTILINE,
)
_ARXIV_STAMP = re.compile(r"^arXiv:\S+v\d+\s+\[", re.MULTILINE)
_SHORTEST, _LONGEST = 100, 5_000

_YEAR = r"((?:19|20)\d{2})"
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|mär|mai|okt|dez)[a-zé]*\.?"
_YEAR_SIGNS = (
    re.compile(rf"(?:©|\(c\)|copyright)\D{{0,20}}{_YEAR}\b", re.IGNORECASE),
    re.compile(rf"arxiv:.{{5,40}}?\b\d{{1,2}} \w{{3,9}} {_YEAR}\b", re.IGNORECASE),
    re.compile(
        rf"\b(?:published|accepted|received|dated?|version)\b[^\n]{{0,40}}?\b{_YEAR}\b",
        re.IGNORECASE,
    ),
    re.compile(
        rf"\b{_MONTH}\s+(?:\d{{1,2}}(?:st|nd|rd|th)?(?:\s*[-–]\s*\d{{1,2}})?,?\s+)?{_YEAR}\b",
        re.IGNORECASE,
    ),
    re.compile(rf"^[ \t]*{_YEAR}[ \t]*$", re.MULTILINE),
)


def front_matter(first_page: str) -> str:
    """Give the first page without a reference list that begins on it."""
    match = _REFERENCES.search(first_page)
    return first_page[: match.start()] if match else first_page


def find_identifiers(first_page: str) -> tuple[str | None, str | None]:
    """Give DOI and arXiv id of the document itself."""
    front = re.sub(r"(?<=[/.])\n(?=\S)", "", front_matter(first_page))
    stamp = _ARXIV_STAMP.search(first_page)  # drawn last, so perhaps behind the references
    return find_doi(front), find_arxiv(stamp.group() if stamp else front)


def find_year(first_page: str) -> int | None:
    """Give the year only where the page prints it as a date, not as part of a citation."""
    front = front_matter(first_page)
    for sign in _YEAR_SIGNS:
        if match := sign.search(front):
            return int(match.group(1))
    return None


def find_abstract(text: str) -> str | None:
    """Give the text under the heading "Abstract", up to the next heading."""
    start = _ABSTRACT.search(text)
    if start is None:
        return None
    rest = text[start.end() : start.end() + _LONGEST + 200]
    end = _ABSTRACT_END.search(rest, _SHORTEST)  # a structured abstract has headings itself
    if end is None and len(rest) > _LONGEST:
        return None
    abstract = clean_line(rest[: end.start()] if end else rest)
    return abstract if abstract and _SHORTEST <= len(abstract) <= _LONGEST else None
