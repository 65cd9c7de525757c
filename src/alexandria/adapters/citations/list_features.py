"""What the line model is told of each line of a list of references."""

from collections import Counter
from collections.abc import Sequence

from alexandria.adapters.citations.lines import Line, heads, tails, tenths
from alexandria.adapters.citations.list_order import Alphabet, Labels, alphabet_of, find_labels
from alexandria.adapters.citations.words import KINDS, WordClasses

_WEB = frozenset({"http", "https", "doi", "www"})
_AROUND = 6
"""Lines above and below whose longest gives the width of the column."""


class ListFeatures:
    def __init__(self, classes: WordClasses) -> None:
        self._classes = classes

    def __call__(self, texts: Sequence[str]) -> list[list[str]]:
        """Give the features of each line, in their order."""
        lines = [Line(text) for text in texts]
        labels = find_labels(texts)
        alphabet = _alphabet(lines)
        is_sorted = alphabet.is_sorted and not labels.counted
        usual = _usual_length(texts)
        starts = Counter("|".join(line.shapes[:3]) for line in lines)
        starts += Counter("|".join(line.shapes[:2]) + "|" for line in lines)
        return [
            [
                *_label_features(labels, i),
                *self._head(_without_label(line, labels, i)),
                *("t" + tail for tail in tails(line.shapes, 4)),
                *("tw=" + word for word in line.words[-1:]),
                *("tw2=" + word for word in line.words[-2:-1]),
                *_look(line, usual),
                f"often3={tenths(starts['|'.join(line.shapes[:3])], len(lines), 10)}",
                f"often2={tenths(starts['|'.join(line.shapes[:2]) + '|'], len(lines), 10)}",
                f"order={is_sorted}|{min(alphabet.distance[i], 3)}|{i in alphabet.in_order}",
                f"sorted={min(int(alphabet.order), 6)}",
                *_before(lines, labels, usual, i),
                *_column(lines, labels, alphabet, i),
                *_after(lines, labels, i),
            ]
            for i, line in enumerate(lines)
        ]

    def _head(self, line: Line) -> list[str]:
        row = ["h" + head for head in heads(line.shapes, 5)]
        row += (f"w{i}={word}" for i, word in enumerate(line.words[:3]))
        for i, (token, word) in enumerate(zip(line.tokens[:4], line.words, strict=False)):
            if word in KINDS:
                row.append(f"k{i}={KINDS[word]}")
            if token.text.isalpha():
                if classes := self._classes(word):
                    row += [f"c8{i}={classes[1]}", f"c6{i}={classes[0]}"]
                elif len(word) > 1:
                    row.append(f"rare{i}")
        return row


def _usual_length(texts: Sequence[str]) -> int:
    lengths = sorted(len(text) for text in texts if text.strip())
    return lengths[int(len(lengths) * 0.7)] if lengths else 1


def _alphabet(lines: Sequence[Line]) -> Alphabet:
    words = {
        i: line.first_term
        for i, line in enumerate(lines)
        if line.first_term.isascii() and line.first_term and line.tokens[0].text[0].isupper()
    }
    return alphabet_of(words, len(lines))


def _without_label(line: Line, labels: Labels, i: int) -> Line:
    label = labels.labels[i]
    return Line(line.text[label.end :]) if label and i in labels.counted else line


def _label_features(labels: Labels, i: int) -> list[str]:
    label = labels.labels[i]
    sort = label.sort if label else "none"
    labelled, counted = bool(labels.counted), i in labels.counted
    row = [f"label={sort}", f"counted={labelled}|{counted}", f"lc={sort}|{labelled}|{counted}"]
    if label and label.number is not None:
        row.append(f"number={min(label.number, 2)}")
    return row


def _look(line: Line, usual: int) -> list[str]:
    shapes = line.shapes
    count = len(shapes)
    year = shapes.index("Y") if "Y" in shapes else None
    row = [
        f"len={min(5 * len(line.text) // usual, 7)}",
        f"years={min(shapes.count('Y'), 2)}",
        f"ini={min(shapes.count('A'), 5)}",
        f"cap={tenths(sum(each[0] == 'A' for each in shapes), count)}",
        f"low={tenths(shapes.count('aa'), count)}",
        f"year={'no' if year is None else min(year * 4 // count, 3)}",
        f"year at {'no' if year is None else min(year, 6)}",
        f"indent={min(len(line.text) - len(line.text.lstrip()), 4)}",
    ]
    if line.first_term in _WEB:
        row.append("web")
    return row


def _before(lines: Sequence[Line], labels: Labels, usual: int, i: int) -> list[str]:
    if i == 0:
        return ["top"]
    line, own = lines[i - 1], _without_label(lines[i], labels, i).shapes
    last, length = "".join(line.shapes[-1:]), min(5 * len(line.text.rstrip()) // usual, 7)
    row = [
        *("-t" + tail for tail in tails(line.shapes, 4)),
        *("-w=" + word for word in line.words[-1:]),
        *("-k=" + KINDS[word] for word in line.words[-1:] if word in KINDS),
        f"-len={length}",
        f"-1>2={last}>{'|'.join(own[:2])}",
        f"-2>1={'|'.join(line.shapes[-2:])}>{''.join(own[:1])}",
        f"-len>={length}|{last}|{''.join(own[:1])}",
        f"hyphen={line.text.rstrip().endswith(('-', chr(0xAD)))}",
        f"a={lines[i].first_term[:1] >= line.first_term[:1]}",
    ]
    if len(line.words) > 1:
        row.append("-w2=" + "|".join(line.words[-2:]))
    return row


def _column(lines: Sequence[Line], labels: Labels, alphabet: Alphabet, i: int) -> list[str]:
    """Tell how far the line above fills its column: the last one of a reference often doesn't."""
    row = [f"pos={i}"] if i < 4 else []
    if i:
        near = lines[max(0, i - _AROUND) : i + _AROUND + 1]
        widest = max(1, *(len(line.text) for line in near))
        filled = len(lines[i - 1].text) / widest
        last = "".join(lines[i - 1].shapes[-1:])
        ordered = alphabet.is_sorted and not labels.counted
        row += [
            f"fill={int(filled * 8)}",
            f"fill|end={int(filled * 6)}|{last}|{bool(labels.counted)}",
            f"fill|order={int(filled * 4)}|{last}|{ordered}|{min(alphabet.distance[i], 2)}",
        ]
    return row


def _after(lines: Sequence[Line], labels: Labels, i: int) -> list[str]:
    if i + 1 == len(lines):
        return ["bottom"]
    label = labels.labels[i + 1]
    return [
        *("+h" + head for head in heads(lines[i + 1].shapes, 3)),
        f"+label={label.sort if label else 'none'}|{i + 1 in labels.counted}",
        *("+w=" + word for word in lines[i + 1].words[:1]),
    ]
