"""How a task computes derived data. All go one way: claim, compute, note, tell.

A task may take others of its kind along: what is due is computed in one go, and the tasks
behind it find it fresh and return at once.
"""

import logging
import traceback
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from celery import Task

from alexandria.bootstrap import Services
from alexandria.config import get_settings
from alexandria.db import LibrarySession, reading, release
from alexandria.events import SystemEvent, outbox
from alexandria.models import DeadLetter, Resource
from alexandria.services.ledger import Claim, Revisions
from alexandria.tasks import deliveries
from alexandria.tasks.base import TRANSIENT, DatabaseTask
from alexandria.tasks.celery_app import ROUTES
from alexandria.tasks.queueing import TaskRequest, begin, queue_all

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=15)
"""So long others leave claimed work alone; a batch takes a few seconds."""

Compute = Callable[[Services, Collection[str]], Mapping[str, Revisions | None]]
"""Gives the revisions that were read; None for a resource that needs another run."""


class DerivationTask(DatabaseTask):
    """A task whose failure is noted in the ledger, so that it never hides."""

    abstract = True
    derivation: str
    failed_event: SystemEvent | None = None

    def mark_failed(self, services: Services, args: Sequence[Any], error: Exception) -> None:
        if self.failed_event:
            data = {"resource_id": args[0], "error": str(error)}
            outbox.record(services.session, self.failed_event, data)
        claimed = getattr(self.request, "claimed", None)  # none before the task got to its work
        services.ledger.failed(self.derivation, [args[0]], str(error), claimed)

    def revive(self, services: Services, letter: DeadLetter) -> None:
        resource = services.session.get(Resource, letter.subject)
        if resource is not None:
            services.ledger.make_due(self.derivation, resource)


def compute_due(
    task: Task,
    db: LibrarySession,
    resource_id: str,
    compute: Compute,
    done_event: SystemEvent | None = None,
) -> dict[str, Any]:
    """`done_event`: told of each resource; None if the service tells of it itself."""
    begin(task, resource_id)
    name = task.derivation
    services = Services(db)
    claimed = _claim(task, services, resource_id)
    if not claimed:
        logger.info("%s: %s of %s is fresh already", task.name, name, resource_id)
        return {"resource_id": resource_id, "computed": 0}
    producer = services.ledger.producer_of(name)
    release(db)
    run = _Run(task, services, claimed, compute, done_event, producer)
    found, failed = run.compute_all(first=resource_id)
    read = {one: revisions for one, revisions in found.items() if revisions}
    unfinished = found.keys() - read.keys()
    again = [*run.note(read), *unfinished]
    services.ledger.unclaim(name, unfinished)
    services.ledger.close(name, claimed.keys() - found.keys() - failed, claimed)
    services.dead_letters.forget(task.name, claimed.keys() - failed)
    services.rebuilds.finish(name)
    release(db)
    _queue_again(task, again)
    logger.info(
        "%s: computed %s of %d resources, %s first", task.name, name, len(read), resource_id
    )
    return {"resource_id": resource_id, "computed": len(read)}


def _claim(task: Task, services: Services, resource_id: str) -> dict[str, Claim]:
    """Claim the resource and others that are due; nothing, and no writer's lock, if it is fresh.

    After a run that did not end it is claimed alone: what kills the worker must not be another's.
    """
    with reading() as session:
        if not Services(session).ledger.is_due(task.derivation, resource_id):
            return {}
    limit = 1 if deliveries.after_a_death(task) else get_settings().alexandria_take_along
    claimed = services.ledger.claim(task.derivation, resource_id, limit, LEASE, by=task.request.id)
    task.request.claimed = claimed
    return claimed


@dataclass(frozen=True, slots=True)
class _Run:
    """One computation of what a task claimed."""

    task: Task
    services: Services
    claimed: Mapping[str, Claim]
    compute: Compute
    done_event: SystemEvent | None
    producer: str

    def note(self, read: Mapping[str, Revisions]) -> list[str]:
        """Tell of what was computed, and note it; give the ids that are due again.

        Told first: events are kept in order by a lock, which every writer takes before that of a
        ledger row.
        """
        if self.done_event:
            for done in read:
                outbox.record(self.services.session, self.done_event, {"resource_id": done})
        return self.services.ledger.computed(
            self.task.derivation, read, self.claimed, by=self.producer
        )

    def compute_all(self, first: str) -> tuple[Mapping[str, Revisions | None], set[str]]:
        """Compute all at once, or one by one if one of them fails; give what was read, what failed.

        Raises what is transient, and the error of `first`, whose own task this is.
        """
        ids = list(self.claimed)
        try:
            return self.compute(self.services, ids), set()
        except Exception as error:
            self.services.session.rollback()
            if isinstance(error, TRANSIENT) or ids == [first]:
                self._give_up({})
                raise
        logger.warning("%s: %d together failed, going one by one", self.task.name, len(ids))
        return self._compute_singly(first)

    def _compute_singly(self, first: str) -> tuple[Mapping[str, Revisions | None], set[str]]:
        """Compute one after the other, `first` last, since its error is raised."""
        read: dict[str, Revisions | None] = {}
        failed = set()
        for one in sorted(self.claimed, key=lambda i: i == first):
            try:
                read |= self.compute(self.services, [one])
            except Exception as error:
                self.services.session.rollback()
                if one == first or isinstance(error, TRANSIENT):
                    self._give_up(read)
                    raise
                logger.exception("%s of %s failed", self.task.name, one)
                self.task.bury(self.services, [one], error, traceback.format_exc())
                failed.add(one)
            release(self.services.session)
        return read, failed

    def _give_up(self, read: Mapping[str, Revisions | None]) -> None:
        """Note what is computed, and leave the rest to other tasks."""
        self.note({one: revisions for one, revisions in read.items() if revisions})
        self.services.ledger.unclaim(self.task.derivation, self.claimed)
        release(self.services.session)


def _queue_again(task: Task, resource_ids: Collection[str]) -> None:
    """Queue what changed while it was computed: the edit's own task may have met our claim."""
    requests = [request_for(task, one) for one in resource_ids]
    if requests:
        queue_all(requests)


def request_for(task: Task, resource_id: str, countdown: float = 0) -> TaskRequest:
    """Give the request to compute one derivation of a resource, as its hook would make it."""
    return TaskRequest(
        task=task,
        args=(resource_id,),
        countdown=countdown,
        subject=resource_id,
        **ROUTES[task.name],
    )
