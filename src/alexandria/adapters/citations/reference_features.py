"""What the sequence model is told of each token of a printed reference."""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from alexandria.adapters.citations.phrases import Phrases
from alexandria.adapters.citations.segments import segment_features
from alexandria.adapters.citations.tokens import Token
from alexandria.adapters.citations.words import KINDS, WordClasses, is_roman, shape, word_form

_OPEN, _CLOSE = "([{", ")]}"
_NEAR = (-2, -1, 1, 2)
_IN = re.compile(r"[.,?”\"] in:? ")

Own = Iterable[tuple[str, Sequence[str]]]


class ReferenceFeatures:
    """Give it word classes and names; its answers depend on nothing else."""

    def __init__(self, classes: WordClasses, phrases: Phrases) -> None:
        self._classes = classes
        self._phrases = phrases
        self._own: dict[str, tuple[str, ...]] = {}
        self._near: dict[tuple[str, str], tuple[str, ...]] = {}

    def __call__(
        self, text: str, tokens: Sequence[Token], own: Own = ()
    ) -> tuple[list[list[str]], list[list[str]]]:
        """Give the features of each token, first a plain view of them, then all.

        `own` are the names in a text that was learned from.
        """
        if not tokens:
            return [], []
        texts = [token.text for token in tokens]
        words = [word_form(each) for each in texts]
        shapes = [shape(each) for each in texts]
        plain = _plain(text, tokens, words, shapes)
        rich = [list(self._knowledge(each)) for each in texts]
        self._add_neighbours(rich, texts)
        self._add_names(rich, words, own)
        segments = segment_features(tokens, words, shapes)
        full = [[*a, *b, *c] for a, b, c in zip(plain, rich, segments, strict=True)]
        return plain, full

    def _knowledge(self, text: str) -> tuple[str, ...]:
        found = self._own.get(text)
        if found is None:
            found = self._own[text] = tuple(self._known(text, ""))
        return found

    def _known(self, text: str, name: str) -> list[str]:
        """Give what word lists know of the word; of a neighbour, only the more telling part."""
        word = word_form(text)
        row = []
        if kind := KINDS.get(word):
            row.append(f"{name}k={kind}")
        if text.isalpha():
            if classes := self._classes(word):
                row.append(f"{name}c8={classes[1]}")
                if not name:
                    row += ["c6=" + classes[0], "c10=" + classes[2]]
            elif len(word) > 1 and not name:
                row.append("rare")
        return row

    def _add_neighbours(self, rows: list[list[str]], texts: Sequence[str]) -> None:
        for step in _NEAR:
            for i in range(max(0, -step), min(len(texts), len(texts) - step)):
                rows[i] += self._neighbour(f"{step}", texts[i + step])
        for name, order in (("p", range(len(texts))), ("n", range(len(texts) - 1, -1, -1))):
            one = two = ""
            for i in order:
                if one:
                    rows[i] += (f"{name}{word_form(one)}", f"{name}s{shape(one)}")
                    rows[i] += self._neighbour(name, one)
                if two:
                    rows[i] += (f"{name}2{word_form(two)}", f"{name}2{shape(two)}{shape(one)}")
                if texts[i].isalnum():
                    one, two = texts[i], one

    def _neighbour(self, name: str, text: str) -> tuple[str, ...]:
        found = self._near.get((name, text))
        if found is None:
            found = self._near[name, text] = tuple(self._known(text, name))
        return found

    def _add_names(self, rows: list[list[str]], words: Sequence[str], own: Own) -> None:
        places = [i for i, word in enumerate(words) if word[0].isalnum()]
        for start, end, kinds in self._phrases.find([words[i] for i in places], own):
            length = min(end - start, 4)
            for at in range(start, end):
                name = f"name={kinds}{length}"
                rows[places[at]] += (
                    name,
                    f"{name}{'B' if at == start else 'E' if at == end - 1 else 'I'}",
                )
            if end < len(places):
                rows[places[end]].append(f"after={kinds}{length}")
            if start:
                rows[places[start - 1]].append(f"before={kinds}{length}")


def _plain(
    text: str, tokens: Sequence[Token], words: Sequence[str], shapes: Sequence[str]
) -> list[list[str]]:
    whole = _whole(text, [token.text for token in tokens], shapes)
    near = [(f"{step}:", f"{step}:s", step) for step in _NEAR]
    count = len(tokens)
    rows = []
    for i, (joined, spots) in enumerate(
        zip(_joined(words, shapes), _spots(tokens, shapes), strict=True)
    ):
        row = [*_own(tokens[i].text), "spaced" if tokens[i].spaced else "close"]
        for word, look, step in near:
            if 0 <= i + step < count:
                row += (word + words[i + step], look + shapes[i + step])
            else:
                row.append(word + "none")
        row += joined
        row += spots
        row += whole
        rows.append(row)
    rows[0].append("first")
    rows[-1].append("last")
    return rows


@lru_cache(maxsize=65_536)
def _own(text: str) -> tuple[str, ...]:
    word = word_form(text)
    row = ["w=" + word, "s=" + shape(text)]
    if text.isalpha():
        if len(text) > 2:
            row += ["p2=" + word[:2], "x2=" + word[-2:], "p3=" + word[:3], "x3=" + word[-3:]]
        if len(text) > 4:
            row += ["p4=" + word[:4], "x4=" + word[-4:]]
        if is_roman(text):
            row.append("roman")
        if KINDS.get(word) == "month":
            row.append("month")
    return tuple(row)


def _joined(words: Sequence[str], shapes: Sequence[str]) -> list[list[str]]:
    w, s = ["^", *words, "$"], ["^", "^", *shapes, "$", "$", "$"]
    return [
        [
            f"-w{w[i]}|{w[i + 1]}",
            f"w+{w[i + 1]}|{w[i + 2]}",
            f"-s+{s[i + 1]}|{s[i + 2]}|{s[i + 3]}",
            f"--s{s[i]}|{s[i + 1]}|{s[i + 2]}",
            f"s+++{s[i + 2]}|{s[i + 3]}|{s[i + 4]}|{s[i + 5]}",
        ]
        for i in range(len(words))
    ]


def _spots(tokens: Sequence[Token], shapes: Sequence[str]) -> list[list[str]]:
    """Give where each token stands: among quotes, brackets, years and sentences."""
    years = [i for i, each in enumerate(shapes) if each == "Y"]
    rows = []
    depth = quotes = double = numbers = stops = since = 0
    mark = ""
    count = len(tokens)
    for i, token in enumerate(tokens):
        text = token.text
        depth += text in _OPEN
        rows.append(
            [
                f"at={i * 10 // count}",
                f"i={min(i, 8)}",
                f"e={min(count - i, 8)}",
                f"in={min(depth, 2)}",
                f"q={min(quotes, 3)}",
                f"qq={min(double, 4)}",
                f"num={min(numbers, 4)}",
                f"stop={min(stops, 5)}",
                f"since={min(since, 6)}",
                "mark=" + mark,
                f"y<={sum(y < i for y in years[:3])}",
                f"y>={sum(y > i for y in years[-3:])}",
            ]
        )
        depth -= depth > 0 and text in _CLOSE
        if shapes[i] == "q":
            outer = token.spaced or i + 1 == count or not tokens[i + 1].text.isalnum()
            double += text not in "'’"  # noqa: RUF001
            quotes += outer or text not in "'’‘"  # noqa: RUF001
        numbers += text[0].isdigit()
        since += 1
        if text in ".,;:()":
            stops += text == "." and i > 0 and _is_long_word(tokens[i - 1].text)
            since, mark = 0, text
    return rows


def _is_long_word(text: str) -> bool:
    return len(text) > 2 and text[0].isalpha()


def _whole(text: str, texts: Sequence[str], shapes: Sequence[str]) -> list[str]:
    """Give what sort of reference it is."""
    count = len(shapes)
    year = next((i for i, each in enumerate(shapes) if each == "Y"), None)
    quoted = any(s == "q" and t not in "'’" for t, s in zip(texts, shapes, strict=True))  # noqa: RUF001
    return [
        f"W:len={min(count // 12, 6)}",
        f"W:year={'no' if year is None else year * 5 // count}",
        f"W:quoted={quoted}",
        f"W:in={_IN.search(text.lower()) is not None}",
        f"W:words={min(shapes.count('aa') // 5, 4)}",
        f"W:numbers={min(sum(each[0] in 'dY' for each in shapes), 8)}",
        "W:start=" + "|".join(shapes[:3]),
        "W:end=" + "|".join(shapes[-3:]),
    ]
