"""Why something is recommended, in words."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from alexandria.models import Interaction, Resource

_DID = {"save": "saved", "rate": "rated", "download": "downloaded", "view": "opened"}
"""The strongest first."""
_TITLE_CHARACTERS = 80


@dataclass(slots=True)
class Evidence:
    """What speaks for one candidate. `nearest`: the reader's resource that is nearest in meaning."""

    meaning: float = 0.0
    nearest: str | None = None
    cited_by: list[str] = field(default_factory=list)
    """Of the reader's resources, those that cite it."""
    cites: list[str] = field(default_factory=list)
    readers: float = 0.0

    def near(self, seed: str, cosine: float, weight: float) -> None:
        if cosine * weight > self.meaning:
            self.meaning, self.nearest = cosine * weight, seed


class Reasons:
    def __init__(self, session: Session, user_id: str, seeds: Mapping[str, float]) -> None:
        self._session = session
        self._user_id = user_id
        self._seeds = list(seeds)

    def of(self, chosen: Sequence[str], evidence: Mapping[str, Evidence]) -> dict[str, str]:
        """Give one sentence for each: citations, then readers, then meaning, where there are."""
        shared = self._shared([one for one in chosen if evidence[one].readers > 0])
        titles = self._titles()
        did = self._did()
        return {one: self._sentence(evidence[one], shared.get(one), titles, did) for one in chosen}

    def _sentence(
        self,
        found: Evidence,
        shared: str | None,
        titles: Mapping[str, str],
        did: Mapping[str, str],
    ) -> str:
        if found.cited_by:
            return f"Cited by {_of_yours(found.cited_by, titles)}."
        if found.cites:
            return f"It cites {_of_yours(found.cites, titles)}."
        if shared is not None and shared in titles:
            return f"Readers of {titles[shared]} also read it."
        if found.nearest is not None and found.nearest in titles:
            return f"Because you {did.get(found.nearest, 'opened')} {titles[found.nearest]}."
        return "It is like much of what you read, in its tags and citations."

    def _titles(self) -> dict[str, str]:
        query = select(Resource.id, Resource.title).where(Resource.id.in_(self._seeds))
        return {one: f"“{_short(title)}”" for one, title in self._session.execute(query)}

    def _did(self) -> dict[str, str]:
        done = defaultdict(set)
        query = select(Interaction.resource_id, Interaction.interaction_type).where(
            Interaction.user_id == self._user_id, Interaction.resource_id.in_(self._seeds)
        )
        for one, kind in self._session.execute(query):
            done[one].add(kind)
        return {
            one: next(word for kind, word in _DID.items() if kind in kinds)
            for one, kinds in done.items()
        }

    def _shared(self, candidates: Sequence[str]) -> dict[str, str]:
        """Give for each candidate the reader's resource that most others read besides it."""
        mine, theirs = aliased(Interaction), aliased(Interaction)
        rows = self._session.execute(
            select(theirs.resource_id, mine.resource_id, func.count(mine.user_id.distinct()))
            .join(mine, mine.user_id == theirs.user_id)
            .where(
                theirs.resource_id.in_(candidates),
                mine.resource_id.in_(self._seeds),
                mine.user_id != self._user_id,
            )
            .group_by(theirs.resource_id, mine.resource_id)
        )
        counts: dict[str, Counter[str]] = defaultdict(Counter)
        for candidate, own, count in rows:
            counts[candidate][own] = count
        return {one: min(of, key=lambda own: (-of[own], own)) for one, of in counts.items()}


def _of_yours(ids: Sequence[str], titles: Mapping[str, str]) -> str:
    return titles[ids[0]] if len(ids) == 1 else f"{len(ids)} that you read"


def _short(title: str) -> str:
    return title if len(title) <= _TITLE_CHARACTERS else f"{title[:_TITLE_CHARACTERS].rstrip()}…"
