"""The one place where errors become problem documents (RFC 9457)."""

import logging
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import OperationalError
from starlette.exceptions import HTTPException

from alexandria.errors import AlexandriaError

logger = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"


def problem(status: int, title: str, detail: str, **more: Any) -> JSONResponse:
    """Give a problem document; `detail` says what happened and what to do."""
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail, **more}
    headers = {"WWW-Authenticate": "Bearer"} if status == HTTPStatus.UNAUTHORIZED else None
    return JSONResponse(body, status_code=status, media_type=MEDIA_TYPE, headers=headers)


def own_error(_request: Request, error: AlexandriaError) -> JSONResponse:
    if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        logger.error("%s", error, exc_info=error)
    return problem(error.status, error.title, error.detail)


def invalid_request(_request: Request, error: RequestValidationError) -> JSONResponse:
    faults = [
        {"field": ".".join(str(part) for part in fault["loc"]), "message": fault["msg"]}
        for fault in error.errors()
    ]
    first = faults[0] if faults else {"field": "body", "message": "not understood"}
    detail = f"{first['field']}: {first['message']}. See /docs for what this path takes."
    return problem(422, "Invalid input", detail, errors=faults)


def http_error(_request: Request, error: HTTPException) -> JSONResponse:
    title = HTTPStatus(error.status_code).phrase
    detail = error.detail if error.detail != title else "There is nothing at this path. See /docs."
    return problem(error.status_code, title, str(detail))


def database_away(_request: Request, error: OperationalError) -> JSONResponse:
    logger.error("The database failed", exc_info=error)
    return problem(
        503,
        "Not available right now",
        "The database does not answer; nothing was changed. Try again in a moment.",
    )


def unexpected(_request: Request, error: Exception) -> JSONResponse:
    logger.error("Unexpected error", exc_info=error)
    return problem(
        500,
        "Something went wrong",
        "An unexpected error stopped this request; the log of the server says more. "
        "Nothing was changed by it.",
    )


def install(app: FastAPI) -> None:
    """Handle all but our own errors, which pages show in another way."""
    app.add_exception_handler(RequestValidationError, invalid_request)  # type: ignore[arg-type]
    app.add_exception_handler(HTTPException, http_error)  # type: ignore[arg-type]
    app.add_exception_handler(OperationalError, database_away)  # type: ignore[arg-type]
    app.add_exception_handler(Exception, unexpected)
