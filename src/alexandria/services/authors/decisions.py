"""What people said of authors, as pairs of nodes that are one person, or are not."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise, product
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session, aliased

from alexandria.models import AuthorDecision, AuthorDecisionMention, AuthorMention
from alexandria.services.authors.evidence import Node
from alexandria.services.authors.lists import in_chunks
from alexandria.services.authors.nodes import Label

MERGE, SPLIT = "merge", "split"
Place = tuple[str, int]
"""Resource and position of a mention."""


@dataclass(slots=True)
class Said:
    """Decisions that count, by number: their kinds, and the places that they are about."""

    kinds: dict[int, str] = field(default_factory=dict)
    labels: dict[Place, Label] = field(default_factory=dict)


@dataclass(slots=True)
class Constraints:
    joined: list[tuple[str, str]] = field(default_factory=list)
    apart: set[frozenset[str]] = field(default_factory=set)


def said_of(session: Session, mentions: Iterable[AuthorMention]) -> Said:
    """Give what was said of mentions and is not undone.

    A mention is known again by its name; if the name was corrected, by its place.
    """
    by_resource: dict[str, list[AuthorMention]] = defaultdict(list)
    for one in mentions:
        by_resource[one.resource_id].append(one)
    found = Said()
    labels: dict[Place, set[tuple[int, int]]] = defaultdict(set)
    for chunk in in_chunks(by_resource):
        query = (
            select(AuthorDecisionMention, AuthorDecision.kind)
            .join(AuthorDecision, AuthorDecision.id == AuthorDecisionMention.decision_id)
            .where(AuthorDecision.undone_at.is_(None), AuthorDecisionMention.resource_id.in_(chunk))
        )
        for row, kind in session.execute(query):
            found.kinds[row.decision_id] = kind
            if place := _place(row, by_resource[row.resource_id]):
                labels[place].add((row.decision_id, row.side))
    found.labels = {place: tuple(sorted(one)) for place, one in labels.items()}
    return found


def names_said_with(session: Session, name_keys: Iterable[str]) -> set[str]:
    """Give the names of all mentions that a decision names together with one of these names."""
    same = same_mention(AuthorDecisionMention, AuthorMention)
    found: set[str] = set()
    for chunk in in_chunks(name_keys):
        decided = (
            select(AuthorDecisionMention.decision_id)
            .join(AuthorDecision, AuthorDecision.id == AuthorDecisionMention.decision_id)
            .join(AuthorMention, same)
            .where(AuthorDecision.undone_at.is_(None), AuthorMention.name_key.in_(chunk))
        )
        query = (
            select(AuthorMention.name_key)
            .join(AuthorDecisionMention, same)
            .where(AuthorDecisionMention.decision_id.in_(decided))
        )
        found |= set(session.scalars(query.distinct()))
    return found


def same_mention(said: Any, mention: Any) -> ColumnElement[bool]:
    """Match rows of what was said with mentions: by the name, or by the place if that is gone."""
    named = aliased(AuthorMention)
    gone = ~(
        select(named.resource_id)
        .where(named.resource_id == said.resource_id, named.printed == said.printed)
        .exists()
    )
    return and_(
        said.resource_id == mention.resource_id,
        or_(said.printed == mention.printed, and_(said.position == mention.position, gone)),
    )


def _place(row: AuthorDecisionMention, mentions: Sequence[AuthorMention]) -> Place | None:
    same = [one for one in mentions if one.printed == row.printed]
    there = [one for one in mentions if one.position == row.position]
    exact = [one for one in same if one.position == row.position]
    chosen = next(iter(exact or same or there), None)
    return (chosen.resource_id, chosen.position) if chosen else None


def constraints_of(said: Said, nodes: Sequence[Node]) -> Constraints:
    """Turn decisions into pairs of node keys; where two contradict each other the newer counts."""
    sides: Mapping[int, tuple[list[str], list[str]]] = {n: ([], []) for n in said.kinds}
    for node in nodes:
        for place in node.mentions[:1]:  # the mentions of a node share their label
            for number, side in said.labels.get(place, ()):
                sides[number][side].append(node.key)
    found = Constraints()
    group = {node.key: {node.key} for node in nodes}

    def join(pairs: Iterable[tuple[str, str]]) -> None:
        for a, b in pairs:
            if group[a] is group[b] or _is_apart(group[a], group[b], found.apart):
                continue
            found.joined.append((a, b))
            united = group[a] | group[b]
            for key in united:
                group[key] = united

    for number in sorted(sides, reverse=True):
        left, right = sides[number]
        if said.kinds[number] == MERGE:
            join(pairwise([*left, *right]))
            continue
        found.apart |= {
            frozenset((a, b)) for a, b in product(left, right) if group[a] is not group[b]
        }
        join(pairwise(left))
        join(pairwise(right))
    return found


def _is_apart(left: set[str], right: set[str], apart: set[frozenset[str]]) -> bool:
    return any(frozenset((a, b)) in apart for a, b in product(left, right))
