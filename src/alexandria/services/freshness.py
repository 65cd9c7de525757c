"""Answers from the ledger: how fresh one resource is, each derivation, and the keyword index."""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from alexandria.db import now
from alexandria.models import LedgerRow, OutboxEvent
from alexandria.services.ledger import RESOURCE


@dataclass(frozen=True, slots=True)
class Backlog:
    """How one derivation stands over the whole library."""

    fresh: int = 0
    pending: int = 0
    stale: int = 0
    failed: int = 0
    oldest_seconds: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


class FreshnessService:
    """`grace`: how long work may be overdue before it counts as stale."""

    def __init__(self, session: Session, derivations: Collection[str], grace: timedelta) -> None:
        self._session = session
        self._derivations = derivations
        self._grace = grace

    def of(self, resource_ids: Collection[str]) -> dict[str, dict[str, LedgerRow]]:
        """Give the rows of resources, by id and derivation."""
        found: dict[str, dict[str, LedgerRow]] = {one: {} for one in resource_ids}
        for row in self._session.scalars(
            select(LedgerRow).where(
                LedgerRow.subject_type == RESOURCE, LedgerRow.subject_id.in_(list(resource_ids))
            )
        ):
            found[row.subject_id][row.derivation] = row
        return found

    def state(self, row: LedgerRow) -> str:
        """Give `fresh`, `pending`, `stale` (overdue) or `failed`."""
        if row.due_at is None:
            return "fresh"
        if row.error is not None:
            return "failed"
        return "stale" if row.due_at + self._grace < now() else "pending"

    def backlog(self) -> dict[str, Backlog]:
        """Count the states of each derivation."""
        moment = now()
        state = case(
            (LedgerRow.due_at.is_(None), "fresh"),
            (LedgerRow.error.is_not(None), "failed"),
            (LedgerRow.due_at < moment - self._grace, "stale"),
            else_="pending",
        )
        found: dict[str, dict[str, Any]] = {name: {} for name in self._derivations}
        for name, status, count, oldest in self._session.execute(
            select(LedgerRow.derivation, state, func.count(), func.min(LedgerRow.stale_since))
            .where(LedgerRow.subject_type == RESOURCE)
            .group_by(LedgerRow.derivation, state)
            .execution_options(populate_existing=True)
        ):
            figures = found.setdefault(name, {})
            figures[status] = count
            if oldest is not None:
                age = max(0.0, (moment - oldest).total_seconds())
                figures["oldest_seconds"] = max(figures.get("oldest_seconds", 0.0), age)
        return {name: Backlog(**figures) for name, figures in found.items()}

    def unfinished(self, resource_ids: Collection[str] | None = None) -> int:
        """Count rows of resources that are neither fresh nor failed, of some or of all."""
        query = select(func.count()).where(
            LedgerRow.subject_type == RESOURCE,
            LedgerRow.due_at.is_not(None),
            LedgerRow.error.is_(None),
        )
        if resource_ids is not None:
            rows = self._session.scalars(query.with_only_columns(LedgerRow.subject_id))
            return sum(one in resource_ids for one in rows)
        return self._session.scalar(query) or 0

    def index_state(self) -> dict[str, int]:
        """Tell through which event the keyword index is complete, and how many changes wait."""
        newest = self._session.scalar(select(func.max(OutboxEvent.id))) or 0
        first, pending = self._session.execute(
            select(func.min(LedgerRow.stale_event), func.count()).where(
                LedgerRow.derivation == "search",
                LedgerRow.due_at.is_not(None),
                LedgerRow.stale_event.is_not(None),  # else only a new index waits for it
            )
        ).one()
        return {
            "complete_through": newest if first is None else max(0, first - 1),
            "pending": pending,
        }
