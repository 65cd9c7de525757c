"""The freshness ledger: what each derived thing was computed from, and what is still to be done.

A row is fresh exactly when `due_at` is null. A change of an input makes it due after the
derivation's delay; whoever computes it claims it, computes, and notes the revisions read. An edit
that came meanwhile leaves the row due.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, insert, or_, select, update
from sqlalchemy.orm import Session

from alexandria.db import is_over, now
from alexandria.models import LedgerRow, Resource
from alexandria.services.derivations import DERIVATIONS, Derivation
from alexandria.services.ledger_rows import (
    RESOURCE,
    WITHOUT_REVISION,
    Claim,
    new_row,
    want,
    wanted,
)
from alexandria.services.profile_ledger import mark_readers

__all__ = ["RESOURCE", "Claim", "Ledger", "Revisions"]

LONGEST_LEASE = timedelta(minutes=2)
_LONGEST_DELAY = timedelta(minutes=1)
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
        rows = [self._new_row(d, resource, event_id) for d in self.active]
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
        self.mark_readers(resource.id, event_id)

    def mark_readers(self, resource_id: str, event_id: int) -> None:
        """Make the profiles due of all who did something with the resource."""
        mark_readers(self._session, resource_id, event_id, self._time_scale)

    def make_due(self, derivation: str, resource: Resource) -> None:
        """Have one derivation computed again although no input changed."""
        moment = now()
        row = self._locked(derivation, resource.id)
        if row is None:
            rows = [new_row(derivation, resource, 0, moment, moment)]
            self._session.execute(insert(LedgerRow), rows)
            return
        row.marks += 1
        row.due_at = row.due_at or moment
        row.stale_since = row.stale_since or moment
        row.error = None
        # Damage may have had it want what does not exist, and it would be computed without end.
        row.wanted_content = min(row.wanted_content, resource.content_revision)
        row.wanted_metadata = min(row.wanted_metadata, resource.metadata_revision)

    def make_all_due(self, derivation: str) -> None:
        """Have one derivation of every resource computed again: what it is computed with changed."""
        moment = now()
        live = select(Resource.id).where(Resource.deleted_at.is_(None))
        self._session.execute(
            update(LedgerRow)
            .where(LedgerRow.derivation == derivation, LedgerRow.subject_id.in_(live))
            .values(
                marks=LedgerRow.marks + 1,
                due_at=func.coalesce(LedgerRow.due_at, moment),
                stale_since=func.coalesce(LedgerRow.stale_since, moment),
                error=None,
            )
        )

    def is_due(self, derivation: str, resource_id: str) -> bool:
        """Tell whether there is something to compute, without taking the lock of a writer."""
        row = self._session.get(LedgerRow, (RESOURCE, resource_id, derivation))
        return row is not None and row.due_at is not None

    def claim(
        self, derivation: str, first: str, limit: int, lease: timedelta, by: str | None = None
    ) -> dict[str, Claim]:
        """Claim `first`, and others that are due, up to `limit` together.

        Gives what they want, and leaves out what is fresh, failed, or claimed by another than
        `by` (a task's id) whose lease, of at most LONGEST_LEASE, runs.
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
        return {row.subject_id: wanted(row) for row in chosen}

    def computed(
        self,
        derivation: str,
        done: Mapping[str, Revisions],
        claimed: Mapping[str, Claim] | None = None,
        by: str | None = None,
    ) -> list[str]:
        """Note what was computed from which revisions; give the ids that are due again.

        An older computation never replaces a newer one, and one `by` another producer than the
        one that is wanted now leaves its row due. `claimed`: what the claims gave; None if nothing
        can have changed since.
        """
        rows = self._rows(derivation, done)
        current = self.producer_of(derivation)  # after the rows are locked: it may have changed
        producer = by or current
        for row in rows:
            content, metadata = done[row.subject_id]
            row.content_revision = max(row.content_revision, content)
            row.metadata_revision = max(row.metadata_revision, metadata)
            row.producer, row.computed_at = producer, now()
            row.claimed_until = row.error = None
            if content < row.wanted_content or metadata < row.wanted_metadata:
                continue
            unchanged = claimed is None or claimed[row.subject_id][2] == row.marks
            if unchanged:
                row.stale_event = None
            if unchanged and producer == current:
                row.due_at = row.stale_since = None
            elif row.due_at is None:  # a newer result was noted first: this one replaced it
                row.due_at = row.stale_since = now()
        self._session.flush()
        return [row.subject_id for row in rows if row.due_at is not None]

    def failed(
        self,
        derivation: str,
        resource_ids: Collection[str],
        error: str,
        claimed: Mapping[str, Claim] | None = None,
    ) -> None:
        """Note an error; what changed after it was `claimed` stays due instead."""
        for row in self._rows(derivation, resource_ids):
            row.claimed_until = None
            if (claimed or {}).get(row.subject_id, wanted(row)) == wanted(row):
                row.error = error
        self._session.flush()

    def unclaim(self, derivation: str, resource_ids: Collection[str]) -> None:
        for row in self._rows(derivation, resource_ids):
            row.claimed_until = None
        self._session.flush()

    def close(
        self,
        derivation: str,
        resource_ids: Collection[str],
        claimed: Mapping[str, Claim] | None = None,
    ) -> None:
        """Forget rows whose resource is deleted and whose derived data are taken away.

        `claimed`: what the claims gave; a resource that was brought back since wants more.
        """
        for row in self._rows(derivation, resource_ids):
            if claimed is None or claimed[row.subject_id] == wanted(row):
                self._session.delete(row)
            else:
                row.claimed_until = None
        self._session.flush()

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

    def _new_row(self, derivation: Derivation, resource: Resource, event_id: int) -> dict[str, Any]:
        moment = now()
        due_at = moment + self._delay(derivation)
        return new_row(derivation.name, resource, event_id, moment, due_at)

    def _delay(self, derivation: Derivation) -> timedelta:
        return timedelta(seconds=derivation.delay * self._time_scale)

    def _make_due(
        self, derivation: Derivation, resource: Resource, changed: Iterable[str], event_id: int
    ) -> None:
        moment = now()
        row = self._locked(derivation.name, resource.id)
        if row is None:
            rows = [self._new_row(derivation, resource, event_id)]
            self._session.execute(insert(LedgerRow), rows)
            return
        edited = WITHOUT_REVISION.isdisjoint(changed)
        if row.due_at is None:
            row.stale_since = moment
        if row.stale_event is None:
            row.stale_event = event_id
        if row.due_at is None or (edited and row.error is not None):
            row.due_at = moment + self._delay(derivation)
        if edited:
            row.error = None
            want(row, resource, changed)
        else:
            row.marks += 1

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

    def _locked(self, derivation: str, resource_id: str) -> LedgerRow | None:
        """Read the row as it is now, and keep it so: a run that ends meanwhile must see the mark."""
        return next(iter(self._rows(derivation, [resource_id])), None)

    def _rows(self, derivation: str, resource_ids: Iterable[str]) -> Sequence[LedgerRow]:
        return self._session.scalars(
            select(LedgerRow)
            .where(
                LedgerRow.subject_type == RESOURCE,
                LedgerRow.derivation == derivation,
                LedgerRow.subject_id.in_(list(resource_ids)),
            )
            .order_by(LedgerRow.subject_id)  # so that two who lock several don't wait in a circle
            .with_for_update()
            .execution_options(populate_existing=True)
        ).all()
