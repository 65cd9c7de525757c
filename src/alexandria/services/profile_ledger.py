"""The ledger's rows of reader profiles: what each was learned from, and what came since.

Their subject is the reader. `content_revision` counts the interactions that a profile includes,
`wanted_content` those that there are. Ten more make the profile due soon (SPEC 5.6); fewer, or a
change of the resources behind them, within a day.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from alexandria.db import now
from alexandria.models import Interaction, LedgerRow

USER = "user"
PROFILE = "profile"
EVERY = 10
"""Interactions after which a profile is learned anew."""
DELAY_SECONDS = 300.0
_LATEST_SECONDS = 86_400.0


class ProfileLedger:
    def __init__(self, session: Session, *, time_scale: float = 1.0, grace: float = 30.0) -> None:
        self._session = session
        self._scale = time_scale
        self._grace = timedelta(seconds=grace * time_scale)

    def interacted(self, user_id: str, total: int, event_id: int) -> None:
        """Note that the reader has so many interactions now."""
        row = _locked(self._session, user_id)
        row.wanted_content = total
        soon = total % EVERY == 0 or total - row.content_revision >= EVERY
        _make_due(row, event_id, (DELAY_SECONDS if soon else _LATEST_SECONDS) * self._scale)
        self._session.flush()

    def wanted(self, user_id: str) -> int | None:
        """Give what the row wants now, to be handed to `learned`; None if it is fresh."""
        row = self._row(user_id)
        return None if row is None or row.due_at is None else row.marks

    def learned(self, user_id: str, interactions: int, producer: str, marks: int) -> None:
        """Note a profile; what was marked since `marks` was read leaves it due."""
        row = _locked(self._session, user_id)
        row.content_revision = interactions
        row.producer, row.computed_at, row.error = producer, now(), None
        if row.marks == marks:
            row.due_at = row.stale_since = row.stale_event = None
        self._session.flush()

    def failed(self, user_id: str, error: str) -> None:
        _locked(self._session, user_id).error = error
        self._session.flush()

    def make_due(self, user_id: str) -> None:
        """Have the profile learned now, also after a failure."""
        row = _locked(self._session, user_id)
        _make_due(row, row.stale_event or 0, 0)
        self._session.flush()

    def overdue(self, limit: int) -> list[str]:
        """Give the readers whose profiles should have been learned a grace ago."""
        query = select(LedgerRow.subject_id).where(
            LedgerRow.subject_type == USER,
            LedgerRow.derivation == PROFILE,
            LedgerRow.due_at < now() - self._grace,
            LedgerRow.error.is_(None),
        )
        return list(self._session.scalars(query.order_by(LedgerRow.due_at).limit(limit)))

    def backfill(self) -> None:
        """Open the rows of readers whose interactions are older than the profiles."""
        known = select(LedgerRow.subject_id).where(
            LedgerRow.subject_type == USER, LedgerRow.derivation == PROFILE
        )
        readers = select(Interaction.user_id).where(Interaction.user_id.not_in(known)).distinct()
        for user_id in self._session.scalars(readers).all():
            _make_due(_locked(self._session, user_id), 0, 0)
        self._session.flush()

    def _row(self, user_id: str) -> LedgerRow | None:
        return self._session.get(LedgerRow, (USER, user_id, PROFILE), populate_existing=True)


def mark_readers(session: Session, resource_id: str, event_id: int, time_scale: float) -> None:
    """Make due the profiles of all who did something with a resource that came or went."""
    readers = select(Interaction.user_id).where(Interaction.resource_id == resource_id).distinct()
    for user_id in sorted(session.scalars(readers)):
        _make_due(_locked(session, user_id), event_id, _LATEST_SECONDS * time_scale)


def _locked(session: Session, user_id: str) -> LedgerRow:
    """Give the row, made if there is none, locked until the transaction ends."""
    postgres = session.get_bind().dialect.name == "postgresql"
    insert: Any = postgresql.insert if postgres else sqlite.insert
    new = {"subject_type": USER, "subject_id": user_id, "derivation": PROFILE, "marks": 0}
    revisions: Collection[str] = (
        *("content_revision", "metadata_revision"),
        *("wanted_content", "wanted_metadata"),
    )
    statement = insert(LedgerRow).values({**new, **dict.fromkeys(revisions, 0)})
    session.execute(statement.on_conflict_do_nothing())
    return session.scalars(
        select(LedgerRow)
        .where(
            LedgerRow.subject_type == USER,
            LedgerRow.subject_id == user_id,
            LedgerRow.derivation == PROFILE,
        )
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()


def _make_due(row: LedgerRow, event_id: int, seconds: float) -> None:
    moment: datetime = now()
    due_at = moment + timedelta(seconds=seconds)
    row.marks += 1
    row.error = None
    row.stale_since = row.stale_since or moment
    row.stale_event = row.stale_event or event_id
    row.due_at = min(row.due_at, due_at) if row.due_at else due_at
