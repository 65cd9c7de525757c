"""Mentions of one printed name put into nodes: one, or more where they may be namesakes."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from alexandria.services.authors.evidence import LONGEST_CAREER, Node, is_common, person_key
from alexandria.services.authors.folding import fold
from alexandria.services.authors.names import Name, read_name

_NUMBERS = re.compile(r"\b(?:\d+(?:st|nd|rd|th)?|[ivxlc]+)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Mention:
    """That a work names somebody as its author. `authors`: all that it names."""

    work: str
    printed: str
    position: int = 0
    """Of the name among the authors of the work."""
    authors: Sequence[str] = ()
    venue: str | None = None
    year: int | None = None


Label = tuple[tuple[int, int], ...]
"""What people decided on a mention: numbers of decisions, and on which side of each it stands."""


def nodes_of(
    mentions: Iterable[Mention],
    others: Iterable[str] = (),
    labels: Mapping[tuple[str, int], Label] | None = None,
) -> list[Node]:
    """Put mentions into nodes; `others`: names that no work bears. Sorted by key.

    Mentions of one name are one node, unless a work names two such people, two works lie more than
    LONGEST_CAREER years apart, people decided otherwise on them (`labels`), or the name is a common
    one and the works share neither co-authors nor venue.
    """
    groups: dict[tuple[str, Label, int], list[Mention]] = defaultdict(list)
    seen: Counter[tuple[str, str]] = Counter()
    for one in sorted(mentions, key=lambda each: (each.work, each.position)):
        name = name_key(read_name(one.printed))
        label = (labels or {}).get((one.work, one.position), ())
        groups[name, label, seen[one.work, name]].append(one)
        seen[one.work, name] += 1
    named = {name for name, _, _ in groups}
    for printed in others:
        if (name := name_key(read_name(printed))) not in named:
            groups[name, (), 0].append(Mention("", printed))
        else:
            extra = groups.get((name, (), 0))
            if extra and all(printed != one.printed for one in extra):
                extra.append(Mention("", printed))
    found: list[Node] = []
    for (name, label, number), group in sorted(groups.items()):
        parts = _parts(group)
        for part, members in enumerate(parts):
            key = "|".join((name, *(f"{d}.{side}" for d, side in label), str(number), str(part)))
            found.append(_node(key, members))
    return found


def name_key(name: Name) -> str:
    """Give a key that ways of printing the same words in the same order share."""
    words = (*name.given, ",", *name.particles, *name.family, name.suffix)
    return " ".join(word for word in words if word)


def _node(key: str, mentions: Sequence[Mention]) -> Node:
    name = read_name(mentions[0].printed)
    own = person_key(mentions[0].printed)
    years = [one.year for one in mentions if one.year]
    return Node(
        key,
        name,
        works=frozenset(one.work for one in mentions if one.work),
        coauthors=frozenset(key for one in mentions for key in _coauthors(one) if key != own),
        venues=frozenset(v for one in mentions if (v := _venue(one.venue))),
        years=(min(years), max(years)) if years else None,
        mentions=tuple((one.work, one.position) for one in mentions if one.work),
        printed=frozenset(one.printed for one in mentions),
    )


def _coauthors(mention: Mention) -> set[str]:
    return {
        key
        for number, name in enumerate(mention.authors)
        if number != mention.position and (key := person_key(name))
    }


def _venue(venue: str | None) -> str:
    """Give a venue without years and numbers, so that those of a series are alike."""
    words = _NUMBERS.sub(" ", venue or "").split()
    return " ".join(folded for word in words if (folded := fold(word)))


def _parts(mentions: Sequence[Mention]) -> list[list[Mention]]:
    name = read_name(mentions[0].printed)
    evidence = [_traits(one, is_common(name)) for one in mentions]
    roots = list(range(len(mentions)))

    def root(number: int) -> int:
        while roots[number] != number:
            number = roots[number]
        return number

    first: dict[str, int] = {}
    for number, traits in enumerate(evidence):
        for trait in traits:
            roots[root(number)] = root(first.setdefault(trait, number))
    if not is_common(name):
        _join_careers(mentions, roots, root)
    parts: dict[int, list[Mention]] = defaultdict(list)
    for number, one in enumerate(mentions):
        parts[root(number)].append(one)
    ordered = sorted(parts.values(), key=lambda part: (-len(part), part[0].work))
    bare = [part for part in ordered if len(part) == 1 and not _traits(part[0], True)]
    if is_common(name) and bare and len(ordered) > 1:
        told = [part for part in ordered if part not in bare] or [bare.pop(0)]
        for part in bare:
            told[0].extend(part)
        ordered = told
    return ordered


def _join_careers(
    mentions: Sequence[Mention], roots: list[int], root: Callable[[int], int]
) -> None:
    """Join neighbours in time, and all whose year is unknown."""
    dated = sorted((one.year or 0, number) for number, one in enumerate(mentions))
    for (year, one), (later, other) in pairwise(dated):
        if not year or later - year <= LONGEST_CAREER:
            roots[root(other)] = root(one)


def _traits(mention: Mention, with_venue: bool) -> set[str]:
    traits = {f"person {one}" for one in _coauthors(mention)}
    if with_venue and (venue := _venue(mention.venue)):
        traits.add(f"venue {venue}")
    return traits
