"""What a reader may want to read next."""

from typing import Annotated

from fastapi import APIRouter, Query

from alexandria.access import Reading, SignedIn, Writing
from alexandria.api.schemas.page import Page
from alexandria.api.schemas.recommendation import DismissedOut, RecommendationOut
from alexandria.services.recommendations import LARGEST

router = APIRouter(tags=["readers"])


@router.get("/recommendations")
def recommendations(
    identity: SignedIn, services: Reading, limit: Annotated[int, Query(ge=1, le=LARGEST)] = 20
) -> Page[RecommendationOut]:
    """Recommend what the reader has not opened, saved or rated, each with its reason in words."""
    found = services.recommendations.recommend(identity.user_id, limit)
    return Page(total=len(found), items=[RecommendationOut.of(one) for one in found])


@router.post("/recommendations/{resource_id}/dismiss")
def dismiss(resource_id: str, identity: SignedIn, services: Writing) -> DismissedOut:
    """Say that the resource is not for the reader: it is not recommended to them again."""
    services.recommendations.dismiss(identity.user_id, resource_id)
    services.session.commit()
    return DismissedOut(resource_id=resource_id, dismissed=True)


@router.post("/recommendations/{resource_id}/dismiss/undo")
def undo_dismissal(resource_id: str, identity: SignedIn, services: Writing) -> DismissedOut:
    """Take that back."""
    services.recommendations.undo_dismissal(identity.user_id, resource_id)
    services.session.commit()
    return DismissedOut(resource_id=resource_id, dismissed=False)
