"""The JSON interface: each path parses, calls one service, answers."""

from fastapi import APIRouter, Depends

from alexandria.access import signed_in
from alexandria.api import activity, health, ingestion, monitoring, quality, resources, search

open_router = APIRouter()
open_router.include_router(health.router)

router = APIRouter(dependencies=[Depends(signed_in)])
for module in (resources, ingestion, search, quality, activity, monitoring):
    router.include_router(module.router)
