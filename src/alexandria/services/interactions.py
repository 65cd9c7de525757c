from sqlalchemy import func, select
from sqlalchemy.orm import Session

from alexandria.errors import InvalidInputError
from alexandria.events import EventPriority, SystemEvent, outbox
from alexandria.models import Interaction
from alexandria.services.resources import ResourceService

INTERACTION_TYPES = ("view", "download", "save", "rate")
RATINGS = (1.0, 5.0)


class InteractionService:
    """What readers do with resources; recommendations learn from it."""

    def __init__(self, session: Session, resources: ResourceService) -> None:
        self._session = session
        self._resources = resources

    def track(
        self,
        user_id: str,
        resource_id: str,
        interaction_type: str,
        rating: float | None = None,
    ) -> int:
        """Note one interaction; give how many the user has now."""
        if interaction_type not in INTERACTION_TYPES:
            raise InvalidInputError(
                f"There is no interaction {interaction_type!r}.",
                f"Use one of: {', '.join(INTERACTION_TYPES)}.",
            )
        if (interaction_type == "rate") != (rating is not None):
            raise InvalidInputError(
                "A rating belongs to the interaction `rate`, and to no other.",
                "Send both together.",
            )
        self._resources.get(resource_id)
        self._session.add(
            Interaction(
                user_id=user_id,
                resource_id=resource_id,
                interaction_type=interaction_type,
                rating=rating,
            )
        )
        self._session.flush()
        total = self._total(user_id)
        data = {
            "user_id": user_id,
            "resource_id": resource_id,
            "interaction_type": interaction_type,
            "total_interactions": total,
        }
        outbox.record(self._session, SystemEvent.USER_INTERACTION_TRACKED, data, EventPriority.LOW)
        return total

    def _total(self, user_id: str) -> int:
        query = select(func.count()).where(Interaction.user_id == user_id)
        return self._session.scalar(query) or 0
