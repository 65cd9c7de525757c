"""Whether two printed names may name one person, and what speaks for it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

from alexandria.services.authors.alignment import Laid, align
from alexandria.services.authors.east_asian import is_east_asian_name, is_of_syllables
from alexandria.services.authors.names import Name

Kind = Literal[
    "same letters",
    "word order",
    "spelling",
    "middle name",
    "middle syllable",
    "initials",
    "short form",
    "beginning",
    "misprint",
    "family name in part",
    "given name left out",
    "given initial left out",
    "suffix left out",
]
CERTAIN: frozenset[Kind] = frozenset({"same letters", "word order", "spelling"})
"""Kinds that are enough by themselves."""
_FULL = frozenset({"same", "joined", "spelling"})


@dataclass(frozen=True, slots=True)
class Likeness:
    """How two names are alike. `kind`: the weakest of the links that it rests on."""

    kind: Kind
    family: str
    """The word both names end in, or for a misprint the other one that both have."""
    misprint: tuple[str, str] | None = None
    """The two words that differ by a letter."""


@lru_cache(maxsize=131_072)
def compare(a: Name, b: Name) -> Likeness | None:
    """Give how two names are alike, or None if they name different people.

    Suffixes, middle initials, or given names that contradict each other make two people.
    """
    family = a.words[-1] if a.words else ""
    if not family or not b.words or (a.suffix != b.suffix and a.suffix and b.suffix):
        return None
    if a.suffix != b.suffix:
        bare = compare(replace(a, suffix=""), replace(b, suffix=""))
        return replace(bare, kind="suffix left out") if bare and bare.kind in CERTAIN else None
    if a.squashed == b.squashed or "".join(a.words) == "".join(b.words):
        return Likeness("same letters", family)
    if "".join(a.spelled) == "".join(b.spelled):
        return Likeness("spelling", family)
    is_east_asian = is_east_asian_name(a.words) and is_east_asian_name(b.words)
    laid = align(a.words, b.words)
    kind = _kind(laid, is_east_asian=is_east_asian)
    if kind is None:
        certain = a.certain_order and b.certain_order
        return Likeness("word order", family) if not certain and _is_turned(a, b) else None
    full = [one.a for one in laid if one.step in _FULL and len(one.a) > 1]
    odd = next(((one.a, one.b) for one in laid if one.step == "misprint"), None)
    return Likeness(kind, full[-1], odd)


def _is_turned(a: Name, b: Name) -> bool:
    """Whether the words are the same with the family name at the other end."""
    if len(a.words) < 2 or len(b.words) < 2:
        return False
    whole = "".join(a.words)
    turned = ((*b.words[1:], b.words[0]), (b.words[-1], *b.words[:-1]))
    return any("".join(words) == whole for words in turned)


def _kind(laid: Sequence[Laid], *, is_east_asian: bool) -> Kind | None:
    kept = [one for one in laid if one.step != "left out"]
    gone = [one for one in laid if one.step == "left out"]
    full = [one for one in kept if one.step in _FULL and len(one.a) > 1]
    steps: set[str] = {one.step for one in kept}
    if not full or (any(one.a for one in gone) and any(one.b for one in gone)):
        return None
    if is_east_asian:
        return _east_asian_kind(laid, gone, steps)
    return _western_kind(laid, gone, steps, full)


def _western_kind(
    laid: Sequence[Laid], gone: Sequence[Laid], steps: set[str], full: Sequence[Laid]
) -> Kind | None:
    if laid[-1].step == "left out":
        is_sure = len(full) > 1 and not steps & {"misprint", "beginning"}
        return "family name in part" if is_sure else None
    if "misprint" in steps:
        count = sum(one.step == "misprint" for one in laid)
        return "misprint" if count == 1 and not gone and steps <= {"misprint", *_FULL} else None
    if laid[-1].step not in _FULL:
        return None
    return _given_kind(laid, gone, steps, len(full))


def _east_asian_kind(laid: Sequence[Laid], gone: Sequence[Laid], steps: set[str]) -> Kind | None:
    """A syllable more is another name; an initial or a Western name more is not."""
    if laid[-1].step not in _FULL or not steps <= {*_FULL, "initial", "short form"}:
        return None
    words = [one.a or one.b for one in gone]
    if gone and gone[0] is laid[0] and not steps <= _FULL:
        return None
    if any(len(word) > 1 and is_of_syllables(word) for word in words):
        return "middle syllable"
    if gone and gone[0] is laid[0]:
        return "given name left out" if len(words[0]) > 1 else "given initial left out"
    return _plain_kind(laid, gone, steps)


def _given_kind(
    laid: Sequence[Laid], gone: Sequence[Laid], steps: set[str], full: int
) -> Kind | None:
    if gone and gone[0] is laid[0]:
        if full < 2 or not steps <= _FULL:
            return None
        left_out = gone[0].a or gone[0].b
        return "given name left out" if len(left_out) > 1 else "given initial left out"
    if "beginning" in steps:
        return "beginning"
    return _plain_kind(laid, gone, steps)


def _plain_kind(laid: Sequence[Laid], gone: Sequence[Laid], steps: set[str]) -> Kind:
    if laid[0].step == "initial":
        return "initials"
    if "short form" in steps:
        return "short form"
    return "middle name" if gone or "initial" in steps else "spelling"
