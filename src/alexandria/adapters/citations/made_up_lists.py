"""Lists of references made up from single ones, to learn from more styles than were collected."""
# ruff: noqa: S311 - nothing here is a secret; the same seed gives the same lists

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

from alexandria.adapters.citations.lines import Line

BEGIN, INSIDE, OUTSIDE = "begin", "inside", "outside"

_LABEL = re.compile(r"^\s*[\[(]?\d{1,3}[\]).]\s*")
_STYLES = ("", "", "", "[1]", "[1]", "1.", "(1)", "1")
_HEADINGS = ("References", "REFERENCES", "Bibliography", "Literature Cited", "R E F E R E N C E S")
_SAME_AUTHOR = ("—", "---", "-", "______", "--")
_WIDTHS = (38, 45, 52, 60, 75, 90, 100, 110)
_SHORTEST, _LONGEST = 8, 50

LabelledLines = tuple[list[str], list[str]]


@dataclass(frozen=True)
class _Style:
    label: str
    width: int
    one_line: bool
    full_stop: bool
    same_author: str
    indent: int
    gaps: bool


def made_up_lists(
    references: Sequence[tuple[str, str]], count: int, seed: int = 1, *, laid_out: bool = False
) -> Iterator[LabelledLines]:
    """Give lines and their labels, of lists whose references (source, text) look alike.

    With `laid_out` the lines hang indented and with gaps between, as on a page.
    """
    random = Random(seed)
    usable = [(source, text) for source, text in references if len(text) > 35]
    sources: dict[str, list[str]] = defaultdict(list)
    alike: dict[tuple[str, str], list[str]] = defaultdict(list)
    for source, text in usable:
        sources[source].append(text)
        alike[source, _look(text)].append(text)
    groups = [texts for texts in alike.values() if len(texts) >= _SHORTEST]
    for _ in range(count if usable else 0):
        if groups and random.random() < 0.6:
            group = random.choice(groups)
            texts = random.sample(group, min(len(group), random.randint(_SHORTEST, _LONGEST)))
        else:
            group = sources[random.choice(usable)[0]]
            size = min(len(group), random.randint(_SHORTEST, _LONGEST))
            start = random.randrange(len(group) - size + 1)
            texts = group[start : start + size]
        yield _make_list([_LABEL.sub("", text).strip() for text in texts], random, laid_out)


def _look(text: str) -> str:
    shapes = Line(_LABEL.sub("", text)).shapes
    year = shapes.index("Y") * 2 // len(shapes) if "Y" in shapes else None
    return f"{shapes[:2]}{year}"


def _make_list(texts: list[str], random: Random, laid_out: bool) -> LabelledLines:
    label = random.choice(_STYLES)
    if not label and random.random() < 0.75:
        texts = sorted(texts, key=lambda text: re.sub(r"\W", "", text).lower())
    style = _Style(
        label,
        width=random.choice(_WIDTHS),
        one_line=random.random() < 0.06,
        full_stop=random.random() < 0.85,
        same_author=random.choice(_SAME_AUTHOR) if not label and random.random() < 0.25 else "",
        indent=random.choice((0, 2, 4, 6, 8)) if laid_out else 0,
        gaps=laid_out and random.random() < 0.5,
    )
    lines: list[str] = []
    labels: list[str] = []
    if random.random() < 0.7:
        lines.append(random.choice(_HEADINGS))
        labels.append(OUTSIDE)
    for number, text in enumerate(texts, 1):
        printed = _print(text, number, style, random)
        lines += printed
        labels += [BEGIN, *[INSIDE] * (len(printed) - 1)]
        if random.random() < 0.004:
            lines.append(str(random.randint(2, 300)))
            labels.append(OUTSIDE)
        if style.gaps:
            lines.append("")
            labels.append(OUTSIDE)
    return lines, labels


def _print(text: str, number: int, style: _Style, random: Random) -> list[str]:
    if style.full_stop and text[-1:].isalnum():
        text += "."
    if style.same_author and random.random() < 0.3:
        text = re.sub(r"^.{4,60}?(?=[,.]?\s\(?(?:1[89]|20)\d\d)", style.same_author, text)
    label = style.label.replace("1", str(number))
    alone = bool(label) and random.random() < 0.03
    text = text if alone or not label else f"{label} {text}"
    lines = [text] if style.one_line else _wrap(text, style.width, random)
    lines = [*lines[:1], *(" " * style.indent + line for line in lines[1:])]
    return [label, *lines] if alone else lines


def _wrap(text: str, width: int, random: Random) -> list[str]:
    lines: list[str] = []
    line = ""
    for word in text.split():
        if not line or len(line) + 1 + len(word) <= width:
            line = f"{line} {word}" if line else word
            continue
        room = width - len(line) - 2
        if word.isalpha() and 3 <= room < len(word) - 2 and random.random() < 0.5:
            lines.append(f"{line} {word[:room]}-")
            line = word[room:]
        else:
            lines.append(line)
            line = word
    return [*lines, line] if line else lines
