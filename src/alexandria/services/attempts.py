"""Attempts at an ingestion: one at a time, each with a lease."""

from datetime import timedelta

from sqlalchemy.orm import Session

from alexandria.db import now
from alexandria.models import Ingestion
from alexandria.services.leases import is_held


class OvertakenError(Exception):
    """Another attempt at the same ingestion has begun, or has ended."""


class Attempts:
    """`lease`: so long a running ingestion is left alone."""

    def __init__(self, session: Session, lease: timedelta) -> None:
        self._session = session
        self._lease = lease

    def begin(self, ingestion_id: str, task_id: str) -> Ingestion | None:
        """Begin an attempt, or give None if it has ended or another task is at it."""
        ingestion = self._session.get(Ingestion, ingestion_id, with_for_update=True)
        if ingestion is None or ingestion.state not in {"queued", "running"}:
            return None
        if is_held(ingestion, self._lease) and ingestion.lease_by != task_id:
            return None
        ingestion.state, ingestion.attempt = "running", ingestion.attempt + 1
        ingestion.started_at = ingestion.started_at or now()
        self.keep_lease(ingestion, task_id)
        return ingestion

    def check(self, ingestion: Ingestion) -> None:
        """Lock the row. Raises OvertakenError if another took it over while the file was read.

        A worker that was frozen may wake up after its task was given to another.
        """
        ours = ingestion.attempt
        self._session.refresh(ingestion, ["attempt", "state"], with_for_update=True)
        if (ingestion.attempt, ingestion.state) != (ours, "running"):
            raise OvertakenError

    def keep_lease(
        self, ingestion: Ingestion, task_id: str | None, lease: timedelta | None = None
    ) -> None:
        ingestion.lease_by, ingestion.lease_until = task_id, now() + (lease or self._lease)
