"""Nodes brought together to people: the surest links first, and none against what contradicts it."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from alexandria.services.authors.comparison import compare
from alexandria.services.authors.evidence import Frequencies, Link, Node, judge
from alexandria.services.authors.names import Name

LARGEST_BLOCK = 400
"""Names that share a key with more others are not compared by that key."""


def keys_of(name: Name) -> set[str]:
    """Give the blocking keys: only names that share one are compared.

    Each word of two letters or more, with the first letter of each other word.
    """
    words = (*name.words, *name.spelled)
    keys = {f"{a} {b[0]}" for a in words for b in words if len(a) > 1 and a != b}
    keys.add("=" + "".join(sorted(name.squashed)))
    return keys


@dataclass(slots=True)
class Clusters:
    """Sets of node keys that are one person each, and the links by which they became one."""

    of: dict[str, int]
    members: dict[int, list[str]]
    links: list[Link] = field(default_factory=list)


def candidates(nodes: Sequence[Node]) -> set[tuple[int, int]]:
    """Give the pairs of indexes that share a key."""
    blocks: dict[str, list[int]] = defaultdict(list)
    for index, node in enumerate(nodes):
        for key in keys_of(node.name):
            blocks[key].append(index)
    found: set[tuple[int, int]] = set()
    for block in blocks.values():
        if 1 < len(block) <= LARGEST_BLOCK:
            found.update(combinations(block, 2))
    return found


def cluster(
    nodes: Sequence[Node],
    frequencies: Frequencies,
    *,
    joined: Iterable[tuple[str, str]] = (),
    apart: Collection[frozenset[str]] = (),
) -> Clusters:
    """Bring nodes together. `joined` and `apart`: pairs of keys that people decided on."""
    by_key = {node.key: node for node in nodes}
    links = [
        link
        for i, j in candidates(nodes)
        if (link := judge(nodes[i], nodes[j], frequencies)) is not None
    ]
    links.sort(key=lambda link: (-link.score, link.a, link.b))
    found = Clusters(
        {node.key: number for number, node in enumerate(nodes)},
        {number: [node.key] for number, node in enumerate(nodes)},
    )
    for one, other in joined:
        _unite(found, one, other)
    reach: dict[str, set[str]] = defaultdict(set)
    for link in links:
        reach[link.a].add(link.b)
        reach[link.b].add(link.a)
    for link in links:
        a, b = found.of[link.a], found.of[link.b]
        if a == b or _is_kept_apart(found, a, b, by_key, apart):
            continue
        if not link.is_certain and (
            _contradicts(found, a, b, by_key) or _is_ambiguous(link, found, reach, by_key)
        ):
            continue
        _unite(found, link.a, link.b)
        found.links.append(link)
    return found


def _unite(found: Clusters, one: str, other: str) -> None:
    a, b = sorted((found.of[one], found.of[other]))
    if a == b:
        return
    for key in found.members[b]:
        found.of[key] = a
    found.members[a] += found.members.pop(b)


def _is_kept_apart(
    found: Clusters, a: int, b: int, by_key: Mapping[str, Node], apart: Collection[frozenset[str]]
) -> bool:
    """Whether a person said so, or both wrote the same work."""
    return any(
        frozenset((one, other)) in apart or by_key[one].works & by_key[other].works
        for one in found.members[a]
        for other in found.members[b]
    )


def _contradicts(found: Clusters, a: int, b: int, by_key: Mapping[str, Node]) -> bool:
    """Whether some name of one cluster cannot be a person of the other."""
    return any(
        compare(by_key[one].name, by_key[other].name) is None
        for one in found.members[a]
        for other in found.members[b]
    )


def _is_ambiguous(
    link: Link, found: Clusters, reach: Mapping[str, set[str]], by_key: Mapping[str, Node]
) -> bool:
    """Whether one side might as well be somebody else, whom the other side cannot be."""
    for one, other in ((link.a, link.b), (link.b, link.a)):
        for third in reach[one]:
            if found.of[third] in (found.of[one], found.of[other]):
                continue
            if compare(by_key[third].name, by_key[other].name) is None:
                return True
    return False
