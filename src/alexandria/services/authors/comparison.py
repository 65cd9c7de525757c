"""Whether two printed names may name one person, and what speaks for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from alexandria.services.authors.alignment import Laid, align
from alexandria.services.authors.folding import sound
from alexandria.services.authors.names import Name
from alexandria.services.authors.words import is_syllable

Kind = Literal[
    "same letters",
    "word order",
    "spelling",
    "middle name",
    "initials",
    "short form",
    "misprint",
    "family name in part",
    "given name left out",
]


@dataclass(frozen=True, slots=True)
class Likeness:
    """How two names are alike. `kind`: the weakest of the links that it rests on."""

    kind: Kind
    steps: tuple[str, ...] = ()
    """Steps of the alignment that are not plain equality."""
    shared: tuple[str, ...] = ()
    """Words of two letters or more that stand on both sides."""
    syllables: bool = False
    """Whether both look like Chinese, Korean or Vietnamese names, where a syllable is much."""


@lru_cache(maxsize=131_072)
def compare(a: Name, b: Name) -> Likeness | None:
    """Give how two names are alike, or None if they name different people.

    Suffixes, middle initials, or given names that contradict each other make two people.
    """
    if not a.words or not b.words or a.suffix != b.suffix:
        return None
    syllables = _of_syllables(a) and _of_syllables(b)
    shared = tuple(sorted({w for w in a.words if len(w) > 1} & set(b.words)))
    if a.squashed == b.squashed or "".join(a.words) == "".join(b.words):
        return Likeness("same letters", (), shared, syllables)
    if "".join(a.spelled) == "".join(b.spelled):
        return Likeness("spelling", ("spelling",), shared, syllables)
    found = _aligned(a, b, a.words, b.words)
    if found is None and not (a.certain_order and b.certain_order):
        found = _turned(a, b)
    if found is None:
        return None
    kind, laid = found
    steps = tuple(sorted({one.step for one in laid if one.step != "same"}))
    return Likeness(kind, steps, shared, syllables)


def _of_syllables(name: Name) -> bool:
    return all(is_syllable(word) or len(word) == 1 for word in name.words)


def _turned(a: Name, b: Name) -> tuple[Kind, Sequence[Laid]] | None:
    """Compare with the family name first, or the words in another order."""
    if len(a.words) > 1 and sorted(a.words) == sorted(b.words):
        return ("word order", ())
    first, last = b.words[0], b.words[-1]
    for turned in ((*b.words[1:], first), (last, *b.words[:-1])):
        if "".join(turned) == "".join(a.words) and len(turned) > 1:
            return ("word order", ())
    return None


def _aligned(
    a: Name, b: Name, left: tuple[str, ...], right: tuple[str, ...]
) -> tuple[Kind, Sequence[Laid]] | None:
    laid = align(left, right)
    gone_a = [one for one in laid if one.step == "left out" and one.a]
    gone_b = [one for one in laid if one.step == "left out" and one.b]
    if gone_a and gone_b:
        return None
    gone = gone_a or gone_b
    kept = [one for one in laid if one.step != "left out"]
    full = [one for one in kept if one.step in ("same", "joined", "spelling") and len(one.a) > 1]
    steps = {one.step for one in kept}
    if not kept or not full:
        return None
    longer = left if gone_a else right
    side = 0 if gone_a else 1
    family = next((one for one in reversed(laid)), None)
    if gone and family is not None and family.step == "left out":
        if len(full) < 2 or "misprint" in steps:
            return None
        return ("family name in part", laid)
    if kept[-1].step == "initial" or (kept[-1].step == "short form" and len(full) < 1):
        return None
    if "misprint" in steps or (kept[-1].step == "short form"):
        others = [one for one in kept if one.step == "misprint"]
        if len(full) < 1 or len(others) > 1 or gone or "initial" in steps:
            return None
        return ("misprint", laid)
    if gone and gone[0].at[side] == 0:
        return ("given name left out", laid)
    if "short form" in steps:
        return ("short form", laid)
    if "initial" in steps and kept[0].step == "initial":
        return ("initials", laid)
    if gone or "initial" in steps:
        return ("middle name", laid)
    del longer, a, b
    return ("spelling", laid) if sound("".join(left)) != "" else None
