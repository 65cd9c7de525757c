"""The one place where errors are put into words: a problem document (RFC 9457), or a page."""

import logging
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from sqlalchemy.exc import DataError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException

from alexandria.api.schemas.problem import Problem
from alexandria.db import is_disk_full
from alexandria.errors import AlexandriaError, NoRoomError

logger = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
Present = Callable[[Request, Problem], Response]
"""Answers a request with a problem."""


def as_json(_request: Request, problem: Problem) -> JSONResponse:
    unauthorized = problem.status == HTTPStatus.UNAUTHORIZED
    return JSONResponse(
        problem.model_dump(exclude_none=True),
        status_code=problem.status,
        media_type=MEDIA_TYPE,
        headers={"WWW-Authenticate": "Bearer"} if unauthorized else None,
    )


def own_error(error: AlexandriaError) -> Problem:
    if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        logger.error("%s", error, exc_info=error)
    return Problem(status=error.status, title=error.title, detail=error.detail)


def invalid_request(error: RequestValidationError) -> Problem:
    faults = [
        {"field": ".".join(str(part) for part in fault["loc"]), "message": fault["msg"]}
        for fault in error.errors()
    ]
    first = faults[0] if faults else {"field": "body", "message": "not understood"}
    detail = f"{first['field']}: {first['message']}. See /docs for what this path takes."
    return Problem(status=422, title="Invalid input", detail=detail, errors=faults)


def http_error(error: HTTPException) -> Problem:
    title = HTTPStatus(error.status_code).phrase
    detail = error.detail if error.detail != title else "There is nothing at this path. See /docs."
    return Problem(status=error.status_code, title=title, detail=str(detail))


def database_away(error: OperationalError) -> Problem:
    logger.error("The database failed", exc_info=error)
    if is_disk_full(error):
        return own_error(
            NoRoomError(
                "There is no room left on the disk of the database; nothing was changed.",
                "Free some space and try again.",
            )
        )
    return Problem(
        status=503,
        title="Not available right now",
        detail="The database does not answer. Try again in a moment.",
    )


def too_many(error: PoolTimeoutError) -> Problem:
    logger.warning("No database connection became free: %s", error)
    return Problem(
        status=503,
        title="Not available right now",
        detail="More is asked of the library than it can answer at once. Try again in a moment.",
    )


def unfit(error: DataError) -> Problem:
    """Tell of what PostgreSQL has no place for: U+0000, numbers beyond 32 bits."""
    logger.info("The database refused a value: %s", error.orig)
    return Problem(
        status=422,
        title="Invalid input",
        detail="A value holds a character or a number that can't be stored or looked for, "
        "such as U+0000. Leave it out.",
    )


def unexpected(error: Exception) -> Problem:
    logger.error("Unexpected error", exc_info=error)
    return Problem(
        status=500,
        title="Something went wrong",
        detail="An unexpected error stopped this request; the log of the server says more. "
        "Nothing was changed by it.",
    )


_DESCRIBE: tuple[tuple[type[Exception], Callable[[Any], Problem]], ...] = (
    (AlexandriaError, own_error),
    (RequestValidationError, invalid_request),
    (HTTPException, http_error),
    (OperationalError, database_away),
    (PoolTimeoutError, too_many),
    (DataError, unfit),
)


def install(app: FastAPI, present: Present) -> None:
    """Have the application answer each kind of error through `present`."""
    for kind, describe in _DESCRIBE:
        app.add_exception_handler(kind, _handler(describe, present))


def _handler(
    describe: Callable[[Any], Problem], present: Present
) -> Callable[[Request, Exception], Response]:
    def handle(request: Request, error: Exception) -> Response:
        return present(request, describe(error))

    return handle
