"""What the line model is told of each line of a long text, to find its lists of references."""

import re
from collections.abc import Sequence

from alexandria.adapters.citations.lines import Line, heads, tails, tenths
from alexandria.adapters.citations.list_order import label_of
from alexandria.adapters.citations.words import KINDS

HEADING = re.compile(
    r"[\W\d_]*(?:(?:chapter|appendix|section)?\s*[\dIVXA-H]{0,4}[.:)]?\s*)?"
    r"(?:list\s+of\s+|selected\s+|works\s+and\s+)?"
    r"(?:r\s?e\s?f\s?e\s?r\s?e\s?n\s?c\s?e\s?s?(?:\s+(?:cited|list|and\s+notes))?|bibliograph(?:y|ie|ía|ia)"
    r"|literature(?:\s+cited)?|literatur(?:verzeichnis)?|works\s+cited|cited\s+(?:works|literature)"
    r"|quellen(?:verzeichnis)?|r[ée]f[ée]rences(?:\s+bibliographiques)?|referencias(?:\s+bibliográficas)?"
    r"|referências(?:\s+bibliográficas)?|riferimenti(?:\s+bibliografici)?|literatuur|litteratur"
    r"|список\s+литературы|литература|参考文献|參考文獻|참고문헌)"
    r"\s*[:.]?\s*\d{0,4}\s*",
    re.IGNORECASE,
)
_OTHER_HEADING = re.compile(
    r"\s*(?:appendix|appendices|chapter|figure|table|abstract|introduction|acknowledge?ments?"
    r"|supplement\w*|index|vita|curriculum)\b.{0,60}$",
    re.IGNORECASE,
)
_PAGES = re.compile(r"\d{1,5}\s?[-–—]{1,2}\s?\d{1,5}")  # noqa: RUF001
_VOLUME = re.compile(r"\b\d{1,4}\s?\(\d{1,3}\)|\b\d{1,4}:\s?\d|[Vv]ol\.?\s?\d|\bpp?\.\s?\d")
_NAME = re.compile(r"\b[^\W\d_]+,\s(?:[A-Z]\.|[A-Z][a-z]+)|\b(?:[A-Z]\.[\s-]?){1,3}\s?[A-Z][a-z]+")
_INITIAL = re.compile(r"\b[A-Z]\.")
_YEAR_END = re.compile(r"(?:1[89]|20)\d\d[a-z]?\)?[.,;]?$")
_LEADERS = re.compile(r"(?:\.\s?){4,}|\s{3,}\d+\s*$")
_COLUMNS = re.compile(r"\S\s{3,}\S")
_AROUND = (2, 5, 12)
_NEAR = (-2, -1, 1, 2)
_TOLD = 14
"""Of a neighbour only these many features, which its own line begins with."""


def finder_features(texts: Sequence[str], gaps: Sequence[int]) -> list[list[str]]:
    """Give the features of each line that holds a letter or digit.

    `gaps` are the numbers of empty lines above each.
    """
    lines = [Line(text) for text in texts]
    marks = [_marks(line) for line in lines]
    looks = [
        [*sorted(found), *_look(line), f"gap={min(gap, 2)}"]
        for line, found, gap in zip(lines, marks, gaps, strict=True)
    ]
    dense = _densities(marks)
    rows = []
    heading = other = -1
    for i, found in enumerate(marks):
        if "heading" in found:
            heading = i
        elif "other heading" in found:
            other = i
        row = list(looks[i])
        for step in _NEAR:
            if 0 <= i + step < len(lines):
                row += (f"{step}{feature}" for feature in looks[i + step][:_TOLD])
            else:
                row.append(f"{step}end")
        row += dense[i]
        row += _since(i, heading, other)
        row.append(f"rel={i * 10 // len(lines)}")
        rows.append(row)
    return rows


def is_heading(text: str) -> bool:
    """Tell whether the line is the heading of a list of references."""
    return len(text.strip()) < 60 and HEADING.fullmatch(text) is not None


def is_other_heading(text: str) -> bool:
    """Tell whether the line is a heading of another part."""
    return len(text) < 90 and _OTHER_HEADING.match(text) is not None


def _marks(line: Line) -> set[str]:
    """Give the signs of a reference that the line shows."""
    text = line.text.strip()
    found = {
        "year": "Y" in line.shapes,
        "pages": _PAGES.search(text),
        "volume": _VOLUME.search(text),
        "name": _NAME.search(text),
        "initials": len(_INITIAL.findall(text)) > 1,
        "web": "http" in text or "doi" in text.lower(),
        "year end": _YEAR_END.search(text),
        "leaders": _LEADERS.search(text),
        "columns": _COLUMNS.search(text),
        "journal": any(KINDS.get(word) == "journal" for word in line.words),
        "publisher": any(KINDS.get(word) == "publisher" for word in line.words),
        "heading": is_heading(text),
        "other heading": is_other_heading(text),
    }
    return {name for name, value in found.items() if value}


def _look(line: Line) -> list[str]:
    shapes, text = line.shapes, line.text
    label = label_of(text)
    count = len(shapes)
    return [
        f"label={label.sort if label else 'none'}",
        f"len={min(len(text.strip()) // 15, 8)}",
        f"cap={tenths(sum(each[0] == 'A' for each in shapes), count)}",
        f"low={tenths(shapes.count('aa'), count)}",
        f"marks={tenths(sum(not each[0].isalnum() for each in shapes), count)}",
        f"digits={tenths(sum(each[0] in 'dY' for each in shapes), count)}",
        f"ini={min(shapes.count('A'), 4)}",
        *("h" + head for head in heads(shapes, 3)),
        *("t" + tail for tail in tails(shapes, 2)),
        f"indent={min(len(text) - len(text.lstrip()), 12) // 3}",
        *sorted({"kind=" + KINDS[word] for word in line.words if word in KINDS}),
    ]


def _densities(marks: Sequence[set[str]]) -> list[list[str]]:
    """Give how often signs of references stand in the lines around."""
    names = ("year", "pages", "volume", "name", "initials", "leaders", "columns")
    sums = {name: [0] for name in names}
    for found in marks:
        for name in names:
            sums[name].append(sums[name][-1] + (name in found))
    rows = []
    for i in range(len(marks)):
        row: list[str] = []
        for around in _AROUND:
            start, end = max(0, i - around), min(len(marks), i + around + 1)
            shares = {
                name: tenths(sums[name][end] - sums[name][start], end - start, 6) for name in names
            }
            row += (f"{name}~{around}={share}" for name, share in shares.items())
            row.append(f"all~{around}={sum(shares[name] for name in names[:5])}")
        rows.append(row)
    return rows


def _since(i: int, heading: int, other: int) -> list[str]:
    """Give how far above the last heading of a list stands, with no other heading since."""
    if heading < 0:
        return ["below=none"]
    if other > heading:
        return ["below=other"]
    return [f"below={min((i - heading).bit_length(), 9)}"]
