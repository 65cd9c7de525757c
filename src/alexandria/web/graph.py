"""The page of a resource's citation graph: drawn, and the same as a list."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from sqlalchemy import select

from alexandria.access import Reading, SignedIn, Writing
from alexandria.bootstrap import Services
from alexandria.models import Resource
from alexandria.web.graph_drawing import Work, draw, radius, short_names, short_title
from alexandria.web.rendering import number_of, page, reader, same_site

router = APIRouter(prefix="/ui", dependencies=[Depends(reader), Depends(same_site)])

MOST_DRAWN = 60
LEAST = (0, 1, 5, 25)
"""What "cited at least" offers, in times."""


@router.get("/graph/{resource_id}")
def graph(
    request: Request,
    resource_id: str,
    services: Reading,
    depth: Literal["1", "2"] = "1",
    least: str = "",
) -> HTMLResponse:
    """Show what cites the resource or is cited by it, over one or two steps.

    `least`: only works that are cited here so often. At most MOST_DRAWN works are shown, the
    nearest and most cited.
    """
    at_least = number_of(least) or 0
    resource = services.resources.get(resource_id)
    found = services.graph.neighbors(resource_id, int(depth))
    edges = [(one["citing"], one["cited"]) for one in found["edges"]]
    works = _works(services, resource_id, found, edges, at_least)
    total = sum(one.cited_by >= at_least for one in works.values())
    shown = sorted(works.values(), key=lambda one: (_NEAR[one.relation], -one.cited_by, one.id))
    shown = shown[:MOST_DRAWN]
    ids = {one.id for one in shown}
    edges = [(a, b) for a, b in edges if a in ids and b in ids]
    others: dict[str, list[str]] = {one: [] for one in ids}
    for citing, cited in edges:
        if resource_id not in (citing, cited):
            others[citing].append(short_title(works[cited].title))
            others[cited].append(short_title(works[citing].title))
    row = services.freshness.of([resource_id])[resource_id].get("graph")
    return page(
        request,
        "graph.html",
        services,
        resource=resource,
        depth=depth,
        least=at_least,
        choices=sorted({*LEAST, at_least}),
        works=shown,
        listed=sorted(shown, key=lambda one: (one.year or 0, one.title)),
        total=total,
        complete=found["complete"],
        edges=edges,
        others=others,
        drawing=draw(shown, edges),
        radius=radius,
        short_title=short_title,
        short_names=short_names,
        kind=row and services.freshness.state(row),
        row=row,
    )


@router.post("/resources/{resource_id}/citations/{citation_id}")
def decide(
    resource_id: str,
    citation_id: int,
    work: Annotated[str, Form()],
    services: Writing,
    _who: SignedIn,
    right: Annotated[bool, Form()] = False,
) -> RedirectResponse:
    """Say that a reference is, or is not, a work of the library.

    `work`: its id, or the address of its page.
    """
    cited_id = work.strip().split("?")[0].split("#")[0].rstrip("/").rpartition("/")[2]
    services.graph.decide(resource_id, citation_id, cited_id, right=right)
    services.session.commit()
    return RedirectResponse(f"/ui/resources/{resource_id}#citations", status_code=303)


_NEAR = {"me": 0, "ref": 1, "cit": 1, "far": 2}


def _works(
    services: Services,
    resource_id: str,
    found: dict[str, Any],
    edges: list[tuple[str, str]],
    least: int,
) -> dict[str, Work]:
    """Give the works of the answer by id, without those that are cited less often."""
    cited = {b for a, b in edges if a == resource_id}
    citing = {a for a, b in edges if b == resource_id}
    ids = [one["id"] for one in found["nodes"]]
    counts = services.graph.cited_by(ids)
    works = {}
    for one in services.session.scalars(select(Resource).where(Resource.id.in_(ids))):
        relation = "ref" if one.id in cited else "cit" if one.id in citing else "far"
        relation = "me" if one.id == resource_id else relation
        count = counts.get(one.id, 0)
        if relation == "me" or count >= least:
            works[one.id] = Work(one.id, one.title, one.authors, one.year, count, relation)
    return works
