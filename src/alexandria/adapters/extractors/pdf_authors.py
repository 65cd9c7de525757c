"""The authors of a PDF: names between title and abstract, told from addresses by form and print."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from alexandria.adapters.extractors.pdf_layout import Line
from alexandria.adapters.extractors.pdf_text import join_accents
from alexandria.adapters.extractors.people import people_in
from alexandria.adapters.extractors.text import clean_line

_HEADING = re.compile(
    r"^\W*(?:abstract|summary|zusammenfassung|kurzfassung|r[ée]sum[ée]|resumen|resumo|sommario"
    r"|(?:(?:1|i)\b[.\s]*)?(?:introduction|einleitung)|key\s?words|index terms|contents|categories and)\b",
    re.IGNORECASE,
)
_MAX_LINES = 80
_PROSE_WORDS = 9


def find_authors(lines: Sequence[Line], title_lines: Sequence[Line]) -> tuple[str, ...]:
    if not title_lines:
        return ()
    region = list(_between(lines, title_lines))
    seen = Counter(clean_line(line.plain) for line in region)
    style: tuple[float, str] | None = None
    found: dict[str, None] = {}
    for line in region:
        if seen[clean_line(line.plain)] > 1:  # an institute that several authors share
            continue
        if style and (abs(line.size - style[0]) > 0.3 or line.font != style[1]):
            continue
        names = people_in(join_accents(line.plain))
        if names:
            style = style or (line.size, line.font)
            found.update(dict.fromkeys(names))
    return tuple(found)


def _between(lines: Sequence[Line], title_lines: Sequence[Line]) -> Iterator[Line]:
    """Give the lines behind the title up to the abstract, or to the first prose."""
    start = max((i for i, line in enumerate(lines) if line in title_lines), default=-1) + 1
    for line in lines[start : start + _MAX_LINES]:
        if _HEADING.match(line.plain) or _is_prose(line.plain):
            return
        yield line


def _is_prose(text: str) -> bool:
    words = [word for word in text.split() if word[0].isalpha()]
    if len(words) < _PROSE_WORDS or "@" in text:
        return False
    return sum(word[0].islower() for word in words) >= 0.5 * len(words)
