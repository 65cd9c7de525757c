"""What besides the names speaks for one person: co-authors, venues, years, and rare names."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from alexandria.services.authors.comparison import CERTAIN, Kind, Likeness, compare
from alexandria.services.authors.east_asian import is_east_asian_name, is_syllable
from alexandria.services.authors.names import Name, read_name

LONGEST_CAREER = 60
"""Years between two works beyond which they are of two people, unless they share co-authors."""
_ENOUGH: Mapping[Kind, float] = {
    "same letters": 10.0,
    "word order": 9.0,
    "spelling": 8.0,
    "middle name": 7.0,
    "short form": 6.0,
    "beginning": 5.5,
    "family name in part": 5.0,
    "given name left out": 4.5,
    "given initial left out": 4.5,
    "misprint": 4.0,
    "initials": 3.0,
    "suffix left out": 1.0,
    "middle syllable": 1.0,
}
"""How strong a link is by the names alone; what comes first is decided first."""
_RARE: Mapping[Kind, int] = {
    "beginning": 8,
    "given name left out": 8,
    "given initial left out": 12,
    "misprint": 8,
    "initials": 6,
}
"""At most so many names may share the family name, or co-authors have to be shared."""
_ONLY_WITH_COAUTHORS: frozenset[Kind] = frozenset({"suffix left out", "middle syllable"})
_COAUTHOR = 5.0
_VENUE = 0.5


@dataclass(frozen=True, slots=True)
class Node:
    """One printed name, or a part of its works that is judged by itself.

    `key` is unique among the nodes; `works` are the ids of resources.
    """

    key: str
    name: Name
    works: frozenset[str] = frozenset()
    coauthors: frozenset[str] = frozenset()
    venues: frozenset[str] = frozenset()
    years: tuple[int, int] | None = None
    mentions: tuple[tuple[str, int], ...] = ()
    """Resource and position of each."""
    printed: frozenset[str] = frozenset()
    """The forms in which the name is printed."""


@dataclass(frozen=True, slots=True)
class Link:
    """Why two nodes are one person. `score`: 0 to 20, the highest is the surest."""

    a: str
    b: str
    kind: Kind
    score: float
    coauthors: tuple[str, ...] = ()
    venues: tuple[str, ...] = ()
    years_apart: int | None = None

    @property
    def is_certain(self) -> bool:
        """Whether the names alone, or co-authors, leave no choice among several people."""
        return self.kind in CERTAIN or bool(self.coauthors)


@dataclass(slots=True)
class Frequencies:
    """How many names of the library hold a word."""

    counts: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, names: Iterable[Name]) -> "Frequencies":
        found: dict[str, int] = {}
        for words in {name.words for name in names}:
            for word in set(words):
                found[word] = found.get(word, 0) + 1
        return cls(found)

    def __getitem__(self, word: str) -> int:
        return self.counts.get(word, 0)


def judge(a: Node, b: Node, frequencies: Frequencies) -> Link | None:
    """Give the link between two nodes, if the evidence is enough."""
    likeness = compare(a.name, b.name)
    if likeness is None or a.works & b.works:
        return None  # two authors of one work are two people
    shared = _shared_people(a.coauthors, b.coauthors)
    apart = years_between(a.years, b.years)
    if not shared and (apart or 0) > LONGEST_CAREER:
        return None
    if not shared and not _is_enough(likeness, frequencies):
        return None
    venues = tuple(sorted(a.venues & b.venues))
    if not shared and not venues and is_common(a.name) and is_common(b.name) and _is_told(a, b):
        return None
    score = _ENOUGH[likeness.kind] + (_COAUTHOR if shared else 0) + (_VENUE if venues else 0)
    return Link(a.key, b.key, likeness.kind, score, shared, venues, apart)


def _is_enough(likeness: Likeness, frequencies: Frequencies) -> bool:
    if likeness.kind in _ONLY_WITH_COAUTHORS:
        return False
    if likeness.misprint and min(frequencies[word] for word in likeness.misprint) > 1:
        return False  # both are names that others bear as well
    return frequencies[likeness.family] <= _RARE.get(likeness.kind, 1_000_000)


def is_common(name: Name) -> bool:
    """Whether many bear it: one or two initials, or two single syllables ("Wei Wang")."""
    if name.suffix or not name.given or len(name.given) > 2:
        return False
    if all(len(word) == 1 for word in name.given):
        return True
    return (
        len(name.words) == 2
        and is_east_asian_name(name.words)
        and all(is_syllable(word) for word in name.words)
    )


def _is_told(a: Node, b: Node) -> bool:
    """Whether both have co-authors or venues that could have been shared."""
    return bool((a.coauthors or a.venues) and (b.coauthors or b.venues))


def _shared_people(a: Collection[str], b: Collection[str]) -> tuple[str, ...]:
    return tuple(sorted(set(a) & set(b)))


def years_between(a: tuple[int, int] | None, b: tuple[int, int] | None) -> int | None:
    """Give the years between two spans; 0 if they overlap, None if one is unknown."""
    if a is None or b is None:
        return None
    return max(0, a[0] - b[1], b[0] - a[1])


def person_key(printed: str) -> str:
    """Give a key of a co-author that ways of writing one name mostly share: "a last"."""
    name = read_name(printed)
    if not name.words:
        return ""
    return f"{name.given[0][:1] if name.given else ''} {''.join(name.family)}"
