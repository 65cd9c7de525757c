"""Citations of what the library holds, formatted by a style or as a file for other programs."""

from fastapi import APIRouter
from fastapi.responses import Response

from alexandria.access import Reading
from alexandria.api.schemas.citing import (
    CitationStyleOut,
    CitationStylesOut,
    CitedOut,
    CiteIn,
    ExportIn,
    ReferenceOut,
)
from alexandria.serving import FILE_TYPES, file_answer

router = APIRouter(tags=["citing"])

_FILES = {
    media_type: {"schema": {"type": "string", "format": "binary"}}
    for media_type, _ in FILE_TYPES.values()
}


@router.get("/citation-styles")
def list_citation_styles(services: Reading) -> CitationStylesOut:
    """List the styles in which references can be formatted, the library's own among them."""
    found = services.citing.styles()
    return CitationStylesOut(items=[CitationStyleOut(name=s.name, title=s.title) for s in found])


@router.post("/cite")
def cite(wanted: CiteIn, services: Reading) -> CitedOut:
    """Format a list of references, in the order that the style asks for."""
    made = services.citing.references(wanted.resource_ids, wanted.style)
    references = [ReferenceOut(html=one.html, text=one.text) for one in made]
    return CitedOut(style=wanted.style, references=references)


@router.post("/export", response_class=Response, responses={200: {"content": _FILES}})
def export(wanted: ExportIn, services: Reading) -> Response:
    """Give the records of resources as BibTeX, RIS, CSL-JSON or JSON lines."""
    text = services.citing.file(wanted.resource_ids, wanted.format)
    return file_answer(text, wanted.format)
