"""The title of a PDF: the largest print near the top, checked against the file's own metadata."""
# ruff: noqa: RUF001 - look-alike characters are what this file is about

import re
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from alexandria.adapters.extractors.pdf_layout import Line
from alexandria.adapters.extractors.pdf_text import repair
from alexandria.adapters.extractors.text import clean_line

_BANNER = re.compile(
    r"^(?:arxiv\s*:|https?:|www\.|doi\b|issn\b|isbn\b|vol(?:ume)?\.?\s*\d|©|copyright\b|page \d"
    r"|(?:the\s+)?(?:\w+\s+){0,3}(?:journal|transactions|annals|bulletin|proceedings|letters)\s+(?:of|on|in)\b"
    r"|proceedings\b|contents lists|available online|sciencedirect|elsevier|springer|wiley"
    r"|(?:original|research|review|short|regular|full)?\s*(?:article|paper|communication)s?$"
    r"|table of contents$|contents$|inhalt\w*$|abstract$|summary$|preface$|(?:\d+\.?\s+)?introduction$"
    r"|references$|chapter \d+$|figure \d|open access$|preprint$|technical report)",
    re.IGNORECASE,
)
_MARKS = re.compile(r"[\s*∗⋆†‡§¶#]+$")
_FILE_NAME = re.compile(
    r"\.(?:docx?|dvi|tex|pdf|indd|qxd|ps|eps|rtf|odt|pptx?|xlsx?|txt|html?|fm|wpd)\b", re.IGNORECASE
)
_NO_TITLE = re.compile(
    r"^(?:untitled|microsoft (?:word|powerpoint|excel)|powerpoint|word|document\s*\d*$|title$|paper$"
    r"|manuscript$|layout|print|slide|no title|template|scan|img|image|none$|pii:|doi:|\W*$)",
    re.IGNORECASE,
)
_TOP_SHARE = 0.7  # a title stands in this part of the page, from above
_LARGER = 1.12  # than the text below


@dataclass(frozen=True, slots=True)
class Block:
    """Lines of one size, one below the other."""

    lines: tuple[Line, ...]
    size: float

    @property
    def words(self) -> int:
        return sum(len(line.plain.split()) for line in self.lines)

    @property
    def letters(self) -> int:
        return sum(c.isalpha() for line in self.lines for c in line.plain)


def find_title(
    lines: list[Line], height: float, metadata: str | None, vocabulary: Collection[str]
) -> tuple[str | None, tuple[Line, ...]]:
    """Give the title and the lines where it stands (none if it came from the metadata)."""
    block = _title_block(lines, height)
    printed = _join(block.lines, vocabulary) if block else None
    declared = plausible_title(metadata)
    if declared and (found := _where(declared, lines)):
        if printed is None or _letters(declared) not in _letters(printed):
            return declared, found
    elif declared and printed is None:
        return declared, ()
    return printed, block.lines if block else ()


def body_size(lines: Iterable[Line]) -> float:
    """Give the size in which most letters are set."""
    sizes: Counter[float] = Counter()
    for line in lines:
        sizes[line.size] += len(line.text)
    return sizes.most_common(1)[0][0] if sizes else 0.0


def _title_block(lines: list[Line], height: float) -> Block | None:
    top = [line for line in lines if line.baseline > (1 - _TOP_SHARE) * height]
    blocks = [block for block in _blocks(top) if block.letters >= 4 and not _is_banner(block)]
    body = body_size(lines)
    large = [block for block in blocks if block.size >= _LARGER * body]
    if not large:
        return _first_heading(blocks, lines)
    several = [block for block in large if block.words >= 2] or large
    largest = max(several, key=lambda block: block.size)
    long = [block for block in several if block.words >= 3 and block.size >= 0.7 * largest.size]
    return max(long, key=lambda block: block.size, default=largest)


def _blocks(lines: list[Line]) -> list[Block]:
    ordered = sorted(lines, key=lambda line: (-line.baseline, line.left))
    groups: list[list[Line]] = []
    for line in ordered:
        if groups and _below(groups[-1][-1], line):
            groups[-1].append(line)
        else:
            groups.append([line])
    return [Block(tuple(group), max(line.size for line in group)) for group in groups]


def _below(upper: Line, lower: Line) -> bool:
    if abs(upper.size - lower.size) > 0.06 * upper.size or upper.bold != lower.bold:
        return False
    overlap = min(upper.right, lower.right) - max(upper.left, lower.left)
    same_line = abs(upper.baseline - lower.baseline) < 0.3 * upper.size
    return (overlap > 0 or same_line) and upper.baseline - lower.baseline <= 1.9 * upper.size


def _is_banner(block: Block) -> bool:
    text = clean_line(" ".join(line.plain for line in block.lines)) or ""
    return _BANNER.match(text) is not None or "@" in text


def _first_heading(blocks: list[Block], lines: list[Line]) -> Block | None:
    """In print of one size: a first block that is bold or in capitals, and short."""
    if not blocks:
        return None
    first = blocks[0]
    text = " ".join(line.plain for line in first.lines)
    mostly_bold = sum(line.bold for line in lines) > 0.5 * len(lines)
    stands_out = text.isupper() or (all(line.bold for line in first.lines) and not mostly_bold)
    return first if stands_out and 2 <= first.words <= 40 else None


def _join(lines: tuple[Line, ...], vocabulary: Collection[str]) -> str | None:
    text = repair("\n".join(line.plain.rstrip() for line in lines), vocabulary)
    return clean_line(_MARKS.sub("", text))


def plausible_title(metadata: str | None) -> str | None:
    """Give the title that a file declares, unless a program or template left it there."""
    title = clean_line(metadata)
    if title is None or _NO_TITLE.match(title) or _FILE_NAME.search(title) or _BANNER.match(title):
        return None
    letters = sum(c.isalpha() for c in title)
    if letters < 8 or letters < 0.6 * len(title.replace(" ", "")) or " " not in title:
        return None
    return title


def _where(title: str, lines: list[Line]) -> tuple[Line, ...]:
    """Give the lines of the page that print this title, or none."""
    wanted = _letters(title)
    for start, line in enumerate(lines):
        if not wanted.startswith(first := _letters(line.plain)) or not first:
            continue
        text = ""
        for end in range(start, min(start + 6, len(lines))):
            text += _letters(lines[end].plain)
            if text == wanted:
                return tuple(lines[start : end + 1])
            if not wanted.startswith(text):
                break
    return ()


def _letters(text: str) -> str:
    return "".join(c for c in text.casefold() if c.isalnum())
