from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.orm import Session

from alexandria.db import now
from alexandria.errors import InvalidInputError
from alexandria.events import EventPriority, SystemEvent, outbox
from alexandria.models import Interaction, Resource
from alexandria.services.ledger import Ledger
from alexandria.services.profile_ledger import ProfileLedger
from alexandria.services.resources import ResourceService

INTERACTION_TYPES = ("view", "download", "save", "rate")
RATINGS = (1.0, 5.0)
ONE_VIEW = timedelta(days=1)
"""Opening the page of a resource again within this time is no other view."""


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
        return self._told(user_id, resource, interaction_type)

    def opened(self, user_id: str, resource_id: str) -> bool:
        """Note a view, unless the reader's last one was within ONE_VIEW; tell whether it was."""
        latest = self._session.scalar(
            select(func.max(Interaction.created_at)).where(
                *_of(user_id, resource_id), Interaction.interaction_type == "view"
            )
        )
        if latest is not None and now() - latest < ONE_VIEW:
            return False
        self.track(user_id, resource_id, "view")
        return True

    def has_saved(self, user_id: str, resource_id: str) -> bool:
        query = select(Interaction.id).where(
            *_of(user_id, resource_id), Interaction.interaction_type == "save"
        )
        return self._session.scalars(query.limit(1)).first() is not None

    def undo_save(self, user_id: str, resource_id: str) -> None:
        """Forget that the reader saved it, however often; nothing if they did not."""
        resource = self._resources.get(resource_id)
        gone: Any = self._session.execute(
            delete(Interaction).where(
                *_of(user_id, resource_id), Interaction.interaction_type == "save"
            )
        )
        if gone.rowcount:
            self._told(user_id, resource, "undo_save")

    def _told(self, user_id: str, resource: Resource, what: str) -> int:
        """Tell what the reader did, and have derived what follows; give how many there are."""
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


def _of(user_id: str, resource_id: str) -> tuple[ColumnElement[bool], ...]:
    return Interaction.user_id == user_id, Interaction.resource_id == resource_id
