"""What is new among what a query finds."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from alexandria.models import Resource
from alexandria.services.search.candidates import Candidates
from alexandria.services.search.conditions import Conditions
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
    newer = (Resource.created_at > moment, Resource.deleted_at.is_(None))
    new = set(session.scalars(select(Resource.id).where(*newer)))
    if not new:
        return []
    request = replace(
        request.cleaned(), limit=MAX_LIMIT, offset=0, sort="relevance", facets=True
    )  # with facets all ids are given, not those of a page alone
    parsed = parse(request.query)
    filters = request.conditions()
    conditions = Conditions(
        required=filters.required + parsed.conditions.required,
        excluded=parsed.conditions.excluded,
    )
    found = candidates.find(request, parsed, conditions)
    if all(hit.semantic is None for hit in found.hits):
        return [one for one in found.ids if one in new]
    least = ENOUGH * found.hits[0].score
    near = (hit.resource_id for hit in found.hits if hit.score >= least)
    return [one for one in near if one in new]
