"""Where a long text is cut into passages: at the ends of sentences."""

import re
from collections.abc import Iterator

SPLITTER = "passages 1"
"""Stands in the producer: other cuts are another producer."""

_ENOUGH = 160
_MOST = 380
"""Characters. Of 100 sentences from deep inside theses and papers, a third of their words dropped
and the rest shuffled, passages of this size found 98 first; of 600 characters 89."""
_MOST_PASSAGES = 10_000
"""Of one text, so that a pile of books in one file does not crowd out the library."""

_BREAK = re.compile(r"(?<=[.!?…])[\"'”’»)\]]*\s+|(?<=[。！？｡])[」』”’）]*|\n\s*\n")  # noqa: RUF001
_DENSE = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]"
)
_DENSITY = 3
"""So many Latin characters say as much as one of these scripts."""

Span = tuple[int, int]


def passages(text: str) -> list[Span]:
    """Give start and end of each passage: whole sentences, together about two or three lines."""
    text = text[: _MOST_PASSAGES * _MOST]
    most = _MOST // _DENSITY if len(_DENSE.findall(text[:2000])) > len(text[:2000]) / 4 else _MOST
    enough = most * _ENOUGH // _MOST
    found: list[Span] = []
    start = end = 0
    for low, high in _pieces(text, most):
        if end > start and high - start > most:
            found.append((start, end))
            start = low
        if end <= start:
            start = low
        end = high
        if end - start >= enough:
            found.append((start, end))
            start = end
    if end > start:
        found.append((start, end))
    return [one for one in found if any(map(str.isalpha, text[slice(*one)]))][:_MOST_PASSAGES]


def _pieces(text: str, most: int) -> Iterator[Span]:
    """Yield sentences without white space around them; what is too long is cut between words."""
    start = 0
    for stop in [*(one.end() for one in _BREAK.finditer(text)), len(text)]:
        low, high = _stripped(text, start, stop)
        while high - low > most:
            space = max(text.rfind(one, low + most // 2, low + most) for one in " \n\t")
            cut = space if space > 0 else low + most
            yield _stripped(text, low, cut)
            low, high = _stripped(text, cut, high)
        if high > low:
            yield low, high
        start = stop


def _stripped(text: str, start: int, end: int) -> Span:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end
