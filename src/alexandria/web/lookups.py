"""What public services say of a resource, beside its own, to be taken over field by field."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import BaseModel

from alexandria.access import Reading, SignedIn, Writing
from alexandria.bootstrap import Services
from alexandria.config import get_settings
from alexandria.errors import InvalidInputError
from alexandria.events import outbox
from alexandria.models import Resource
from alexandria.tasks.celery_tasks.lookups import start_look_up
from alexandria.web.editing import revisions_in
from alexandria.web.rendering import page, reader, same_site

router = APIRouter(prefix="/ui/resources", dependencies=[Depends(reader), Depends(same_site)])


class AcceptForm(BaseModel):
    """`fields`: those that are ticked; the rest says what the reader saw."""

    fields: list[str] = []
    scheme: str = ""
    revisions: str = ""
    fetched_at: str = ""


@router.get("/{resource_id}/lookup")
def suggestions(request: Request, resource_id: str, services: Reading) -> HTMLResponse:
    """Give the suggestions alone, for the page to renew while a service is asked."""
    resource = services.resources.get(resource_id)
    return page(request, "lookup.html", resource=resource, **suggested(services, resource))


@router.post("/{resource_id}/lookup")
def ask(resource_id: str, services: Writing, _who: SignedIn) -> RedirectResponse:
    start_look_up(services, resource_id)
    return RedirectResponse(f"/ui/resources/{resource_id}#lookup", status_code=303)


@router.post("/{resource_id}/lookup/accept")
def accept(
    resource_id: str, form: Annotated[AcceptForm, Form()], services: Writing, _who: SignedIn
) -> RedirectResponse:
    services.lookup_comparison.accept(
        resource_id,
        form.fields,
        form.scheme or None,
        expected=revisions_in(form.revisions),
        seen=_moment(form.fetched_at),
    )
    services.session.commit()
    change = outbox.last_event_id(services.session)
    where = f"/ui/resources/{resource_id}" + (f"?change={change}" if change else "")
    return RedirectResponse(where, status_code=303)


def suggested(services: Services, resource: Resource) -> dict[str, Any]:
    """Give what the box shows: nothing where look-ups are off."""
    found = services.lookup_comparison.suggestions(resource) if services.lookups.on else []
    return {"suggestions": found, "keep_days": get_settings().alexandria_lookup_days}


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise InvalidInputError(
            "This form does not say which suggestion it was made from.",
            "Open the resource again and choose there.",
        ) from error
