"""What Beat starts: the reconciler, and the nightly looks at quality."""

import logging
from datetime import timedelta
from typing import Any

from alexandria.bootstrap import Services, file_store
from alexandria.config import get_settings
from alexandria.db import LibrarySession, now, reading, release
from alexandria.events import EventPriority, SystemEvent, outbox
from alexandria.services.file_check import examine_files, wanted_files, with_files
from alexandria.services.quality_monitoring import MOST_TOLD
from alexandria.tasks.base import DatabaseTask
from alexandria.tasks.celery_app import celery_app
from alexandria.tasks.celery_tasks.batch import queue_batch
from alexandria.tasks.celery_tasks.derivation_runs import request_for
from alexandria.tasks.celery_tasks.derivations import TASK_OF
from alexandria.tasks.celery_tasks.ingestion import queue_ingestions
from alexandria.tasks.celery_tasks.lookups import queue_look_ups
from alexandria.tasks.celery_tasks.recommendations import queue_profiles
from alexandria.tasks.queueing import queue_all
from alexandria.tasks.status import waiting_messages

logger = logging.getLogger(__name__)

SWEEP_LIMIT = 500
BUSY_MESSAGES = 200
"""With more messages waiting, workers have enough to do, and each takes stale rows along."""


@celery_app.task(base=DatabaseTask, name="alexandria.tasks.reconcile_task", ignore_result=True)
def reconcile_task(*, db: LibrarySession) -> dict[str, int]:
    """Queue again what the database shows undone for longer than its delay and grace."""
    services = Services(db)
    found = {}
    if waiting_messages() <= BUSY_MESSAGES:
        found["ingestions"] = queue_ingestions(services.ingestion.abandoned(SWEEP_LIMIT))
    batches = services.ingestion.abandoned_batches(SWEEP_LIMIT)
    for run in batches:
        queue_batch(run)
    found["batches"] = len(batches)
    if waiting_messages() <= BUSY_MESSAGES:
        for derivation in TASK_OF:
            found[derivation] = _queue_due(services, derivation, services.ledger.grace)
        found["profiles"] = queue_profiles(services)
    found["lookups"] = int(services.lookups.on and services.lookups.is_overdue())
    if found["lookups"]:
        queue_look_ups()
    found["files"] = services.trash.remove_files()
    _tidy_builds(services)
    if any(found.values()):
        logger.info("reconcile_task: queued again %s", found)
    return found


def queue_due(derivation: str) -> None:
    """Queue what is due by now, unless workers have enough to do."""
    if waiting_messages() <= BUSY_MESSAGES:
        with reading() as session:
            _queue_due(Services(session), derivation, timedelta(0))


def _queue_due(services: Services, derivation: str, grace: timedelta) -> int:
    due = services.ledger.overdue(derivation, SWEEP_LIMIT, grace)
    queue_all([request_for(TASK_OF[derivation], one) for one in due])
    return len(due)


def _tidy_builds(services: Services) -> None:
    """Let what is complete serve, and take away what no longer serves, piece by piece."""
    for derivation in TASK_OF:
        services.rebuilds.finish(derivation)
    release(services.session)
    while services.rebuilds.clean_up():
        release(services.session)


@celery_app.task(base=DatabaseTask, name="alexandria.tasks.monitor_quality_degradation")
def monitor_quality_degradation(*, db: LibrarySession) -> int:
    """Tell of resources whose quality fell since the last look (SPEC 3.2, daily)."""
    services = Services(db)
    found = services.quality_monitor.look_for_degradation()
    services.quality_review.note_degradations(found)
    return _tell(db, SystemEvent.QUALITY_DEGRADATION_DETECTED, found)


@celery_app.task(base=DatabaseTask, name="alexandria.tasks.detect_quality_outliers")
def detect_quality_outliers(*, db: LibrarySession) -> int:
    """Tell of resources whose quality lies far below the others' (SPEC 3.2, weekly)."""
    services = Services(db)
    found = services.quality_monitor.told_outliers()
    services.quality_review.note_outliers(found, all_of_them=len(found) < MOST_TOLD)
    return _tell(db, SystemEvent.QUALITY_OUTLIER_DETECTED, found)


def _tell(db: LibrarySession, name: SystemEvent, found: list[dict[str, object]]) -> int:
    for data in found:
        outbox.record(db, name, data, EventPriority.LOW)
    logger.info("%s: %d resources", name, len(found))
    return len(found)


@celery_app.task(base=DatabaseTask, name="alexandria.tasks.examine_library_task")
def examine_library_task(*, db: LibrarySession) -> dict[str, Any]:
    """Report, once a week, what `alexandria doctor` would find; nothing is changed.

    Of the original files, whether they are there and as long as they were.
    """
    release(db)  # a look at the whole library must not hold the lock of a writer
    with reading() as session:
        derived = Services(session).doctor.examine().as_dict()
        wanted = wanted_files(session)
    report = with_files(derived, examine_files(file_store(), wanted, _tell_nobody, read=False))
    logger.log(logging.INFO if report["ok"] else logging.ERROR, "The doctor's report: %s", report)
    return report


def _tell_nobody(step: str, done: int, total: int | None) -> None:
    del step, done, total


@celery_app.task(base=DatabaseTask, name="alexandria.tasks.clean_up_outbox_task")
def clean_up_outbox_task(*, db: LibrarySession) -> int:
    """Delete the events that are older than the history is kept."""
    days = get_settings().alexandria_outbox_days
    count = outbox.forget_before(db, now() - timedelta(days=days)) if days else 0
    logger.info("clean_up_outbox_task: %d events", count)
    return count
