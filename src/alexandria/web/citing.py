"""The page that cites: one resource or a selection, in a style, to copy or as a file."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Cookie, Depends, Query, Request
from fastapi.responses import HTMLResponse, Response

from alexandria.access import Reading
from alexandria.services.citing import DEFAULT_STYLE
from alexandria.serving import FILE_TYPES, file_answer
from alexandria.web.rendering import page, reader

router = APIRouter(prefix="/ui/cite", dependencies=[Depends(reader)])

_COOKIE = "citation_style"
_YEAR_SECONDS = 365 * 24 * 3600
Ids = Annotated[Sequence[str], Query(alias="id")]


@router.get("")
def cite(
    request: Request,
    services: Reading,
    ids: Ids = (),
    style: str = "",
    citation_style: Annotated[str, Cookie()] = "",
) -> HTMLResponse:
    """`style`: kept for the next time; without it, the one of the last time."""
    styles = services.citing.styles()
    names = {one.name for one in styles}
    chosen = style or (citation_style if citation_style in names else DEFAULT_STYLE)
    answer = page(
        request,
        "cite.html",
        services,
        ids=ids,
        chosen=chosen,
        styles=styles,
        references=services.citing.references(ids, chosen) if ids else [],
        formats={name: title for name, (_, title) in FILE_TYPES.items()},
    )
    if style:
        answer.set_cookie(
            _COOKIE,
            style,
            max_age=_YEAR_SECONDS,
            path="/ui/cite",
            httponly=True,
            samesite="lax",
            secure=request.url.scheme == "https",
        )
    return answer


@router.get("/file")
def file(
    services: Reading, ids: Ids = (), file_format: Annotated[str, Query(alias="format")] = ""
) -> Response:
    return file_answer(services.citing.file(ids, file_format), file_format)
