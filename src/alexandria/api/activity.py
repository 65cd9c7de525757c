"""Batches, tasks and interactions."""

from typing import Any, Literal

from celery.result import AsyncResult
from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from alexandria.access import Reading, SignedIn, Writing
from alexandria.bootstrap import Services
from alexandria.errors import NotFoundError
from alexandria.events import outbox
from alexandria.models import BatchRun, Ingestion
from alexandria.services.listing import ListRequest
from alexandria.tasks.celery_app import celery_app
from alexandria.tasks.celery_tasks.batch import start_batch

router = APIRouter()


class InteractionIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    resource_id: str
    interaction_type: Literal["view", "download", "save", "rate"]
    rating: float | None = Field(default=None, ge=1, le=5)


class InteractionOut(BaseModel):
    total_interactions: int
    event_id: int | None


class BatchIn(BaseModel):
    """Which resources: a list of ids, or a filter as for `GET /resources`."""

    model_config = ConfigDict(extra="forbid")

    operation: str
    resource_ids: list[str] | None = None
    filter: ListRequest | None = None


class BatchAccepted(BaseModel):
    task_id: str
    status_url: str
    total: int


class TaskOut(BaseModel):
    id: str
    state: str
    current: int | None = None
    total: int | None = None
    error: str | None = None


@router.post("/interactions", status_code=201, tags=["readers"])
def track(body: InteractionIn, identity: SignedIn, services: Writing) -> InteractionOut:
    """Note what the reader did; recommendations learn from it."""
    total = services.interactions.track(
        identity.user_id, body.resource_id, body.interaction_type, body.rating
    )
    services.session.commit()
    return InteractionOut(total_interactions=total, event_id=outbox.last_event_id(services.session))


@router.post("/batch", status_code=202, tags=["tasks"])
def batch(body: BatchIn, services: Writing) -> BatchAccepted:
    """Compute one derivation of many resources anew."""
    run = start_batch(services, body.operation, body.resource_ids, body.filter)
    return BatchAccepted(task_id=run.id, status_url=f"/tasks/{run.id}", total=len(run.resource_ids))


@router.get("/tasks/{task_id}", tags=["tasks"])
def task(task_id: str, services: Reading) -> TaskOut:
    """Tell how far a batch, an import or any other task is."""
    session = services.session
    if run := session.get(BatchRun, task_id):
        total = len(run.resource_ids)
        return TaskOut(
            id=run.id, state=run.state, current=run.current, total=total, error=run.error
        )
    if ingestion := session.get(Ingestion, task_id):
        return _of_ingestion(services, ingestion)
    return _of_celery(task_id)


def _of_ingestion(services: Services, ingestion: Ingestion) -> TaskOut:
    counts = services.ingestion.counts([ingestion.id])[ingestion.id]
    return TaskOut(
        id=ingestion.id,
        state=ingestion.state,
        current=sum(counts.values()),
        total=ingestion.total,
        error=ingestion.error,
    )


def _of_celery(task_id: str) -> TaskOut:
    result = AsyncResult(task_id, app=celery_app)
    state = result.state
    if state == "PENDING":  # Celery says so of every id that it does not know
        raise NotFoundError(
            f"There is no task {task_id}.", "Results are kept for an hour; it may be older."
        )
    info: Any = result.info
    progress = info if isinstance(info, dict) else {}
    return TaskOut(
        id=task_id,
        state=state.lower(),
        current=progress.get("current"),
        total=progress.get("total"),
        error=str(info) if isinstance(info, Exception) else None,
    )
