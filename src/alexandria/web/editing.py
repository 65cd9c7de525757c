"""The form that changes a resource; who was second sees both versions before saving again."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import BaseModel

from alexandria.access import Reading, SignedIn, Writing
from alexandria.bootstrap import Services
from alexandria.errors import AlexandriaError, InvalidInputError, PreconditionFailedError
from alexandria.events import outbox
from alexandria.models import Resource
from alexandria.web.rendering import number_of, page, reader, same_site

router = APIRouter(prefix="/ui/resources", dependencies=[Depends(reader), Depends(same_site)])


class EditForm(BaseModel):
    """What stands in the fields, as text; `revisions`: those that the reader saw, as `3-7`."""

    title: str = ""
    authors: str = ""
    abstract: str = ""
    year: str = ""
    venue: str = ""
    doi: str = ""
    url: str = ""
    tags: str = ""
    revisions: str = ""

    @classmethod
    def of(cls, resource: Resource) -> "EditForm":
        return cls(
            title=resource.title,
            authors="\n".join(resource.authors),
            abstract=resource.abstract or "",
            year=str(resource.year or ""),
            venue=resource.venue or "",
            doi=resource.doi or "",
            url=resource.url or "",
            tags="\n".join(resource.tags),
            revisions=f"{resource.content_revision}-{resource.metadata_revision}",
        )

    def changes(self) -> Mapping[str, Any]:
        """Give the fields as the service takes them. Raises InvalidInputError."""
        return {
            "title": self.title,
            "authors": self.authors.splitlines(),
            "abstract": self.abstract.replace("\r\n", "\n"),  # forms send CRLF
            "year": number_of(self.year),
            "venue": self.venue,
            "doi": self.doi,
            "url": self.url,
            "tags": self.tags.splitlines(),
        }


def revisions_in(text: str) -> tuple[int, int]:
    """Read the revisions that a form was made from, as `3-7`. Raises InvalidInputError."""
    content, _, metadata = text.partition("-")
    if not (content.isdecimal() and metadata.isdecimal()):
        raise InvalidInputError(
            "This form does not say which revision it was made from.",
            "Open the resource again and edit it there.",
        )
    return int(content), int(metadata)


@router.get("/{resource_id}/edit")
def edit(request: Request, resource_id: str, services: Reading) -> HTMLResponse:
    form = EditForm.of(services.resources.get(resource_id))
    return page(request, "edit.html", services, resource_id=resource_id, form=form)


@router.post("/{resource_id}/edit")
def save(
    request: Request,
    resource_id: str,
    form: Annotated[EditForm, Form()],
    services: Writing,
    _who: SignedIn,
) -> Response:
    try:
        services.resources.update(resource_id, form.changes(), revisions_in(form.revisions))
    except (PreconditionFailedError, InvalidInputError) as error:
        services.session.rollback()
        return _again(request, services, resource_id, form, error)
    services.session.commit()
    change = outbox.last_event_id(services.session)
    where = f"/ui/resources/{resource_id}" + (f"?change={change}" if change else "")
    return RedirectResponse(where, status_code=303)


def _again(
    request: Request, services: Services, resource_id: str, form: EditForm, error: AlexandriaError
) -> HTMLResponse:
    """Show the form with what was typed; after somebody else's change with theirs beside it."""
    theirs = None
    if isinstance(error, PreconditionFailedError):
        theirs = EditForm.of(services.resources.get(resource_id))
        form = form.model_copy(update={"revisions": theirs.revisions})
    values = {"resource_id": resource_id, "form": form, "error": error, "theirs": theirs}
    answer = page(request, "edit.html", services, **values)
    answer.status_code = error.status
    return answer
