from typing import Any

from fastapi import APIRouter, Request, Response

from alexandria.access import Reading
from alexandria.api.schemas.original import OriginalFile
from alexandria.api.schemas.page import Page
from alexandria.serving import send_original

router = APIRouter(prefix="/resources", tags=["originals"])

_BYTES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The file; with `Range` a part of it (206)",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


@router.get("/{resource_id}/files")
def list_all(resource_id: str, services: Reading) -> Page[OriginalFile]:
    """List the files that a resource was brought in by, the first that came first."""
    items = [OriginalFile.of(one) for one in services.originals.of(resource_id)]
    return Page(total=len(items), items=items)


@router.head("/{resource_id}/files/{sha256}", include_in_schema=False, response_model=None)
@router.get("/{resource_id}/files/{sha256}", response_class=Response, responses=_BYTES)
def download(
    request: Request, resource_id: str, sha256: str, services: Reading, *, inline: bool = False
) -> Response:
    """Download a file, byte for byte as it came in.

    `inline=true` gives a PDF for a look in the browser, and a saved web page without its scripts
    and whatever it would fetch.
    """
    original = services.originals.get(resource_id, sha256)
    return send_original(request, services, original, inline=inline)
