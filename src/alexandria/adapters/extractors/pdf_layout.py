"""The lines of a PDF page with the size and place of their letters."""

import ctypes
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pypdfium2.raw as pdfium

_MAX_CHARACTERS = 8_000  # of one page; the head of a document needs no more
_LINE_END = frozenset({0x0A, 0x0D})
_HYPHENS = {"\x02": "\ufffe", "\x00": "\ufffe"}
_BOLD_WEIGHT = 600


@dataclass(frozen=True, slots=True)
class Character:
    text: str
    size: float
    left: float
    right: float
    baseline: float
    font: str
    bold: bool


@dataclass(slots=True)
class Line:
    characters: list[Character] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(c.text for c in self.characters)

    @property
    def plain(self) -> str:
        """Without raised marks: footnote signs and the numbers of affiliations."""
        size, baseline = self.size, self.baseline
        return "".join(
            " " if c.size < 0.85 * size and c.baseline > baseline + 0.1 * size else c.text
            for c in self.characters
        )

    @property
    def size(self) -> float:
        return float(self._most("size"))

    @property
    def baseline(self) -> float:
        return float(self._most("baseline"))

    @property
    def font(self) -> str:
        return str(self._most("font"))

    @property
    def bold(self) -> bool:
        return bool(self._most("bold"))

    @property
    def left(self) -> float:
        return min(c.left for c in self.characters)

    @property
    def right(self) -> float:
        return max(c.right for c in self.characters)

    def _most(self, name: str) -> Any:
        """Give the value that most of the letters share."""
        letters = [c for c in self.characters if not c.text.isspace()] or self.characters
        return Counter(getattr(c, name) for c in letters).most_common(1)[0][0]


def page_lines(textpage: Any) -> list[Line]:
    """Give the upright lines in the order of the file; parts of one printed line are one line."""
    lines, current = [], Line()
    for character in _characters(textpage):
        if character is None:
            lines.append(current)
            current = Line()
        else:
            current.characters.append(character)
    lines.append(current)
    return _joined([line for line in lines if line.text.strip()])


def _characters(textpage: Any) -> "list[Character | None]":
    """None stands for the end of a line."""
    left, right, bottom, top = (ctypes.c_double() for _ in range(4))
    matrix = pdfium.FS_MATRIX()
    found: list[Character | None] = []
    for i in range(min(textpage.count_chars(), _MAX_CHARACTERS)):
        code = pdfium.FPDFText_GetUnicode(textpage, i)
        if code in _LINE_END:
            found.append(None)
            continue
        if abs(pdfium.FPDFText_GetCharAngle(textpage, i)) > 0.1:
            continue
        pdfium.FPDFText_GetCharBox(textpage, i, left, right, bottom, top)
        pdfium.FPDFText_GetMatrix(textpage, i, matrix)
        size = pdfium.FPDFText_GetFontSize(textpage, i) * (matrix.c**2 + matrix.d**2) ** 0.5
        font, bold = _font(textpage, i)
        found.append(
            Character(
                text=_HYPHENS.get(chr(code), chr(code)),
                size=round(size, 1),
                left=left.value,
                right=right.value,
                baseline=round(matrix.f, 1),
                font=font,
                bold=bold,
            )
        )
    return found


def _font(textpage: Any, index: int) -> tuple[str, bool]:
    buffer, flags = ctypes.create_string_buffer(64), ctypes.c_int()
    pdfium.FPDFText_GetFontInfo(textpage, index, buffer, 64, flags)
    name = buffer.value.decode("latin-1")
    heavy = pdfium.FPDFText_GetFontWeight(textpage, index) >= _BOLD_WEIGHT
    return name, heavy or "bold" in name.lower()


def _joined(lines: list[Line]) -> list[Line]:
    """PDFium ends a line at each raised mark; what goes on at the same height belongs to it."""
    joined: list[Line] = []
    for line in lines:
        if joined and _goes_on(joined[-1], line):
            joined[-1].characters.extend(line.characters)
        else:
            joined.append(Line(list(line.characters)))
    return joined


def _goes_on(line: Line, following: Line) -> bool:
    size = max(line.size, following.size)
    if abs(line.baseline - following.baseline) > 0.5 * size:
        return False
    gap = following.left - line.right
    if not -0.5 * size <= gap <= 4 * size:
        return False
    text = following.text.lstrip()
    open_end = line.text.rstrip().endswith((",", ";", " and", "&"))
    return gap < 0.6 * size or open_end or text.startswith((",", ";", "and ", "& "))
