"""What the line model is told of each line at the start of a paper."""

import re
from collections import Counter
from collections.abc import Sequence

from alexandria.adapters.citations.lines import Line, heads, tails, tenths
from alexandria.adapters.citations.words import KINDS, WordClasses

_SORTS = {
    "affiliation": """university univ universität université universid universidade institute
        institut instituto department dept departamento département laboratory laboratories lab labs
        school college centre center faculty fakultät academy hospital inc corp ltd gmbh company
        research division group cnrs inria max planck technology campus""",
    "abstract": "abstract summary zusammenfassung résumé resumen introduction keywords key words",
    "imprint": """journal proceedings conference workshop volume vol issue issn doi http https www
        copyright received accepted published publication letters review press elsevier springer
        ieee acm license preprint arxiv submitted editor editors citation available pages revised
        biorxiv article paper letter communication""",
    "place": """usa uk germany france italy china japan canada spain korea india brazil australia
        netherlands switzerland sweden israel russia taiwan street road avenue box""",
    "role": """member fellow senior student phd md msc professor dr prof corresponding author
        authors correspondence address by""",
}
_SORT = {word: sort for sort, words in _SORTS.items() for word in words.split()}
_ABSTRACT = re.compile(
    r"\W*(?:a\s?b\s?s\s?t\s?r\s?a\s?c\s?t|summary|introduction|zusammenfassung|r[ée]sum[ée])",
    re.IGNORECASE,
)
_FOOTNOTE = re.compile(r"\d\s*[,∗*†‡§¶]|[∗*†‡§¶]")  # noqa: RUF001
_AND = re.compile(r"(?:^|\W)(?:and|und|et|&)(?:\W|$)", re.IGNORECASE)
_NEAR = (-2, -1, 1, 2)


class HeaderFeatures:
    def __init__(self, classes: WordClasses) -> None:
        self._classes = classes

    def __call__(self, texts: Sequence[str]) -> list[list[str]]:
        """Give the features of each line, in their order on the page."""
        lines = [Line(text) for text in texts]
        long = sorted(len(text) for text in texts)[int(len(texts) * 0.8)] if texts else 1
        seen = Counter(_letters(text) for text in texts)
        looks = [_look(line, long, seen) for line in lines]
        abstract = next((i for i, text in enumerate(texts) if _ABSTRACT.match(text.strip())), None)
        rows = []
        for i, line in enumerate(lines):
            row = [*looks[i], *self._words(line), *_spot(i, len(lines), abstract)]
            for step in _NEAR:
                if 0 <= i + step < len(lines):
                    row += (f"{step}{feature}" for feature in looks[i + step])
                else:
                    row.append(f"{step}end")
            row += _joints(lines, i)
            rows.append(row)
        return rows

    def _words(self, line: Line) -> list[str]:
        words = sorted({word for word in line.terms if len(word) > 1})
        classes = [self._classes(word) for word in line.terms if len(word) > 1]
        known = [found for found in classes if found is not None]
        return [
            *("b=" + word for word in words),
            *("x3=" + word[-3:] for word in words if len(word) > 5),
            *sorted({"c8=" + found[1] for found in known}),
            *sorted({"c6=" + found[0] for found in known}),
            f"rare={tenths(len(classes) - len(known), len(classes))}",
        ]


def _letters(text: str) -> str:
    return re.sub(r"\W", "", text).lower()


def _look(line: Line, long: int, seen: Counter[str]) -> list[str]:
    shapes, words, text = line.shapes, line.words, line.text
    letters = [each for each in shapes if each[0] in "Aa字"]
    capitals = sum(each[0] == "A" for each in letters)
    upper = sum(each in {"AA", "AB"} for each in letters)
    initials, commas = shapes.count("A"), words.count(",")
    count = len(letters)
    row = [
        f"cap={tenths(capitals, count)}",
        f"low={tenths(letters.count('aa'), count)}",
        f"up={tenths(upper, count, 4)}",
        f"ini={min(initials, 4)}",
        f"dig={min(sum(each[0] in 'dY' for each in shapes), 4)}",
        f"com={min(commas, 4)}",
        f"nw={min(count, 12)}",
        f"len={min(6 * len(text) // max(1, long), 12)}",
        f"ini/={tenths(initials, count, 6)}",
        f"com/={tenths(commas, count, 6)}",
        (
            f"mix={tenths(capitals, count, 3)}|{tenths(upper, count, 2)}|{min(count, 6)}"
            f"|{min(commas, 2)}|{min(initials, 2)}"
        ),
        *("h" + head for head in heads(shapes, 3)),
        *("t" + tail for tail in tails(shapes, 3)),
        "f1=" + "".join(words[:1]),
        "f2=" + "|".join(words[:2]),
        "l1=" + "".join(words[-1:]),
        *sorted({"sort=" + _SORT[word] for word in words if word in _SORT}),
        *sorted({"kind=" + KINDS[word] for word in words if word in KINDS}),
    ]
    marks = {
        "@": "@" in text,
        "footnote": _FOOTNOTE.search(text),
        "and": _AND.search(text),
        "twice": seen[_letters(text)] > 1,
    }
    return row + [name for name, found in marks.items() if found]


def _spot(i: int, count: int, abstract: int | None) -> tuple[str, ...]:
    to = "none" if abstract is None else max(-8, min(i - abstract, 3))
    return f"at={min(i, 10)}", f"rel={i * 10 // count}", f"abstract={to}"


def _joints(lines: Sequence[Line], i: int) -> list[str]:
    row = []
    line = lines[i]
    if i:
        before = lines[i - 1]
        more = (len(line.text) - len(before.text)) // 10
        row += [
            f"more={max(-3, min(3, more))}",
            f"joint={''.join(before.shapes[-1:])}>{''.join(line.shapes[:1])}",
            f"before={''.join(before.words[-1:])}",
            f"case-={line.text.isupper() == before.text.isupper()}",
        ]
    if i + 1 < len(lines):
        row.append(f"case+={line.text.isupper() == lines[i + 1].text.isupper()}")
    return row
