"""The pages under /ui/: rendered on the server, usable without JavaScript."""

from pathlib import Path

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from alexandria.web import (
    activity,
    add,
    authors,
    categories,
    citing,
    duplicates,
    editing,
    graph,
    library,
    lookups,
    nowhere,
    quality_review,
    recommendations,
    resource,
    review,
    saved_searches,
    sign_in,
    trash,
    viewing,
)
from alexandria.web.rendering import error_page

__all__ = ["error_page", "mount"]


def mount(app: FastAPI) -> None:
    for module in (
        sign_in,
        activity,
        add,
        authors,
        categories,
        citing,
        duplicates,
        editing,
        graph,
        lookups,
        quality_review,
        recommendations,
        resource,
        review,
        viewing,
        saved_searches,
        trash,
        library,
        nowhere,
    ):  # nowhere takes what is left
        app.include_router(module.router, include_in_schema=False)
    app.mount("/static", StaticFiles(directory=Path(__file__).parent / "static"), name="static")
