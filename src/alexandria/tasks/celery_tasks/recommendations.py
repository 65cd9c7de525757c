"""The tasks behind recommendations: one reader's profile, and the comparison of all readers."""

import logging
from collections.abc import Sequence
from typing import Any

from celery import Task

from alexandria.bootstrap import Services
from alexandria.db import LibrarySession, reading, release
from alexandria.models import DeadLetter
from alexandria.tasks.base import DatabaseTask
from alexandria.tasks.celery_app import ROUTES, celery_app
from alexandria.tasks.queueing import TaskRequest, begin, queue_all

logger = logging.getLogger(__name__)

_AT_ONCE = 500


class ProfileTask(DatabaseTask):
    """A task whose failure is noted in the ledger's row of the reader."""

    abstract = True

    def mark_failed(self, services: Services, args: Sequence[Any], error: Exception) -> None:
        services.profile_ledger.failed(args[0], str(error))

    def revive(self, services: Services, letter: DeadLetter) -> None:
        if letter.subject:
            services.profile_ledger.make_due(letter.subject)


@celery_app.task(
    bind=True,
    base=ProfileTask,
    name="alexandria.tasks.refresh_recommendation_profile_task",
    max_retries=2,
)
def refresh_recommendation_profile_task(
    self: Task, user_id: str, *, db: LibrarySession
) -> dict[str, Any]:
    """Learn anew what a reader prefers; do nothing if the profile is fresh."""
    begin(self, user_id)
    services = Services(db)
    learned = services.profiles._update_learned_preferences(user_id)  # noqa: SLF001 (SPEC 4.7)
    services.dead_letters.forget(self.name, [user_id])
    logger.info(
        "refresh_recommendation_profile_task: the profile of %s %s",
        *(user_id, "is refreshed" if learned else "is fresh already"),
    )
    return {"user_id": user_id, "refreshed": learned}


@celery_app.task(base=DatabaseTask, name="alexandria.tasks.compare_readers_task")
def compare_readers_task(*, db: LibrarySession) -> int:
    """Compare all readers, and keep what each may want to read; give for how many."""
    release(db)  # what takes minutes must not hold the lock of a writer
    with reading() as session:
        found = Services(session).co_readings.compare()
    count = Services(db).co_readings.keep(found)
    logger.info("compare_readers_task: %d readers", count)
    return count


def queue_profiles(services: Services) -> int:
    """Queue the profiles that are overdue; give how many."""
    services.profile_ledger.backfill()
    overdue = services.profile_ledger.overdue(_AT_ONCE)
    queue_all(
        [
            TaskRequest(
                task=refresh_recommendation_profile_task,
                args=(user_id,),
                countdown=0,
                subject=user_id,
                **ROUTES[refresh_recommendation_profile_task.name],
            )
            for user_id in overdue
        ]
    )
    return len(overdue)
