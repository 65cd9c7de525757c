from datetime import timedelta
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from alexandria.db import now
from alexandria.errors import InvalidInputError
from alexandria.events import EventPriority, SystemEvent, outbox
from alexandria.models import Interaction, Resource, User
from alexandria.services.ledger import Ledger
from alexandria.services.profile_ledger import ProfileLedger
from alexandria.services.resources import ResourceService

INTERACTION_TYPES = ("view", "download", "save", "rate")
RATINGS = (1.0, 5.0)
VIEW_WINDOW = timedelta(minutes=30)
"""Within it a reader who opens the page of a resource again has viewed it once."""


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
        return self._tell(user_id, resource, interaction_type)

    def viewed(self, user_id: str, resource_id: str) -> bool:
        """Note that the reader opened the page; False if they did within VIEW_WINDOW before."""
        # Two pages that are opened at once are one view.
        self._session.get(User, user_id, with_for_update=True)
        moment = now()
        recent = select(Interaction.id).where(
            Interaction.user_id == user_id,
            Interaction.resource_id == resource_id,
            Interaction.interaction_type == "view",
            # A clock that was set back makes no view of each look.
            Interaction.created_at.between(moment - VIEW_WINDOW, moment + VIEW_WINDOW),
        )
        if self._session.scalar(recent.limit(1)) is not None:
            return False
        self.track(user_id, resource_id, "view")
        return True

    def saved(self, user_id: str, resource_id: str) -> bool:
        query = _saves(select(Interaction.id), user_id, resource_id)
        return self._session.scalar(query.limit(1)) is not None

    def save(self, user_id: str, resource_id: str) -> None:
        """Note that the reader saved it, unless they have."""
        if not self.saved(user_id, resource_id):
            self.track(user_id, resource_id, "save")

    def undo_save(self, user_id: str, resource_id: str) -> None:
        """Take back what the reader saved; profile and quality follow. Raises NotFoundError."""
        resource = self._resources.get(resource_id)
        if self.saved(user_id, resource_id):
            self._session.execute(_saves(delete(Interaction), user_id, resource_id))
            self._tell(user_id, resource, "unsave")

    def _tell(self, user_id: str, resource: Resource, what: str) -> int:
        """Have all that follows from interactions follow; give how many the user has now."""
        self._session.flush()
        total = self._total(user_id)
        data = {
            "user_id": user_id,
            "resource_id": resource.id,
            "interaction_type": what,
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


def _saves(query: Any, user_id: str, resource_id: str) -> Any:
    return query.where(
        Interaction.user_id == user_id,
        Interaction.resource_id == resource_id,
        Interaction.interaction_type == "save",
    )
