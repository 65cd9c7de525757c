"""The originals of a resource: a look at them, and their download."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse, Response

from alexandria.access import Reading
from alexandria.errors import NotFoundError
from alexandria.serving import send_original
from alexandria.web.rendering import number_of, page, reader, show_objects

router = APIRouter(prefix="/ui/resources", dependencies=[Depends(reader)])


@router.get("/{resource_id}/view")
def view(
    request: Request,
    resource_id: str,
    services: Reading,
    file: str = "",
    number: Annotated[str, Query(alias="page")] = "",
) -> HTMLResponse:
    """Show an original; of several the one asked for, else the first that can be shown as it is."""
    originals = services.originals.of(resource_id)
    if not originals:
        raise NotFoundError(
            "There is no original of this resource: it came in as a record.",
            "Its page shows all that is known of it.",
        )
    if file:
        shown = services.originals.get(resource_id, file)
    else:
        shown = next((one for one in originals if one.view != "text"), originals[0])
    services.originals.path(shown)  # it is told on the page that it is damaged, not in a frame
    answer = page(
        request,
        "view.html",
        services,
        resource=services.resources.get(resource_id),
        originals=originals,
        shown=shown,
        number=number_of(number),
    )
    return show_objects(answer)


@router.head("/{resource_id}/files/{sha256}")
@router.get("/{resource_id}/files/{sha256}")
def download(
    request: Request, resource_id: str, sha256: str, services: Reading, *, inline: bool = False
) -> Response:
    original = services.originals.get(resource_id, sha256)
    return send_original(request, services, original, inline=inline)
