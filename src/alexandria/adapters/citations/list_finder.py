"""Finds the lists of references in a long text."""

from collections.abc import Sequence
from itertools import groupby
from math import log

from alexandria.adapters.citations.finder_features import (
    finder_features,
    is_heading,
    is_other_heading,
)
from alexandria.adapters.citations.sequence_model import SequenceModel

LISTED, BODY = "listed", "body"
_COST, _CHEAP = 12.0, 3.0
"""What a border costs, without and with a heading; a line brings at most `_MOST`."""
_MOST, _BIAS, _TINY = 2.0, 0.5, 1e-3
_SHORTEST = 3
"""Lines; fewer are a note, not a list."""
_NEAR = 12
"""Lines between two stretches of one list that a page break or a long note parts."""


class ListFinder:
    def __init__(self, model: SequenceModel) -> None:
        self._model = model

    def lines(self, text: str) -> list[int]:
        r"""Give the numbers, from 0, of the lines (parted by `\\n`) that belong to a list."""
        numbers, texts, gaps = printed_lines(text.split("\n"))
        likely = self._model.likelihoods(finder_features(texts, gaps), LISTED)
        listed = _smooth(likely, [_border(text) for text in texts])
        return [
            numbers[i]
            for flag, group in groupby(range(len(numbers)), listed.__getitem__)
            if flag and len(found := list(group)) >= _SHORTEST
            for i in found
        ]

    def lists(self, text: str) -> list[str]:
        """Give the text of each list."""
        lines = text.split("\n")
        found = self.lines(text)
        chunks: list[list[str]] = []
        last = -_NEAR - 1
        for number in found:
            if number - last > _NEAR:
                chunks.append([])
            chunks[-1].append(lines[number])
            last = number
        return ["\n".join(chunk) for chunk in chunks]


def printed_lines(lines: Sequence[str]) -> tuple[list[int], list[str], list[int]]:
    """Give number, text and the empty lines above, of each line with a letter or digit."""
    numbers, texts, gaps = [], [], []
    gap = 0
    for number, line in enumerate(lines):
        if any(character.isalnum() for character in line):
            numbers.append(number)
            texts.append(line)
            gaps.append(gap)
            gap = 0
        else:
            gap += 1
    return numbers, texts, gaps


def _border(text: str) -> bool | None:
    """Tell whether a list begins below the line (True), or another part with it (False)."""
    if is_heading(text):
        return True
    return False if is_other_heading(text) else None


def _smooth(likely: Sequence[float], borders: Sequence[bool | None]) -> list[bool]:
    """Give the most likely stretches, where each border must pay for itself (Viterbi).

    A border is cheap where a heading says so.
    """
    inside, outside = -_COST, 0.0
    came_in: list[bool] = []
    went_out: list[bool] = []
    before = None
    for chance, border in zip(likely, borders, strict=True):
        sign = max(-_MOST, min(_MOST, log((chance + _TINY) / (1 - chance + _TINY)) + _BIAS))
        enter = outside - (_CHEAP if before is True else _COST)
        leave = inside - (_CHEAP if border is False else _COST)
        came_in.append(enter > inside)
        went_out.append(leave > outside)
        inside, outside = max(inside, enter) + sign, max(outside, leave) - sign
        before = border
    at = inside > outside
    listed = []
    for entered, left in zip(reversed(came_in), reversed(went_out), strict=True):
        listed.append(at)
        at = not entered if at else left
    return listed[::-1]
