"""Templates, the headers of pages, and who may see them."""

from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse
from fastapi.templating import Jinja2Templates

from alexandria import __version__
from alexandria.access import identify
from alexandria.bootstrap import Services
from alexandria.db import now
from alexandria.errors import ForbiddenError, InvalidInputError
from alexandria.services.users import Identity

_POLICY = (
    "default-src 'self'; frame-ancestors 'none'; form-action 'self'; base-uri 'none'; object-src "
)
_HEADERS = {
    "Content-Security-Policy": f"{_POLICY}'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "private, no-cache",
}

_LONGEST_NUMBER = 9

_templates = Jinja2Templates(Path(__file__).parent / "templates")


class SignInFirstError(Exception):
    """A page was asked for by nobody we know: lead to the sign-in page."""


def reader(request: Request) -> Identity:
    """Tell who opens the page. Raises SignInFirstError."""
    identity = identify(request)
    if identity is None:
        raise SignInFirstError
    return identity


def same_site(request: Request) -> None:
    """Refuse forms that another site sends in the reader's name (CSRF).

    Programs send neither header; they carry a token, which no browser adds by itself.
    """
    if request.method in {"GET", "HEAD"}:
        return
    origin = request.headers.get("origin")
    fetched_from = request.headers.get("sec-fetch-site", "none")
    foreign_origin = origin is not None and urlsplit(origin).netloc != request.headers.get("host")
    if foreign_origin or fetched_from not in {"same-origin", "none"}:
        raise ForbiddenError(
            "This form came from another site; nothing was changed.",
            "Open the page in this library and send it from there.",
        )


def number_of(given: str) -> int | None:
    """Read a field that may be left empty. Raises InvalidInputError."""
    given = given.strip()
    if not given:
        return None
    if not given.isdecimal() or len(given) > _LONGEST_NUMBER:
        raise InvalidInputError(
            f"{given[:40]!r} is no year or page.", "Go back and write it in digits, such as 2020."
        )
    return int(given)


def page(
    request: Request, template: str, services: Services | None = None, **values: Any
) -> HTMLResponse:
    """Render a page; with services, its foot says how complete the index is."""
    values |= {"version": __version__, "index": services and services.freshness.index_state()}
    return _templates.TemplateResponse(request, template, values, headers=_HEADERS)


def show_objects(answer: HTMLResponse) -> HTMLResponse:
    """Let a page show files of the library by the browser's own viewer."""
    answer.headers["Content-Security-Policy"] = f"{_POLICY}'self'"
    return answer


def error_page(request: Request, problem: Any) -> HTMLResponse:
    """Show what has a `title`, a `detail` and a `status`."""
    answer = page(request, "error.html", problem=problem)
    answer.status_code = problem.status
    return answer


def to_sign_in(_request: Request, _error: Exception) -> RedirectResponse:
    return RedirectResponse("/ui/sign-in", status_code=303)


def _when(moment: datetime | None) -> str:
    """Give today's times by the clock, others by day and month."""
    if moment is None:
        return ""
    if moment.date() == now().date():
        return f"{moment:%H:%M:%S}"
    return f"{moment.day} {moment:%B %Y}"


def _size(count: int) -> str:
    """Give bytes in the unit that fits."""
    for unit, name in ((1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")):
        if count >= unit:
            return f"{count / unit:.1f} {name}"
    return f"{count} bytes"


_templates.env.filters["when"] = _when
_templates.env.filters["size"] = _size
