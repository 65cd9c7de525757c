"""The JSON interface: each path parses, calls one service, answers."""

from fastapi import APIRouter, Depends
from fastapi.security import HTTPBearer

from alexandria.access import signed_in
from alexandria.api import (
    activity,
    authors,
    citing,
    dead_letters,
    duplicates,
    graph,
    health,
    ingestion,
    lookups,
    merging,
    metrics,
    monitoring,
    originals,
    quality,
    recommendations,
    resources,
    saved_searches,
    search,
    taxonomy,
    trash,
)
from alexandria.api.errors import MEDIA_TYPE
from alexandria.api.schemas.problem import Problem

_bearer = HTTPBearer(auto_error=False, description="The API token; a session will do as well.")

open_router = APIRouter()
open_router.include_router(health.router)

router = APIRouter(
    dependencies=[Depends(_bearer), Depends(signed_in)],  # the first only tells OpenAPI
    responses={
        "4XX": {
            "description": "What is wrong with the request, and what to do",
            "content": {MEDIA_TYPE: {"schema": Problem.model_json_schema()}},
        }
    },
)
for module in (
    *(resources, originals, lookups, merging, duplicates, trash, ingestion),
    *(search, saved_searches, citing, quality, graph, authors, recommendations, taxonomy),
    *(dead_letters, activity, monitoring, metrics),
):
    router.include_router(module.router)
