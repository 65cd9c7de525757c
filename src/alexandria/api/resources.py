from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Header, Query, Response

from alexandria.access import Reading, Writing, erase_for_good
from alexandria.api.schemas.page import Page
from alexandria.api.schemas.resource import (
    Change,
    Deleted,
    Derived,
    Freshness,
    History,
    Replaced,
    ResourceIn,
    ResourceOut,
    ResourcePatch,
    ResourceSummary,
    ResourceWritten,
    SimilarItem,
    SimilarPart,
)
from alexandria.bootstrap import Services
from alexandria.errors import InvalidInputError
from alexandria.events import outbox
from alexandria.models import Resource
from alexandria.services.listing import ListRequest, list_resources

router = APIRouter(prefix="/resources", tags=["resources"])

IfMatch = Annotated[str | None, Header(description='The `ETag` that you read, such as `"3-7"`')]


@router.get("")
def list_all(
    services: Reading, request: Annotated[ListRequest, Depends()]
) -> Page[ResourceSummary]:
    """List resources by filters, a page at a time."""
    page = list_resources(services.session, request)
    items = [ResourceSummary.of(resource) for resource in page.items]
    return Page(total=page.total, items=items, next_cursor=page.next_cursor)


@router.post("", status_code=201)
def create(body: ResourceIn, services: Writing, response: Response) -> ResourceWritten:
    """Add a resource; it is searchable when this answers, all else follows within seconds."""
    resource = services.resources.create(body.as_record())
    response.headers["Location"] = f"/resources/{resource.id}"
    return written(services, resource, response)


@router.get("/{resource_id}")
def read(resource_id: str, services: Reading, response: Response) -> ResourceOut:
    """Read a resource; the `ETag` guards a later change."""
    found = ResourceOut(**services.reader.read(resource_id))
    response.headers["ETag"] = etag(found)
    return found


@router.put("/{resource_id}")
def replace(
    resource_id: str,
    body: ResourceIn,
    services: Writing,
    response: Response,
    if_match: IfMatch = None,
) -> ResourceWritten:
    """Replace all fields; those that are left out become empty."""
    resource = services.resources.update(resource_id, body.model_dump(), revisions_of(if_match))
    return written(services, resource, response)


@router.patch("/{resource_id}")
def change(
    resource_id: str,
    body: ResourcePatch,
    services: Writing,
    response: Response,
    if_match: IfMatch = None,
) -> ResourceWritten:
    """Change the fields sent, and no others."""
    changes = body.model_dump(exclude_unset=True)
    resource = services.resources.update(resource_id, changes, revisions_of(if_match))
    return written(services, resource, response)


@router.delete("/{resource_id}")
def delete(
    resource_id: str,
    services: Writing,
    response: Response,
    if_match: IfMatch = None,
    permanently: Annotated[bool, Query(description="for good; only what is in the trash")] = False,
) -> Deleted:
    """Take a resource out of the library into the trash, and away all that was derived from it.

    `permanently` deletes what is in the trash already, with its files; it can't be undone.
    """
    if permanently:
        erase_for_good(services, [resource_id])
        return Deleted(id=resource_id, event_id=None)
    event_id = services.resources.delete(resource_id, revisions_of(if_match))
    services.session.commit()
    response.headers["X-Event-ID"] = str(event_id)
    return Deleted(id=resource_id, event_id=event_id)


@router.post("/{resource_id}/restore")
def restore(resource_id: str, services: Writing, response: Response) -> ResourceWritten:
    """Bring a deleted resource back; one that was not deleted stays as it is."""
    return written(services, services.resources.restore(resource_id), response)


@router.get("/{resource_id}/freshness")
def freshness(resource_id: str, services: Reading) -> Freshness:
    """Tell for each derivation what it was computed from, and whether that is still so."""
    resource = services.resources.get(resource_id)
    rows = services.freshness.of([resource_id])[resource_id]
    return Freshness(
        resource_id=resource_id,
        content_revision=resource.content_revision,
        metadata_revision=resource.metadata_revision,
        derivations={
            name: Derived(
                state=services.freshness.state(row),
                content_revision=row.content_revision,
                metadata_revision=row.metadata_revision,
                producer=row.producer,
                computed_at=row.computed_at,
                due_at=row.due_at,
                error=row.error,
            )
            for name, row in sorted(rows.items())
        },
    )


@router.get("/{resource_id}/history")
def history(resource_id: str, services: Reading) -> History:
    """Give what happened to a resource, the newest first."""
    services.resources.get(resource_id)
    merged = {
        row: merge.other_id
        for merge in services.merging.of(resource_id)
        if merge.undone_at is None
        for row in merge.moved.get("revisions", ())
    }
    return History(
        resource_id=resource_id,
        events=[
            Change(
                event_id=event.id or 0,
                name=event.name,
                at=event.timestamp,
                correlation_id=event.correlation_id,
                data=event.data,
            )
            for event in outbox.events_of(services.session, resource_id)
        ],
        revisions=[
            Replaced(
                content_revision=row.content_revision,
                metadata_revision=row.metadata_revision,
                at=row.created_at,
                replaced=row.replaced,
                merged_from=merged.get(row.id),
            )
            for row in services.resources.revisions(resource_id)
        ],
    )


@router.get("/{resource_id}/similar")
def similar(
    resource_id: str,
    services: Reading,
    limit: Annotated[int, Query(ge=1, le=100)] = 10,
    by: Annotated[
        Literal["meaning", "words", "citations"] | None,
        Query(description="One way alone: vectors, telling words, or shared citations."),
    ] = None,
) -> Page[SimilarItem]:
    """Give the resources most like it by all ways combined, or `by` one, each with why."""
    items = [
        SimilarItem(
            id=found.id,
            title=found.title,
            authors=found.authors,
            year=found.year,
            similarity=found.score,
            parts={
                name: SimilarPart(value=value, weight=weight)
                for name, (value, weight) in found.parts.items()
            },
            reasons=found.reasons,
        )
        for found in services.similar.of(resource_id, limit, by)
    ]
    return Page(total=len(items), items=items)


def etag(resource: Resource | ResourceOut) -> str:
    return f'"{resource.content_revision}-{resource.metadata_revision}"'


def revisions_of(if_match: str | None) -> tuple[int, int] | None:
    if if_match is None or if_match.strip() == "*":
        return None
    content, dash, metadata = if_match.strip().removeprefix("W/").strip('"').partition("-")
    if not dash or not content.isdigit() or not metadata.isdigit():
        raise InvalidInputError(
            f"{if_match!r} is no ETag of a resource.", "Send the ETag that reading it gave."
        )
    return int(content), int(metadata)


def written(services: Services, resource: Resource, response: Response) -> ResourceWritten:
    services.session.commit()
    event_id = outbox.last_event_id(services.session)
    response.headers["ETag"] = etag(resource)
    if event_id is not None:
        response.headers["X-Event-ID"] = str(event_id)
    return ResourceWritten.of(resource, event_id=event_id)
