from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict

from alexandria.access import Reading, Writing
from alexandria.api.activity import BatchAccepted
from alexandria.api.schemas.page import Page
from alexandria.api.schemas.quality import Outlier, QualityOut
from alexandria.errors import NotFoundError
from alexandria.services.listing import ListRequest
from alexandria.tasks.celery_tasks.batch import start_batch

router = APIRouter(tags=["quality"])


class RecalculateIn(BaseModel):
    """Without ids: all resources."""

    model_config = ConfigDict(extra="forbid")

    resource_ids: list[str] | None = None


@router.get("/resources/{resource_id}/quality")
def quality(resource_id: str, services: Reading) -> QualityOut:
    """Give the five dimensions with their reasons in words."""
    services.resources.get(resource_id)
    scores = services.quality.get_quality_scores(resource_id)
    if scores is None:
        raise NotFoundError(
            "The quality of this resource is not computed yet.",
            "It follows within seconds; see its freshness.",
        )
    return QualityOut(resource_id=resource_id, **scores)


@router.get("/quality/outliers")
def outliers(services: Reading, limit: Annotated[int, Query(ge=1, le=500)] = 50) -> Page[Outlier]:
    """Give the resources whose quality lies far below the others', with why.

    None in a library of fewer than 8 scores, which say nothing of what is usual.
    """
    total, found = services.quality_monitor.outliers(limit)
    return Page(total=total, items=[Outlier(**one) for one in found])


@router.post("/quality/recalculate", status_code=202)
def recalculate(services: Writing, body: RecalculateIn | None = None) -> BatchAccepted:
    """Compute the quality of these resources anew, or of all when none are named."""
    ids = body.resource_ids if body else None
    request = ListRequest() if ids is None else None
    run = start_batch(services, "recompute_quality", ids, request)
    return BatchAccepted(task_id=run.id, status_url=f"/tasks/{run.id}", total=len(run.resource_ids))
