from fastapi import APIRouter, Response

from alexandria.access import Reading, Writing
from alexandria.api.resources import IfMatch, etag, revisions_of, written
from alexandria.api.schemas.lookup import AcceptRequest, LookupAccepted, LookupOut, SuggestionOut
from alexandria.api.schemas.resource import ResourceWritten
from alexandria.tasks.celery_tasks.lookups import start_look_up

router = APIRouter(prefix="/resources/{resource_id}/lookup", tags=["resources"])


@router.get("")
def read(resource_id: str, services: Reading, response: Response) -> LookupOut:
    """Give what public services say of the resource's identifiers, beside what it has itself."""
    services.lookups.require_on()
    resource = services.resources.get(resource_id)
    response.headers["ETag"] = etag(resource)
    found = services.lookup_comparison.suggestions(resource)
    return LookupOut(resource_id=resource_id, suggestions=[SuggestionOut.of(one) for one in found])


@router.post("", status_code=202)
def ask(resource_id: str, services: Writing) -> LookupAccepted:
    """Ask the services now for what is not known, failed, or is older than answers are kept."""
    task_id = start_look_up(services, resource_id)
    return LookupAccepted(task_id=task_id, status_url=f"/tasks/{task_id}")


@router.post("/accept")
def accept(
    resource_id: str,
    body: AcceptRequest,
    services: Writing,
    response: Response,
    if_match: IfMatch = None,
) -> ResourceWritten:
    """Write what a service says of these fields into the resource, and no others."""
    resource = services.lookup_comparison.accept(
        resource_id,
        body.fields,
        body.scheme,
        expected=revisions_of(if_match),
        seen=body.fetched_at,
    )
    return written(services, resource, response)
