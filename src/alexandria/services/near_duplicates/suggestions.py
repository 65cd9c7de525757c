"""What is suggested to a person: pairs of live resources that nobody has called different."""

import base64
import binascii
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import and_, delete, func, or_, select
from sqlalchemy.orm import Session, aliased, selectinload

from alexandria.db import now
from alexandria.errors import InvalidInputError, NotFoundError
from alexandria.models import DuplicateDismissal, DuplicatePair, Resource
from alexandria.services.near_duplicates.explanation import Reason, explain
from alexandria.services.near_duplicates.pairs import pair_of

LARGEST_PAGE = 200
_First, _Second = aliased(Resource), aliased(Resource)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """`dismissed_at`: when somebody said that the two are not the same."""

    id: str
    score: float
    first: Resource
    second: Resource
    reasons: list[Reason]
    dismissed_at: datetime | None


@dataclass(frozen=True, slots=True)
class SuggestionPage:
    total: int
    items: list[Suggestion]
    next_cursor: str | None


class SuggestionService:
    def __init__(self, session: Session) -> None:
        self._session = session

    def page(
        self, limit: int = 50, cursor: str | None = None, *, dismissed: bool = False
    ) -> SuggestionPage:
        """Give one page, the likeliest first; `dismissed`: those that were dismissed instead."""
        query = _chosen(DuplicateDismissal.id.is_not(None) if dismissed else _not_dismissed())
        total = self._session.scalar(select(func.count()).select_from(query.subquery())) or 0
        if cursor:
            score, last = _decode(cursor)
            query = query.where(
                or_(
                    DuplicatePair.score < score,
                    and_(DuplicatePair.score == score, DuplicatePair.id > last),
                )
            )
        limit = max(1, min(limit, LARGEST_PAGE))
        found = self._read(_ordered(query).limit(limit + 1))
        items = found[:limit]
        return SuggestionPage(total, items, _encode(items[-1]) if len(found) > limit else None)

    def of(self, resource_id: str) -> Sequence[Suggestion]:
        """Give those of one resource, the likeliest first."""
        own = or_(DuplicatePair.first_id == resource_id, DuplicatePair.second_id == resource_id)
        return self._read(_ordered(_chosen(_not_dismissed()).where(own)))

    def get(self, suggestion_id: str) -> Suggestion:
        """Give one, dismissed or not. Raises NotFoundError for what is not suggested any more."""
        found = self._read(_chosen(DuplicatePair.id == suggestion_id))
        if not found:
            raise NotFoundError(
                f"There is no suggestion {suggestion_id}.",
                "The two were merged, deleted or changed meanwhile; list the suggestions again.",
            )
        return found[0]

    def dismiss(self, suggestion_id: str) -> Suggestion:
        """Never suggest the two again; dismissed once more, they stay so."""
        suggestion = self.get(suggestion_id)
        if suggestion.dismissed_at is None:
            self._keep(suggestion.first.id, suggestion.second.id)
        return self.get(suggestion_id)

    def undo_dismissal(self, suggestion_id: str) -> Suggestion:
        """Suggest the two again, as long as they are alike."""
        suggestion = self.get(suggestion_id)
        self.forget_dismissals([suggestion_id])
        return self.get(suggestion.id)

    def carry_dismissals(self, source: str, target: str) -> list[str]:
        """Let what was said of `source` hold for `target`, which it is merged into; give new ids."""
        said = self._session.execute(
            select(DuplicateDismissal.first_id, DuplicateDismissal.second_id).where(
                or_(DuplicateDismissal.first_id == source, DuplicateDismissal.second_id == source)
            )
        )
        others = {one for pair in said for one in pair} - {source, target}
        missing = [
            other
            for other in sorted(others)
            if self._session.get(DuplicateDismissal, pair_of(target, other).id) is None
        ]
        return [self._keep(target, other) for other in missing]

    def forget_dismissals(self, ids: Collection[str]) -> None:
        gone = DuplicateDismissal.id.in_(list(ids))
        self._session.execute(delete(DuplicateDismissal).where(gone))

    def _keep(self, one: str, other: str) -> str:
        pair = pair_of(one, other)
        row = DuplicateDismissal(
            id=pair.id, first_id=pair.first, second_id=pair.second, created_at=now()
        )
        self._session.add(row)
        self._session.flush()
        return pair.id

    def _read(self, query: Any) -> list[Suggestion]:
        return [
            Suggestion(pair.id, pair.score, first, second, explain(pair.evidence), dismissed_at)
            for pair, first, second, dismissed_at in self._session.execute(_with_lists(query))
        ]


def _chosen(condition: Any) -> Any:
    return (
        select(DuplicatePair, _First, _Second, DuplicateDismissal.created_at)
        .join(_First, _First.id == DuplicatePair.first_id)
        .join(_Second, _Second.id == DuplicatePair.second_id)
        .outerjoin(DuplicateDismissal, DuplicateDismissal.id == DuplicatePair.id)
        .where(_First.deleted_at.is_(None), _Second.deleted_at.is_(None), condition)
    )


def _with_lists(query: Any) -> Any:
    """Read what a summary shows with one statement for each list, not for each resource."""
    return query.options(
        *(
            selectinload(getattr(side, rows))
            for side in (_First, _Second)
            for rows in ("author_rows", "identifier_rows", "tag_rows", "subject_rows")
        )
    )


def _not_dismissed() -> Any:
    return DuplicateDismissal.id.is_(None)


def _ordered(query: Any) -> Any:
    return query.order_by(DuplicatePair.score.desc(), DuplicatePair.id)


def _encode(last: Suggestion) -> str:
    return base64.urlsafe_b64encode(orjson.dumps([last.score, last.id])).decode().rstrip("=")


def _decode(cursor: str) -> tuple[float, str]:
    try:
        match orjson.loads(base64.urlsafe_b64decode(cursor + "=" * 3)):
            case [int() | float() as score, str(last)]:
                return float(score), last
    except (binascii.Error, ValueError):
        pass  # refused below, with all else that is no cursor
    raise InvalidInputError("This cursor is none of ours.", "Start again without a cursor.")
