from fastapi import APIRouter, Response

from alexandria.access import Reading, Writing
from alexandria.api.schemas.merging import MergeOut, MergeRequest, MergeWritten
from alexandria.api.schemas.page import Page
from alexandria.bootstrap import Services
from alexandria.events import outbox
from alexandria.models import Merge

router = APIRouter(tags=["resources"])


@router.post("/resources/{resource_id}/merge")
def merge(
    resource_id: str, body: MergeRequest, services: Writing, response: Response
) -> MergeWritten:
    """Merge another resource into this one: files, revisions, tags, identifiers, interactions go over.

    This one keeps what it has; the other is deleted, and comes back when the merge is undone.
    """
    return _written(services, services.merging.merge(resource_id, body.other_id), response)


@router.get("/resources/{resource_id}/merges")
def list_merges(resource_id: str, services: Reading) -> Page[MergeOut]:
    """List what was merged into the resource, the newest first."""
    services.resources.get(resource_id)
    items = [MergeOut.of(one) for one in services.merging.of(resource_id)]
    return Page(total=len(items), items=items)


@router.post("/merges/{merge_id}/undo")
def undo(merge_id: str, services: Writing, response: Response) -> MergeWritten:
    """Undo a merge: the other resource is back, with all that went over from it."""
    return _written(services, services.merging.undo(merge_id), response)


def _written(services: Services, merge: Merge, response: Response) -> MergeWritten:
    services.session.commit()
    event_id = outbox.last_event_id(services.session) or 0
    response.headers["X-Event-ID"] = str(event_id)
    return MergeWritten.of(merge, event_id=event_id)
