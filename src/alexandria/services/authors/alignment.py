"""The words of two names laid beside each other, in order, at the least cost."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from alexandria.services.authors.words import Relation, relate

Step = Relation | Literal["joined", "left out"]
_COSTS: dict[Step, float] = {
    "same": 0.0,
    "joined": 0.1,
    "spelling": 0.2,
    "initial": 0.4,
    "short form": 0.5,
    "beginning": 0.6,
    "misprint": 0.8,
    "left out": 0.7,
}
_MOST_WORDS = 8


@dataclass(frozen=True, slots=True)
class Laid:
    """One step: what stands on either side (empty where it is left out), and how it relates."""

    step: Step
    a: str
    b: str
    at: tuple[int, int]
    """Index of the first word on each side."""


@lru_cache(maxsize=65_536)
def align(a: tuple[str, ...], b: tuple[str, ...]) -> tuple[Laid, ...]:
    """Give the cheapest way to lay the words of `a` beside those of `b`."""
    a, b = a[:_MOST_WORDS], b[:_MOST_WORDS]
    best: dict[tuple[int, int], tuple[float, tuple[Laid, ...]]] = {(0, 0): (0.0, ())}
    for i in range(len(a) + 1):
        for j in range(len(b) + 1):
            if (i, j) not in best:
                continue
            cost, path = best[i, j]
            for laid, ni, nj in _steps(a, b, i, j):
                total = cost + _COSTS[laid.step]
                if (ni, nj) not in best or total < best[ni, nj][0] - 1e-9:
                    best[ni, nj] = (total, (*path, laid))
    return best[len(a), len(b)][1]


def _steps(a: Sequence[str], b: Sequence[str], i: int, j: int) -> list[tuple[Laid, int, int]]:
    found: list[tuple[Laid, int, int]] = []
    if i < len(a) and j < len(b) and (relation := relate(a[i], b[j])):
        found.append((Laid(relation, a[i], b[j], (i, j)), i + 1, j + 1))
    for m, n in ((2, 1), (1, 2), (3, 1), (1, 3)):
        left, right = "".join(a[i : i + m]), "".join(b[j : j + n])
        if i + m <= len(a) and j + n <= len(b) and left == right:
            found.append((Laid("joined", left, right, (i, j)), i + m, j + n))
    if i < len(a):
        found.append((Laid("left out", a[i], "", (i, j)), i + 1, j))
    if j < len(b):
        found.append((Laid("left out", "", b[j], (i, j)), i, j + 1))
    return found
