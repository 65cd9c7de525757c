"""The whole trash; `GET /resources?deleted=true` lists it, and one goes by `DELETE /resources/{id}`."""

from fastapi import APIRouter

from alexandria.access import Writing, erase_for_good
from alexandria.api.dead_letters import Count

router = APIRouter(tags=["resources"])


@router.delete("/trash")
def empty_trash(services: Writing) -> Count:
    """Delete all that is in the trash for good; give how many resources. This can't be undone."""
    return Count(count=erase_for_good(services, services.trash.ids()))
