"""What is new among what a query finds."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from alexandria.services.search.candidates import Candidates
from alexandria.services.search.conditions import CameAfter, Conditions
from alexandria.services.search.query import parse
from alexandria.services.search.request import MAX_LIMIT, SearchRequest

ENOUGH = 0.5
"""Of the best score. By meaning alone everything in a small library is found."""


def found_since(
    session: Session, candidates: Candidates, request: SearchRequest, moment: datetime
) -> list[str]:
    """Give the resources that came in after the moment, of those that the query finds, best first.

    By words or filters alone, all that match; where meaning takes part, those that score at least
    half as much as the best. Costs one statement while nothing came in, else one search.
    """
    came = Conditions(required=(CameAfter(moment),))
    new = came.allowed(session)
    if not new:
        return []
    request = replace(
        request.cleaned(), limit=MAX_LIMIT, offset=0, sort="relevance", facets=True
    )  # with facets all ids are given, not those of a page alone
    parsed = parse(request.query)
    filters = request.conditions()
    required = filters.required + parsed.conditions.required
    by_meaning = request.mode != "keyword" and bool(parsed.text)
    if not by_meaning:  # then the others need not be ranked
        required += came.required
    conditions = Conditions(required=required, excluded=parsed.conditions.excluded)
    found = candidates.find(request, parsed, conditions)
    if not by_meaning or not found.hits:
        return list(found.ids)
    least = ENOUGH * found.hits[0].score
    near = (hit.resource_id for hit in found.hits if hit.score >= least)
    return [one for one in near if one in new]
