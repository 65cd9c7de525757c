"""Names of journals, meetings, publishers and places that stood in the training data."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path

_LONGEST = 10
"""Words; what is longer is seldom named twice."""

KINDS = ("venue", "publisher", "place")


class Phrases:
    """How often each name, as words in lower case, stood for which kind of part."""

    def __init__(self, counts: Mapping[str, Counter[str]]) -> None:
        self._counts = {kind: counts.get(kind, Counter()) for kind in KINDS}
        self._lengths: dict[str, list[int]] = {}
        lengths: dict[str, set[int]] = defaultdict(set)
        for names in self._counts.values():
            for name in names:
                words = name.split(" ")
                lengths[words[0]].add(len(words))
        self._lengths = {word: sorted(found, reverse=True) for word, found in lengths.items()}

    @classmethod
    def learn(cls, names: Iterable[tuple[str, Sequence[str]]]) -> "Phrases":
        """Count names given as kind and words."""
        counts: dict[str, Counter[str]] = {kind: Counter() for kind in KINDS}
        for kind, words in names:
            if 0 < len(words) <= _LONGEST:
                counts[kind][" ".join(words)] += 1
        return cls(counts)

    def find(
        self, words: Sequence[str], own: Iterable[tuple[str, Sequence[str]]] = ()
    ) -> Iterator[tuple[int, int, str]]:
        """Give start, end and kinds of the longest names among the words, none within another.

        A name in `own` counts once less: in training, what the text itself added.
        """
        less = {(kind, " ".join(name)) for kind, name in own}
        start = 0
        while start < len(words):
            for length in self._lengths.get(words[start], ()):
                if start + length > len(words):
                    continue
                name = " ".join(words[start : start + length])
                kinds = [
                    kind
                    for kind in KINDS
                    if self._counts[kind].get(name, 0) > ((kind, name) in less)
                ]
                if kinds:
                    yield start, start + length, "+".join(kinds)
                    start += length
                    break
            else:
                start += 1

    def save(self, path: Path) -> None:
        """Write one line a name: the words, and how often each kind was meant by it."""
        names = sorted(set().union(*self._counts.values()))
        lines = (
            "\t".join([name, *(str(self._counts[kind][name]) for kind in KINDS)]) for name in names
        )
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> "Phrases":
        counts: dict[str, Counter[str]] = {kind: Counter() for kind in KINDS}
        for line in path.read_text(encoding="utf-8").splitlines():
            name, *numbers = line.split("\t")
            for kind, number in zip(KINDS, islice(numbers, len(KINDS)), strict=True):
                if number != "0":
                    counts[kind][name] = int(number)
        return cls(counts)
