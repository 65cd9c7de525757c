"""Where references begin, as only the whole list shows: by counting labels, and by alphabet."""

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

_LABEL = re.compile(
    r"\s*(?:[\[({]?(?P<bracketed>\d{1,3})[\])}]"
    r"|(?P<stopped>\d{1,3})\s?[.)\]](?=\s|$|[A-Z])"
    r"|(?P<bare>\d{1,3})(?=\s+[A-Z“\"])"
    r"|(?P<named>\[[A-Za-z][^\]]{0,20}\])"
    r"|(?P<alone>\d{1,3})$"
    r"|(?P<bullet>[•\-–*—_]+))"  # noqa: RUF001
)
_SORTED = 2.6
"""A random order of n names has a rising chain of about 2 √n; most sorted lists have far more."""


@dataclass(frozen=True, slots=True)
class Label:
    sort: str
    number: int | None
    end: int
    """Where the label ends in the line."""


def label_of(line: str) -> Label | None:
    """Give the label with which the line begins, or None."""
    match = _LABEL.match(line)
    if match is None or match.lastgroup is None:
        return None
    value = match[match.lastgroup]
    return Label(match.lastgroup, int(value) if value.isdecimal() else None, match.end())


@dataclass(frozen=True, slots=True)
class Labels:
    """The labels of a list; `counted` are the lines whose labels make it a labelled one."""

    labels: Sequence[Label | None]
    counted: frozenset[int] = frozenset()


def find_labels(lines: Sequence[str]) -> Labels:
    labels = [label_of(line) for line in lines]
    sorts = Counter(each.sort for each in labels if each and each.number is not None)
    best: frozenset[int] = frozenset()
    for sort in sorts:
        numbers = [
            (i, each.number)
            for i, each in enumerate(labels)
            if each and each.sort == sort and each.number is not None
        ]
        best = max(best, _counting_up(numbers), key=len)
    if len(best) >= 3 and len(best) * 40 >= len(lines):
        return Labels(labels, best)
    named = frozenset(i for i, each in enumerate(labels) if each and each.sort == "named")
    if len(named) >= 3 and len(named) * 15 >= len(lines):
        return Labels(labels, named)
    return Labels(labels)


def _counting_up(numbers: Sequence[tuple[int, int]]) -> frozenset[int]:
    """Give the longest chain of lines whose numbers grow by one, now and then by two."""
    length: dict[int, int] = {}
    before: dict[int, int | None] = {}
    last: dict[int, int] = {}
    for i, number in numbers:
        previous = max(
            ((length[last[n]], last[n]) for n in (number - 1, number - 2) if n in last),
            default=(0, None),
        )
        length[i], before[i] = previous[0] + 1, previous[1]
        if number not in last or length[i] >= length[last[number]]:
            last[number] = i
    at = max(length, key=lambda i: length[i], default=None)
    chain = set()
    while at is not None:
        chain.add(at)
        at = before[at]
    return frozenset(chain)


@dataclass(frozen=True, slots=True)
class Alphabet:
    """How the first words of lines fit an alphabetical order."""

    distance: Sequence[int]
    """Letters between a line's first word and where the list stands; 9 if it has none."""
    in_order: frozenset[int]
    """Lines that belong to the longest chain in order."""
    order: float
    """Length of that chain, over the root of the number of words."""
    is_sorted: bool = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "is_sorted", self.order > _SORTED)


def alphabet_of(first_words: Mapping[int, str], count: int) -> Alphabet:
    """Compare the first words, by the number of their line; `count` lines there are."""
    chain = _rising({i: word[:3] for i, word in first_words.items()})
    distance = [9] * count
    for i, word in first_words.items():
        at = bisect_left(chain, i)
        low = first_words[chain[at - 1]][0] if at else "a"
        high = first_words[chain[at]][0] if at < len(chain) else "z"
        off = max(ord(low) - ord(word[0]), ord(word[0]) - ord(high), 0)
        distance[i] = min(off, 8)
    return Alphabet(distance, frozenset(chain), len(chain) / max(1, len(first_words)) ** 0.5)


def _rising(words: Mapping[int, str]) -> list[int]:
    """Give the longest chain of lines whose words never fall (patience sorting)."""
    ends: list[str] = []
    lines: list[int] = []
    before: dict[int, int | None] = {}
    for i, word in words.items():
        at = bisect_right(ends, word)
        before[i] = lines[at - 1] if at else None
        ends[at : at + 1] = [word]
        lines[at : at + 1] = [i]
    chain: list[int] = []
    last = lines[-1] if lines else None
    while last is not None:
        chain.append(last)
        last = before[last]
    return chain[::-1]
