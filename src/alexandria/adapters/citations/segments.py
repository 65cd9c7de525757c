"""The stretches between the marks of a printed reference, and what they look like."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from alexandria.adapters.citations.tokens import Token
from alexandria.adapters.citations.words import KINDS

_BREAKS = frozenset(".,;:()[]{}?!")


@dataclass(frozen=True, slots=True)
class _Segment:
    start: int
    end: int
    length: int
    look: str
    kinds: tuple[str, ...]
    first: str
    last: str
    mark: str
    """The last token, mostly the mark that ends the stretch."""


def segment_features(
    tokens: Sequence[Token], words: Sequence[str], shapes: Sequence[str]
) -> list[list[str]]:
    """Give for each token the features of its stretch and of those around it."""
    segments = [_segment(words, shapes, start, end) for start, end in _bounds(tokens, shapes)]
    rows: list[list[str]] = []
    for at, segment in enumerate(segments):
        common = _features(segments, at)
        size = segment.end - segment.start
        rows += ([*common, f"S:from={min(i, 3)}", f"S:to={min(size - i, 3)}"] for i in range(size))
    return rows


def _bounds(tokens: Sequence[Token], shapes: Sequence[str]) -> Iterator[tuple[int, int]]:
    start = 0
    for i, token in enumerate(tokens):
        text = token.text
        if text not in _BREAKS and (shapes[i] != "q" or text in "'’"):  # noqa: RUF001
            continue
        if text == "." and i and _may_be_short(tokens[i - 1].text, shapes[i - 1]):
            continue
        yield start, i + 1
        start = i + 1
    if start < len(tokens):
        yield start, len(tokens)


def _may_be_short(text: str, shape: str) -> bool:
    """Tell whether the full stop may stand for the rest of a word: `Phys.`, `J.`."""
    return len(text) <= 4 and shape != "aa" and shape[0] not in "dY"


def _segment(words: Sequence[str], shapes: Sequence[str], start: int, end: int) -> _Segment:
    inside = [i for i in range(start, end) if words[i][0].isalnum()]
    return _Segment(
        start,
        end,
        length=min(len(inside), 4) if len(inside) < 5 else 5 + min(len(inside) // 5, 4),
        look=_look([shapes[i] for i in inside]),
        kinds=tuple(sorted({kind for i in inside if (kind := KINDS.get(words[i]))})),
        first=words[inside[0]] if inside else "",
        last=words[inside[-1]] if inside else "",
        mark=words[end - 1],
    )


def _look(shapes: Sequence[str]) -> str:
    count = len(shapes)
    numbers = sum(each[0] in "dY" for each in shapes)
    small = shapes.count("aa")
    if numbers == count:
        return "empty" if not count else "year" if shapes[0] == "Y" else "number"
    if shapes.count("A") * 3 >= count and not small:
        look = "names"
    elif small > count * 0.6:
        look = "small"
    else:
        look = "capitals" if sum(each[0] == "A" for each in shapes) == count else "mixed"
    return look + ("+number" if numbers else "")


def _features(segments: Sequence[_Segment], at: int) -> list[str]:
    own = segments[at]
    row = [
        f"S:n={own.length}",
        "S:k=" + own.look,
        f"S:i={min(at, 6)}",
        f"S:r={min(len(segments) - at, 6)}",
        "S:f=" + own.first,
        "S:l=" + own.last,
        "S:m=" + own.mark,
        *("S:kk=" + kind for kind in own.kinds),
    ]
    if at:
        before = segments[at - 1]
        row += [f"S-:k={before.look}{before.mark}", f"S-:n={before.length}"]
        row += ("S-:kk=" + kind for kind in before.kinds)
    if at > 1:
        row.append(f"S--:k={segments[at - 2].look}|{before.look}|{own.look}")
    if at + 1 < len(segments):
        after = segments[at + 1]
        row += [f"S+:k={after.look}{after.mark}", "S+:f=" + after.first, f"S+:n={after.length}"]
        row += ("S+:kk=" + kind for kind in after.kinds)
    if at + 2 < len(segments):
        row.append(f"S++:k={own.look}|{after.look}|{segments[at + 2].look}")
        row += ("S++:kk=" + kind for kind in segments[at + 2].kinds)
    return row
