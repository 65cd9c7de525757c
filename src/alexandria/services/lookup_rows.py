"""The rows of look-ups: one for each identifier, which is also the claim on asking for it."""

from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from alexandria.db import SKEW, is_over, new_id, now, release
from alexandria.errors import TransientError
from alexandria.models import Lookup, Resource, ResourceIdentifier
from alexandria.protocols.lookups import SCHEMES, Identifier

ATTEMPTS = 10
"""With the delays below this outlasts a service that is away for eight hours."""
LEASE = timedelta(minutes=3)
"""So long others leave an identifier alone that is being asked: two services, each with its wait."""
_FIRST_DELAY_SECONDS = 60.0
_LONGEST_DELAY = timedelta(days=1)


class LookupRows:
    """`keep`: so long an answer is young, and nothing is asked again."""

    def __init__(self, session: Session, keep: timedelta, time_scale: float) -> None:
        self._session = session
        self._keep = keep
        self._time_scale = time_scale

    def get(self, identifier: Identifier) -> Lookup | None:
        row: Lookup | None = self._session.scalar(
            _of(identifier).execution_options(populate_existing=True)
        )
        return row

    def queue(self, identifier: Identifier) -> bool:
        """Have it asked now, unless the answer is young; tell whether it will be."""
        row = self._locked(identifier)
        young = row.fetched_at is not None and now() - self._keep < row.fetched_at <= now() + SKEW
        if row.state == "failed" or (row.state != "queued" and not young):
            row.state, row.attempt = "queued", 0
            row.error = row.remedy = None
        if row.state == "queued":
            row.due_at = min(row.due_at, now())
        self._session.flush()
        return row.state == "queued"

    def claim(self, identifier: Identifier, by: str, *, due_only: bool) -> Lookup | None:
        """Take the row and commit; None if another holds it, or if it is `due_only` later.

        A row that is answered is given as it is.
        """
        row = self._locked(identifier)
        if row.state == "queued":
            moment = now()
            held = row.lease_until is not None and moment < row.lease_until <= moment + LEASE + SKEW
            early = due_only and moment < row.due_at <= moment + _LONGEST_DELAY + SKEW
            if (held and row.lease_by != by) or early:
                release(self._session)
                return None
            row.lease_until, row.lease_by = moment + LEASE, by
            row.attempt += 1  # also if the worker dies of it
        release(self._session)
        return row

    def answered(self, identifier: Identifier, by: str, **values: Any) -> Lookup | None:
        """Write the answer, or the error; None if another task took the row over meanwhile."""
        row = self._held(identifier, by)
        if row is not None:
            row.error = row.remedy = row.lease_until = row.lease_by = None
            row.attempt, row.fetched_at = 0, now()
            for name, value in values.items():
                setattr(row, name, value)
        release(self._session)
        return row

    def put_off(
        self, identifier: Identifier, by: str, error: TransientError, *, counts: bool
    ) -> None:
        """Have it asked later; `counts`: this was an attempt, of which there are ATTEMPTS."""
        row = self._held(identifier, by)
        if row is None:
            release(self._session)
            return
        if row.attempt >= ATTEMPTS and counts:
            row.state, row.fetched_at = "failed", now()
        delay = _FIRST_DELAY_SECONDS * 2 ** (row.attempt - 1) * self._time_scale if counts else 0.0
        seconds = max(delay, error.retry_after or 0.0)
        row.due_at = now() + min(timedelta(seconds=seconds), _LONGEST_DELAY)
        row.lease_until = row.lease_by = None
        if counts:
            row.error, row.remedy = error.message, error.remedy
        else:
            row.attempt -= 1
        release(self._session)

    def waiting(self, limit: int, grace: timedelta = timedelta(0)) -> list[str]:
        """Give resources with an identifier that should have been asked a grace ago, newest first."""
        moment = now()
        free = or_(Lookup.lease_until.is_(None), is_over(Lookup.lease_until, moment, LEASE + SKEW))
        late = is_over(Lookup.due_at, moment - grace, grace + _LONGEST_DELAY + SKEW)
        never: ColumnElement[bool] = and_(
            Lookup.id.is_(None), is_over(Resource.updated_at, moment - grace, grace + SKEW)
        )
        same = and_(
            Lookup.scheme == ResourceIdentifier.scheme, Lookup.value == ResourceIdentifier.value
        )
        return list(
            self._session.scalars(
                select(Resource.id)
                .join(ResourceIdentifier, ResourceIdentifier.resource_id == Resource.id)
                .outerjoin(Lookup, same)
                .where(
                    Resource.deleted_at.is_(None),
                    ResourceIdentifier.scheme.in_(list(SCHEMES)),
                    or_(never, and_(Lookup.state == "queued", late, free)),
                )
                .order_by(Resource.created_at.desc())
                .limit(limit)
            )
        )

    def _held(self, identifier: Identifier, by: str) -> Lookup | None:
        """Give the row if it is still ours: a task that slept long may have been overtaken."""
        row = self._locked(identifier)
        return row if row.lease_by == by and row.state == "queued" else None

    def _locked(self, identifier: Identifier) -> Lookup:
        """Lock the row, which is made if there is none."""
        query = _of(identifier).with_for_update().execution_options(populate_existing=True)
        row = self._session.scalar(query)
        if row is None:
            self._insert(identifier)
            row = self._session.scalars(query).one()
        found: Lookup = row
        return found

    def _insert(self, identifier: Identifier) -> None:
        is_sqlite = self._session.get_bind().dialect.name == "sqlite"
        insert = sqlite.insert if is_sqlite else postgresql.insert
        values = {
            "id": new_id(),
            "scheme": identifier.scheme,
            "value": identifier.value,
            "state": "queued",
            "attempt": 0,
            "due_at": now(),
            "created_at": now(),
        }
        self._session.execute(insert(Lookup).values(**values).on_conflict_do_nothing())


def _of(identifier: Identifier) -> Select[Any]:
    return select(Lookup).where(
        Lookup.scheme == identifier.scheme, Lookup.value == identifier.value
    )
