"""How long running work is left alone, and when it counts as abandoned."""

from datetime import timedelta
from typing import Any

from sqlalchemy import or_

from alexandria.db import SKEW, is_over, now
from alexandria.models import BatchRun, Ingestion

CHUNK_LEASE = timedelta(seconds=30)


def is_held(ingestion: Ingestion, lease: timedelta) -> bool:
    """Tell whether its lease runs; one that lies too far ahead is of a clock that was fast."""
    moment, until = now(), ingestion.lease_until
    return until is not None and moment < until <= moment + max(lease, CHUNK_LEASE) + SKEW


def is_abandoned(
    table: type[Ingestion] | type[BatchRun], grace: timedelta, lease: timedelta
) -> list[Any]:
    """Queued ones have no lease; they count from their creation."""
    moment = now()
    longest = max(lease, CHUNK_LEASE) + SKEW
    return [
        table.state.in_(["queued", "running"]),
        or_(
            is_over(table.lease_until, moment, longest),
            table.lease_until.is_(None) & is_over(table.created_at, moment - grace, grace + SKEW),
        ),
    ]
