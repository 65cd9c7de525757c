from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from alexandria.access import SESSION_COOKIE, Writing
from alexandria.bootstrap import Services
from alexandria.db import writing
from alexandria.errors import UnauthorizedError
from alexandria.services.users import SESSION_LIFETIME
from alexandria.web.rendering import page, same_site

router = APIRouter(prefix="/ui")


@router.get("/sign-in")
def sign_in(request: Request, token: str = "") -> Response:
    """Turn the printed link into a session, or ask for one."""
    if not token:
        return page(request, "sign_in.html", error=None)
    with writing() as session:
        return _enter(request, Services(session), token)


@router.post("/sign-in", dependencies=[Depends(same_site)])
def enter(request: Request, services: Writing, token: Annotated[str, Form()]) -> Response:
    secret = token.rpartition("token=")[2].strip()
    return _enter(request, services, secret)


@router.post("/sign-out", dependencies=[Depends(same_site)])
def sign_out(request: Request, services: Writing) -> RedirectResponse:
    services.users.sign_out(request.cookies.get(SESSION_COOKIE, ""))
    services.session.commit()
    answer = RedirectResponse("/ui/sign-in", status_code=303)
    answer.delete_cookie(SESSION_COOKIE)
    return answer


def _enter(request: Request, services: Services, secret: str) -> Response:
    try:
        users = services.users
        session_secret = users.session_for_token(secret) or users.sign_in(secret)
    except UnauthorizedError as error:
        return _refused(request, error)
    services.session.commit()
    answer = RedirectResponse("/ui/", status_code=303)
    answer.set_cookie(
        SESSION_COOKIE,
        session_secret,
        max_age=int(SESSION_LIFETIME.total_seconds()),
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )
    return answer


def _refused(request: Request, error: UnauthorizedError) -> HTMLResponse:
    answer = page(request, "sign_in.html", error=error)
    answer.status_code = error.status
    return answer
