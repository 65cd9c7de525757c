"""Which part of a printed reference each of its tokens belongs to, from parts given as strings."""

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from alexandria.adapters.citations.tokens import Token

OTHER, VENUE = "other", "venue"
_VENUES = frozenset({"journal", "booktitle"})
PARTS = (
    "author", "title", "journal", "booktitle", "editor", "publisher", "place", "note", "url",
    "doi", "arxiv", "date", "pages", "volume", "issue", "edition",
)  # fmt: skip
"""Longer parts first: a short one is looked for where they leave room."""

_FOLLOWS: Mapping[str, tuple[str, ...]] = {
    "volume": ("journal", "booktitle"),
    "issue": ("volume", "journal"),
    "pages": ("volume", "issue", "journal", "booktitle"),
    "publisher": ("place", "booktitle", "title"),
    "place": ("publisher", "booktitle", "title"),
}
"""Of several places where a part could stand, the one behind these is taken."""

_Span = tuple[int, int]


def label_tokens(text: str, tokens: Sequence[Token], parts: Mapping[str, Any]) -> list[str]:
    """Give one label for each token; marks between two parts count with the first of them."""
    labels = [OTHER] * len(tokens)
    for part, found in find_parts(text, parts).items():
        label = VENUE if part in _VENUES else part
        for start, end in found:
            for i, token in enumerate(tokens):
                if token.start < end and token.end > start:
                    labels[i] = label
    for i, token in enumerate(tokens):
        if i and labels[i] == OTHER and not token.text.isalnum():
            labels[i] = labels[i - 1]
    return labels


def find_parts(text: str, parts: Mapping[str, Any]) -> dict[str, list[_Span]]:
    """Give where in the text each part stands, as character offsets."""
    squeezed, places = _squeeze(text)
    taken = [False] * len(squeezed)
    found: dict[str, list[_Span]] = {}
    for part in PARTS:
        for piece in _pieces(squeezed, part, parts.get(part)):
            span = _best_place(squeezed, taken, piece, part, found)
            if span is None:
                continue
            taken[span[0] : span[1]] = [True] * (span[1] - span[0])
            found.setdefault(part, []).append(span)
    return {
        part: [(places[start], places[end - 1] + 1) for start, end in spans]
        for part, spans in found.items()
    }


def _squeeze(text: str) -> tuple[str, list[int]]:
    places = [i for i, character in enumerate(text) if not character.isspace()]
    return "".join(text[i] for i in places), places


def _pieces(squeezed: str, part: str, value: Any) -> list[str]:
    """Give the whole part if it stands in the text, else the pieces it was put together from."""
    if not value:
        return []
    whole = re.sub(r"\s+", "", str(value))
    if whole in squeezed:
        return [whole]
    separator = ";" if part in {"author", "editor"} else None
    words = [re.sub(r"\s+", "", piece) for piece in str(value).split(separator)]
    for cut in range(1, len(words)):
        joined = ["".join(words[:cut]), "".join(words[cut:])]
        if all(piece in squeezed for piece in joined):
            return joined
    return [word for word in words if word and word in squeezed]


def _best_place(
    squeezed: str,
    taken: Sequence[bool],
    piece: str,
    part: str,
    found: Mapping[str, Sequence[_Span]],
) -> _Span | None:
    places = [match.start() for match in re.finditer(f"(?={re.escape(piece)})", squeezed)]
    free = [at for at in places if not any(taken[at : at + len(piece)])]
    whole = [at for at in free if _stands_alone(squeezed, at, at + len(piece))]
    candidates = whole or free
    if not candidates:
        return None
    anchor = next((found[name][-1][1] for name in _FOLLOWS.get(part, ()) if name in found), None)
    if anchor is None or len(candidates) == 1:
        at = candidates[0]
    else:
        at = min(candidates, key=lambda at: (at < anchor, abs(at - anchor)))
    return at, at + len(piece)


def _stands_alone(squeezed: str, start: int, end: int) -> bool:
    """Tell that no number goes on at either end."""
    before, after = squeezed[start - 1 : start], squeezed[end : end + 1]
    edges = ((before, squeezed[start]), (squeezed[end - 1], after))
    return not any(a.isdigit() and b.isdigit() for a, b in edges if a and b)


def spans_of(labels: Sequence[str], tokens: Sequence[Token]) -> dict[str, list[_Span]]:
    """Give the runs of each label as character offsets, in their order."""
    runs: dict[str, list[_Span]] = {}
    edges = [0, *(i for i, (a, b) in enumerate(pairwise(labels), 1) if a != b), len(labels)]
    for start, end in pairwise(edges):
        if end > start and labels[start] != OTHER:
            span = (tokens[start].start, tokens[end - 1].end)
            runs.setdefault(labels[start], []).append(span)
    return runs
