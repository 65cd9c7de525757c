"""The web application: JSON interface and pages in one process."""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from http import HTTPStatus
from typing import Any
from uuid import uuid4

from fastapi import Depends, FastAPI, Request, Response
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse, RedirectResponse
from fastapi.staticfiles import StaticFiles

from alexandria import __version__, api, bootstrap, web
from alexandria.access import signed_in
from alexandria.api import errors
from alexandria.api.schemas.problem import Problem
from alexandria.config import get_settings
from alexandria.db import dispose_engine, get_engine
from alexandria.errors import TransientError
from alexandria.events import SystemEvent, event_emitter
from alexandria.log import configure_logging, correlation_id
from alexandria.migrations import require_current
from alexandria.tasks.celery_tasks.cache import warming
from alexandria.tasks.hooks import register_all_hooks
from alexandria.tasks.pool_reports import PoolReporter
from alexandria.tasks.queueing import queue_all
from alexandria.web.rendering import SignInFirstError, error_page, to_sign_in

logger = logging.getLogger(__name__)

_RETRY_AFTER_SECONDS = 2


@asynccontextmanager
async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
    require_current(get_engine())
    count = register_all_hooks()
    available = bootstrap.cache_answers()
    logger.info("Event system ready: %d hooks; cache %s", count, "up" if available else "away")
    event_emitter.emit(SystemEvent.SYSTEM_STARTUP, {"process": "api"})
    with suppress(TransientError):  # without a broker the cache stays cold, no more
        queue_all([warming()])
    reporter = PoolReporter()
    reporter.start()
    yield
    reporter.stop()
    event_emitter.emit(SystemEvent.SYSTEM_SHUTDOWN, {"process": "api"})
    bootstrap.close()
    dispose_engine()


async def correlate(
    request: Request, call_next: Callable[[Request], Awaitable[Response]]
) -> Response:
    """Give the request its correlation id, which its events, tasks and log lines carry."""
    given = request.headers.get("x-request-id", "").strip()[:128]
    token = correlation_id.set(given if given.isprintable() and given else str(uuid4()))
    try:
        try:
            response = await call_next(request)
        except Exception as error:  # noqa: BLE001 (the last resort: told in the log, and in words)
            response = present(request, errors.unexpected(error))
        response.headers["X-Request-ID"] = correlation_id.get() or ""
        return response
    finally:
        correlation_id.reset(token)


def present(request: Request, problem: Problem) -> Response:
    """Tell people on a page, and programs in a problem document."""
    to_people = request.url.path.startswith("/ui/")
    response = error_page(request, problem) if to_people else errors.as_json(request, problem)
    if problem.status == HTTPStatus.SERVICE_UNAVAILABLE:
        response.headers["Retry-After"] = str(_RETRY_AFTER_SECONDS)
    return response


def create_app() -> FastAPI:
    settings = get_settings()
    configure_logging(settings.alexandria_log_level, as_json=settings.alexandria_log_json)
    app = FastAPI(
        title="Alexandria",
        version=__version__,
        summary="A research library in which everything derived follows every change.",
        lifespan=lifespan,
        openapi_url=None,  # served below, to those who are signed in
    )
    app.middleware("http")(correlate)
    errors.install(app, present)
    app.include_router(api.open_router)
    app.include_router(api.router)
    web.mount(app)
    app.add_exception_handler(SignInFirstError, to_sign_in)

    @app.get("/openapi.json", include_in_schema=False, dependencies=[Depends(signed_in)])
    def openapi() -> dict[str, Any]:
        return app.openapi()

    @app.get("/docs", include_in_schema=False, dependencies=[Depends(signed_in)])
    def docs() -> HTMLResponse:
        return get_swagger_ui_html(
            openapi_url="/openapi.json",
            title="Alexandria",
            swagger_js_url="/docs/static/swagger-ui-bundle.js",
            swagger_css_url="/docs/static/swagger-ui.css",
            swagger_favicon_url="/static/icon.svg",
        )

    # From the package, not from a CDN: the library works without internet.
    app.mount("/docs/static", StaticFiles(packages=[("fastapi_offline", "static")]))

    @app.get("/", include_in_schema=False)
    def home() -> RedirectResponse:
        return RedirectResponse("/ui/")

    return app
