"""Whose papers are these, and why one person: the list of authors, and the page of each."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from alexandria.access import Reading, SignedIn, Writing
from alexandria.bootstrap import Services
from alexandria.models import AuthorDecision, AuthorLink
from alexandria.services.authors import PRODUCER, explain_kind, explain_link
from alexandria.services.authors.service import Work
from alexandria.web.rendering import number_of, page, reader, same_site

router = APIRouter(prefix="/ui/authors", dependencies=[Depends(reader), Depends(same_site)])

_SHOWN = 100
_WORKS = 50


@router.get("")
def index(request: Request, services: Reading, q: str = "", cursor: str = "") -> HTMLResponse:
    found = services.authors.find(q[:200], _SHOWN, cursor or None)
    return page(request, "authors.html", services, found=found, q=q, cursor=cursor)


@router.get("/{author_id}")
def author(
    request: Request, author_id: str, services: Reading, decided: str = "", show: str = ""
) -> HTMLResponse:
    """`decided`: the decision just made, which can be undone; `show=all`: every work."""
    record = services.authors.record(author_id)
    number = number_of(decided)
    made = services.session.get(AuthorDecision, number) if number is not None else None
    years = [one.resource.year for one in record.works if one.resource.year]
    return page(
        request,
        "author.html",
        services,
        record=record,
        works=record.works if show == "all" else record.works[:_WORKS],
        years=(min(years), max(years)) if years else None,
        by_year=_by_year(record.works),
        why=_why(record.names[0].name if record.names else "", record.links),
        alike=[(one, explain_kind(one.kind)) for one in record.alike],
        decided=made and _told(made, services),
        history=[_told(one, services) for one in record.decisions],
        producer=PRODUCER,
    )


@router.post("/{author_id}/merge")
def merge(
    author_id: str, services: Writing, who: SignedIn, other: Annotated[str, Form()]
) -> RedirectResponse:
    return _decided(services.authors.merge([author_id, other], who.user_id), services)


@router.post("/{author_id}/apart")
def keep_apart(
    author_id: str, services: Writing, who: SignedIn, other: Annotated[str, Form()]
) -> RedirectResponse:
    return _decided(services.authors.keep_apart(author_id, other, who.user_id), services)


@router.post("/{author_id}/split")
def split(
    author_id: str,
    services: Writing,
    who: SignedIn,
    name: Annotated[list[str], Form()] = [],  # noqa: B006 (FastAPI copies it)
    work: Annotated[list[str], Form()] = [],  # noqa: B006
) -> RedirectResponse:
    """Split off the chosen names, or works, which go to an author of their own."""
    return _decided(services.authors.split(author_id, name, work, who.user_id), services)


@router.post("/decisions/{decision_id}/undo")
def undo(decision_id: int, services: Writing, _who: SignedIn) -> RedirectResponse:
    return _decided(services.authors.undo(decision_id), services)


def _decided(decision: AuthorDecision, services: Services) -> RedirectResponse:
    services.session.commit()
    people = services.authors.people_of(decision)
    if not people:  # all their works were deleted meanwhile
        return RedirectResponse("/ui/authors", status_code=303)
    return RedirectResponse(f"/ui/authors/{people[0].id}?decided={decision.id}", status_code=303)


def _told(decision: AuthorDecision, services: Services) -> Mapping[str, object]:
    left, right = services.authors.names_in(decision)
    people = services.authors.people_of(decision)
    kind: Literal["merge", "split"] = "merge" if decision.kind == "merge" else "split"
    return {"row": decision, "kind": kind, "left": left, "right": right, "people": people}


def _why(shown: str, links: Sequence[AuthorLink]) -> Mapping[str, tuple[str, str]]:
    """Give for each printed name the name that it was joined to, and why, by the surest link."""
    found: dict[str, tuple[str, str]] = {}
    for link in links:  # the surest first
        for name, other in ((link.first, link.second), (link.second, link.first)):
            if name != shown:
                found.setdefault(name, (other, explain_link(link)))
    return found


def _by_year(works: Sequence[Work]) -> list[tuple[int, int]]:
    """Give each year from the first work to the last with the number of works."""
    years = [one.resource.year for one in works if one.resource.year]
    if not years:
        return []
    return [(year, years.count(year)) for year in range(min(years), max(years) + 1)]
