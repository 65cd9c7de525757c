import logging
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from celery import Task
from kombu.exceptions import OperationalError

from alexandria.bootstrap import Services
from alexandria.config import get_settings
from alexandria.db import LibrarySession, now, release
from alexandria.errors import InvalidInputError
from alexandria.log import correlation_id
from alexandria.models import BatchRun, DeadLetter, Resource
from alexandria.services.ledger import Ledger
from alexandria.services.listing import ListRequest, matching_ids
from alexandria.tasks.base import DatabaseTask
from alexandria.tasks.celery_app import celery_app
from alexandria.tasks.celery_tasks.derivation_runs import request_for
from alexandria.tasks.celery_tasks.derivations import TASK_OF
from alexandria.tasks.queueing import queue_all

logger = logging.getLogger(__name__)

OPERATIONS: Mapping[str, str] = {
    "regenerate_embeddings": "embedding",
    "recompute_quality": "quality",
    "update_search_index": "search",
    "classify": "classification",
}
"""Operation to the derivation that it computes anew."""
CHUNK = 100


class BatchTask(DatabaseTask):
    abstract = True

    def mark_failed(self, services: Services, args: Sequence[Any], error: Exception) -> None:
        del args
        if run := services.session.get(BatchRun, self.request.id):
            run.state, run.error, run.finished_at = "failed", str(error), now()
            run.lease_until = None

    def revive(self, services: Services, letter: DeadLetter) -> None:
        if run := services.session.get(BatchRun, letter.task_id):
            run.state, run.error, run.finished_at = "queued", None, None


@celery_app.task(
    bind=True,
    base=BatchTask,
    name="alexandria.tasks.batch_process_resources_task",
    max_retries=3,
)
def batch_process_resources_task(
    self: Task, resource_ids: list[str], operation: str, *, db: LibrarySession
) -> dict[str, Any]:
    """Make one derivation of many resources due and queue a task for each.

    Reports `{"current", "total"}` as it goes. Raises InvalidInputError for an operation that
    does not exist.
    """
    if operation not in OPERATIONS:
        raise _unknown(operation)
    ledger = Services(db).ledger
    total, processed = len(resource_ids), 0
    run = db.get(BatchRun, self.request.id) if self.request.id else None
    for start in range(run.current if run else 0, total, CHUNK):
        chunk = resource_ids[start : start + CHUNK]
        processed += _queue_chunk(db, ledger, chunk, OPERATIONS[operation])
        _report(self, db, run, min(start + CHUNK, total), total)
    _finish(run)
    logger.info("batch_process_resources_task: %s of %d resources", operation, processed)
    return {"status": "completed", "operation": operation, "processed": processed, "total": total}


def _queue_chunk(db: LibrarySession, ledger: Ledger, chunk: list[str], derivation: str) -> int:
    live = [
        resource
        for resource_id in sorted(chunk)  # the order in which rows of the ledger are locked
        if (resource := db.get(Resource, resource_id)) and resource.deleted_at is None
    ]
    for resource in live:
        ledger.make_due(derivation, resource)
    release(db)
    queue_all([request_for(TASK_OF[derivation], resource.id) for resource in live])
    return len(live)


def _report(task: Task, db: LibrarySession, run: BatchRun | None, current: int, total: int) -> None:
    if task.request.id:
        task.update_state(state="PROGRESS", meta={"current": current, "total": total})
    if run is None:
        return
    run.state, run.current = "running", current
    run.lease_until = now() + timedelta(seconds=get_settings().alexandria_lease_seconds)
    release(db)


def _finish(run: BatchRun | None) -> None:
    if run is not None:
        run.state, run.finished_at, run.lease_until = "completed", now(), None


def start_batch(
    services: Services,
    operation: str,
    resource_ids: list[str] | None,
    request: ListRequest | None,
) -> BatchRun:
    """Commit a batch and queue it. Raises InvalidInputError if it names no resources."""
    if operation not in OPERATIONS:
        raise _unknown(operation)
    if (resource_ids is None) == (request is None):
        raise InvalidInputError(
            "A batch wants either `resource_ids` or a `filter`.", "Send one of the two."
        )
    ids = resource_ids if request is None else matching_ids(services.session, request)
    run = BatchRun(operation=operation, resource_ids=ids or [], correlation_id=correlation_id.get())
    services.session.add(run)
    services.session.commit()
    try:
        queue_batch(run)
    except OperationalError as error:
        logger.warning("Batch %s waits for the reconciler: %s", run.id, error)
    return run


def queue_batch(run: BatchRun) -> None:
    batch_process_resources_task.apply_async(
        args=(run.resource_ids, run.operation), task_id=run.id, priority=3
    )


def _unknown(operation: str) -> InvalidInputError:
    return InvalidInputError(
        f"There is no operation {operation!r}.", f"Use one of: {', '.join(OPERATIONS)}."
    )
