"""Who cites whom, and what follows from it."""

from typing import Annotated

from fastapi import APIRouter, Query

from alexandria.access import Reading, Writing
from alexandria.api.schemas.graph import (
    CitationsOut,
    DecisionIn,
    NeighborsOut,
    PathOut,
    RankingOut,
    ReferenceOut,
)
from alexandria.services.graph import DEEPEST

router = APIRouter(tags=["graph"])


@router.get("/resources/{resource_id}/citations")
def citations(resource_id: str, services: Reading) -> CitationsOut:
    """List what the resource cites and what cites it, each with what the match rests on."""
    found = services.graph.citations_of(resource_id)
    return CitationsOut.of(resource_id, found, services.graph.titles_in(found))


@router.post("/resources/{resource_id}/citations/{citation_id}")
def decide(
    resource_id: str, citation_id: int, decision: DecisionIn, services: Writing
) -> ReferenceOut:
    """Say that a reference is, or is not, a resource: no computation overrules it."""
    row = services.graph.decide(
        resource_id, citation_id, decision.cited_id, right=decision.is_right
    )
    services.session.commit()
    ids = [one for one in (row.resource_id, row.cited_id) if one]
    return ReferenceOut.of(row, services.graph.titles(ids))


@router.get("/graph/neighbors/{resource_id}")
def neighbors(
    resource_id: str, services: Reading, depth: Annotated[int, Query(ge=1, le=DEEPEST)] = 1
) -> NeighborsOut:
    """Give what cites the resource or is cited by it, over so many edges."""
    return NeighborsOut(**services.graph.neighbors(resource_id, depth))


@router.get("/graph/path")
def path(
    services: Reading,
    start: Annotated[str, Query(alias="from")],
    end: Annotated[str, Query(alias="to")],
) -> PathOut:
    """Give the shortest way between two resources, whichever way the citations on it go."""
    nodes = services.graph.path(start, end)
    return PathOut.model_validate({"length": len(nodes) - 1, "nodes": nodes})


@router.get("/graph/influential")
def influential(services: Reading, limit: Annotated[int, Query(ge=1, le=200)] = 20) -> RankingOut:
    """Give the resources with the highest PageRank among the citations of this library."""
    return RankingOut(**services.graph.influential(limit))
