import logging
from collections.abc import Sequence
from typing import Any

from celery import Task

from alexandria.bootstrap import Services
from alexandria.db import LibrarySession
from alexandria.errors import TransientError
from alexandria.log import correlation_id
from alexandria.models import DeadLetter
from alexandria.tasks.base import DatabaseTask
from alexandria.tasks.celery_app import ROUTES, celery_app
from alexandria.tasks.queueing import TaskRequest, begin, queue_all

logger = logging.getLogger(__name__)


class IngestionTask(DatabaseTask):
    abstract = True

    def mark_failed(self, services: Services, args: Sequence[Any], error: Exception) -> None:
        services.ingestion.give_up(args[0], error)

    def revive(self, services: Services, letter: DeadLetter) -> None:
        if services.ingestion.get(letter.subject).state == "failed":
            services.ingestion.retry(letter.subject)


@celery_app.task(
    bind=True,
    base=IngestionTask,
    name="alexandria.tasks.ingest_task",
    max_retries=3,
    default_retry_delay=10,
)
def ingest_task(self: Task, ingestion_id: str, *, db: LibrarySession) -> dict[str, Any]:
    """Take one source into the library."""
    begin(self, ingestion_id)
    services = Services(db)
    ingestion = services.ingestion.process(ingestion_id, self.request.id)
    if ingestion is None:
        logger.info("ingest_task: %s is done, or another task is at it", ingestion_id)
        return {"ingestion_id": ingestion_id, "state": "skipped"}
    services.dead_letters.forget(self.name, [ingestion_id])
    if ingestion.state == "running":
        queue_or_leave(services.ingestion.waiting_members(ingestion_id))
    logger.info("ingest_task: %s is %s", ingestion.name, ingestion.state)
    return {"ingestion_id": ingestion_id, "state": ingestion.state}


def queue_ingestions(ingestion_ids: Sequence[str]) -> int:
    """Queue ingestions that are committed. Raises TransientError when the broker is away."""
    queue_all(
        [
            TaskRequest(
                task=ingest_task,
                args=(ingestion_id,),
                countdown=0,
                subject=ingestion_id,
                correlation_id=correlation_id.get(),
                **ROUTES[ingest_task.name],
            )
            for ingestion_id in ingestion_ids
        ]
    )
    return len(ingestion_ids)


def queue_or_leave(ingestion_ids: Sequence[str]) -> None:
    """Queue ingestions, or leave them to the reconciler while the broker is away."""
    try:
        queue_ingestions(ingestion_ids)
    except TransientError as error:
        logger.warning("Ingestions %s wait for the reconciler: %s", ingestion_ids, error)
