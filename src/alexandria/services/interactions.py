from sqlalchemy import func, select
from sqlalchemy.orm import Session

from alexandria.errors import InvalidInputError
from alexandria.events import EventPriority, SystemEvent, outbox
from alexandria.models import Interaction
from alexandria.services.ledger import Ledger
from alexandria.services.profile_ledger import ProfileLedger
from alexandria.services.resources import ResourceService

INTERACTION_TYPES = ("view", "download", "save", "rate")
RATINGS = (1.0, 5.0)


class InteractionService:
    """What readers do with resources; quality counts it, and recommendations learn from it."""

    def __init__(
        self,
        session: Session,
        resources: ResourceService,
        ledger: Ledger,
        profiles: ProfileLedger,
    ) -> None:
        self._session = session
        self._resources = resources
        self._ledger = ledger
        self._profiles = profiles

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
        resource = self._resources.get(resource_id)
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
        event = SystemEvent.USER_INTERACTION_TRACKED
        event_id = outbox.record(self._session, event, data, EventPriority.LOW)
        self._ledger.mark(resource, {"interactions"}, event_id)
        self._profiles.interacted(user_id, total, event_id)
        return total

    def _total(self, user_id: str) -> int:
        query = select(func.count()).where(Interaction.user_id == user_id)
        return self._session.scalar(query) or 0
