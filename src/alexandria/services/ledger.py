"""The freshness ledger: what each derived thing was computed from, and what is still to be done.

A row is fresh exactly when `due_at` is null. A change of an input makes it due after the
derivation's delay; whoever computes it claims it, computes, and notes the revisions read. An edit
that came meanwhile leaves the row due.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, insert, or_, select
from sqlalchemy.orm import Session

from alexandria.db import is_over, now
from alexandria.models import LedgerRow, Resource
from alexandria.services.derivations import DERIVATIONS, Derivation

RESOURCE = "resource"
LONGEST_LEASE = timedelta(minutes=2)
_LONGEST_DELAY = timedelta(minutes=1)
_CONTENT = frozenset({"content"})
Revisions = tuple[int, int]
"""Content revision, metadata revision."""


class Ledger:
    """`names`: the derivations that run; `producer_of`: what computes one from now on."""

    def __init__(
        self,
        session: Session,
        names: Collection[str],
        producer_of: Callable[[str], str],
        *,
        time_scale: float = 1.0,
        grace: float = 30.0,
    ) -> None:
        self._session = session
        self._names = names
        self.producer_of = producer_of
        self._time_scale = time_scale
        self.grace = timedelta(seconds=grace * time_scale)

    @property
    def active(self) -> list[Derivation]:
        return [d for d in DERIVATIONS.values() if d.name in self._names]

    def open(self, resource: Resource, event_id: int) -> None:
        """Start the rows of a new resource: all of it is to be computed."""
        moment = now()
        rows = [self._new_row(d, resource, event_id, moment) for d in self.active]
        if rows:
            self._session.execute(insert(LedgerRow), rows)

    def mark(self, resource: Resource, fields: Collection[str], event_id: int) -> None:
        """Make due what is computed from one of the changed fields."""
        for derivation in self.active:
            if changed := derivation.inputs.intersection(fields):
                self._make_due(derivation, resource, changed, event_id)

    def mark_all(self, resource: Resource, event_id: int) -> None:
        """Make every derivation due: the resource was deleted or restored."""
        for derivation in self.active:
            self._make_due(derivation, resource, {"content", "title"}, event_id)

    def make_due(self, derivation: str, resource: Resource) -> None:
        """Have one derivation computed again although no input changed."""
        moment = now()
        row = self._session.get(LedgerRow, (RESOURCE, resource.id, derivation))
        if row is None:
            rows = [self._new_row(DERIVATIONS[derivation], resource, 0, moment)]
            self._session.execute(insert(LedgerRow), rows)
            return
        row.due_at = row.due_at or moment
        row.stale_since = row.stale_since or moment
        row.error = None

    def is_due(self, derivation: str, resource_id: str) -> bool:
        """Tell whether there is something to compute, without taking the lock of a writer."""
        row = self._session.get(LedgerRow, (RESOURCE, resource_id, derivation))
        return row is not None and row.due_at is not None

    def claim(
        self, derivation: str, first: str, limit: int, lease: timedelta, by: str | None = None
    ) -> dict[str, Revisions]:
        """Claim `first`, and others that are due, up to `limit` together.

        Gives the revisions that are wanted, and leaves out what is fresh, failed, or claimed by
        another than `by` (a task's id) whose lease, of at most LONGEST_LEASE, runs.
        """
        moment = now()
        candidates = self._claimable(derivation, moment, by).with_for_update(skip_locked=True)
        chosen = [
            *self._session.scalars(candidates.where(LedgerRow.subject_id == first)),
            *self._session.scalars(
                candidates.where(LedgerRow.subject_id != first, LedgerRow.due_at <= moment)
                .order_by(LedgerRow.due_at)
                .limit(limit - 1)
            ),
        ]
        if not chosen:
            return {}
        for row in chosen:
            row.claimed_until, row.claimed_by = moment + lease, by
        self._session.flush()
        return {row.subject_id: (row.wanted_content, row.wanted_metadata) for row in chosen}

    def computed(
        self, derivation: str, done: Mapping[str, Revisions], by: str | None = None
    ) -> list[str]:
        """Note what was computed from which revisions; give the ids that are due again.

        An older computation never replaces a newer one, and one `by` another producer than the
        one that is wanted now leaves its row due.
        """
        rows = self._rows(derivation, done)
        wanted = self.producer_of(derivation)  # after the rows are locked: it may have changed
        producer = by or wanted
        for row in rows:
            content, metadata = done[row.subject_id]
            row.content_revision = max(row.content_revision, content)
            row.metadata_revision = max(row.metadata_revision, metadata)
            row.producer, row.computed_at = producer, now()
            row.claimed_until = row.error = None
            if content >= row.wanted_content and metadata >= row.wanted_metadata:
                row.stale_event = None
                if producer == wanted:
                    row.due_at = row.stale_since = None
        self._session.flush()
        return [row.subject_id for row in rows if row.due_at is not None]

    def failed(self, derivation: str, resource_ids: Collection[str], error: str) -> None:
        for row in self._rows(derivation, resource_ids):
            row.error, row.claimed_until = error, None
        self._session.flush()

    def unclaim(self, derivation: str, resource_ids: Collection[str]) -> None:
        for row in self._rows(derivation, resource_ids):
            row.claimed_until = None
        self._session.flush()

    def close(self, derivation: str, resource_ids: Collection[str]) -> None:
        """Forget rows whose resource is deleted and whose derived data are taken away."""
        self._session.execute(
            delete(LedgerRow).where(
                LedgerRow.subject_type == RESOURCE,
                LedgerRow.derivation == derivation,
                LedgerRow.subject_id.in_(list(resource_ids)),
            )
        )

    def overdue(self, derivation: str, limit: int, grace: timedelta | None = None) -> list[str]:
        """Give ids that should have been computed a grace ago, and that nobody is at."""
        moment = now()
        allowed = self.grace if grace is None else grace
        return [
            row.subject_id
            for row in self._session.scalars(
                self._claimable(derivation, moment)
                .where(is_over(LedgerRow.due_at, moment - allowed, allowed + _LONGEST_DELAY))
                .order_by(LedgerRow.due_at)
                .limit(limit)
            )
        ]

    def _new_row(
        self, derivation: Derivation, resource: Resource, event_id: int, moment: datetime
    ) -> dict[str, Any]:
        return {
            "subject_type": RESOURCE,
            "subject_id": resource.id,
            "derivation": derivation.name,
            "content_revision": 0,
            "metadata_revision": 0,
            "wanted_content": resource.content_revision,
            "wanted_metadata": resource.metadata_revision,
            "due_at": moment + self._delay(derivation),
            "stale_since": moment,
            "stale_event": event_id,
        }

    def _delay(self, derivation: Derivation) -> timedelta:
        return timedelta(seconds=derivation.delay * self._time_scale)

    def _make_due(
        self, derivation: Derivation, resource: Resource, changed: Iterable[str], event_id: int
    ) -> None:
        moment = now()
        wanted: dict[str, Any] = {"error": None}
        if _CONTENT.intersection(changed):
            wanted["wanted_content"] = resource.content_revision
        if not _CONTENT.issuperset(changed):
            wanted["wanted_metadata"] = resource.metadata_revision
        row = self._session.get(LedgerRow, (RESOURCE, resource.id, derivation.name))
        if row is None:
            self._session.execute(
                insert(LedgerRow), [self._new_row(derivation, resource, event_id, moment)]
            )
            return
        if row.due_at is None:
            wanted["stale_since"] = moment
        if row.stale_event is None:
            wanted["stale_event"] = event_id
        if row.due_at is None or row.error is not None:
            wanted["due_at"] = moment + self._delay(derivation)
        for name, value in wanted.items():
            setattr(row, name, value)

    def _claimable(self, derivation: str, moment: datetime, by: str | None = None) -> Any:
        own = [] if by is None else [LedgerRow.claimed_by == by]
        return select(LedgerRow).where(
            LedgerRow.subject_type == RESOURCE,
            LedgerRow.derivation == derivation,
            LedgerRow.due_at.is_not(None),
            LedgerRow.error.is_(None),
            or_(
                LedgerRow.claimed_until.is_(None),
                is_over(LedgerRow.claimed_until, moment, LONGEST_LEASE),
                *own,
            ),
        )

    def _rows(self, derivation: str, resource_ids: Iterable[str]) -> Sequence[LedgerRow]:
        return self._session.scalars(
            select(LedgerRow)
            .where(
                LedgerRow.subject_type == RESOURCE,
                LedgerRow.derivation == derivation,
                LedgerRow.subject_id.in_(list(resource_ids)),
            )
            .with_for_update()
            .execution_options(populate_existing=True)
        ).all()
