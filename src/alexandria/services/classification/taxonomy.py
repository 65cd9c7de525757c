"""The categories of a resource: what is predicted, and what people say of it."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from alexandria.db import now
from alexandria.errors import NotFoundError
from alexandria.models import (
    Category,
    ClassificationDecision,
    ClassificationPrediction,
    ClassificationRun,
    Resource,
)
from alexandria.services.classification.categories import CategoryService
from alexandria.services.ledger import Revisions
from alexandria.services.resources import ResourceService


@dataclass(frozen=True, slots=True)
class Classification:
    """A category of a resource. `state`: confirmed, rejected, or predicted."""

    category: Category
    state: str
    confidence: float | None

    @property
    def is_predicted(self) -> bool:
        return self.state == "predicted"


class TaxonomyService:
    def __init__(
        self, session: Session, resources: ResourceService, categories: CategoryService
    ) -> None:
        self._session = session
        self._resources = resources
        self._categories = categories

    def classify_resource(
        self,
        resource_id: str,
        predictions: Sequence[tuple[str, float]],
        read: Revisions,
        producer: str,
        *,
        is_predicted: bool = True,
    ) -> None:
        """Store categories with their confidences in place of the earlier predictions.

        What a person decided stands in a table of its own, which this never touches.
        `is_predicted` False: confirm the categories instead.
        """
        if not is_predicted:
            for category_id, _ in predictions:
                self.confirm(resource_id, category_id)
            return
        run = self._session.get(ClassificationRun, resource_id, with_for_update=True)
        if run and (run.content_revision > read[0] or run.metadata_revision > read[1]):
            return  # of newer revisions
        of_resource = ClassificationPrediction.resource_id == resource_id
        self._session.execute(delete(ClassificationPrediction).where(of_resource))
        for category_id, confidence in predictions:
            self._session.add(
                ClassificationPrediction(
                    resource_id=resource_id, category_id=category_id, confidence=confidence
                )
            )
        self._session.merge(
            ClassificationRun(
                resource_id=resource_id,
                content_revision=read[0],
                metadata_revision=read[1],
                producer=producer,
                computed_at=now(),
            )
        )
        self._session.flush()

    def of(self, resource_id: str) -> list[Classification]:
        """Give the categories of a resource: those confirmed, those predicted, those rejected.

        A subject of the resource that names a category counts as confirmed by whoever set it.
        """
        subjects = {one.casefold() for one in self._resources.get(resource_id).subjects}
        confidences: dict[str, float] = {
            row.category_id: row.confidence
            for row in self._session.scalars(
                select(ClassificationPrediction).where(
                    ClassificationPrediction.resource_id == resource_id
                )
            )
        }
        rejected = {
            row.category_id
            for row in self._session.scalars(
                select(ClassificationDecision).where(
                    ClassificationDecision.resource_id == resource_id,
                    ClassificationDecision.is_confirmed.is_(False),
                )
            )
        }
        found = []
        for category in self._categories.categories():
            confidence = confidences.get(category.id)
            if category.name.casefold() in subjects:
                found.append(Classification(category, "confirmed", confidence))
            elif category.id in rejected:
                found.append(Classification(category, "rejected", confidence))
            elif confidence is not None:
                found.append(Classification(category, "predicted", confidence))
        order = ("confirmed", "predicted", "rejected")
        return sorted(found, key=lambda one: (order.index(one.state), -(one.confidence or 0)))

    def confirm(self, resource_id: str, category_id: str, by: str | None = None) -> None:
        """Say that the resource belongs to the category; its name becomes one of its subjects."""
        self._decide(resource_id, category_id, by, is_confirmed=True)

    def reject(self, resource_id: str, category_id: str, by: str | None = None) -> None:
        """Say that it does not; the name leaves the resource's subjects."""
        self._decide(resource_id, category_id, by, is_confirmed=False)

    def undo_decision(self, resource_id: str, category_id: str) -> None:
        """Take back what was said; the subjects are as before, unless they changed since."""
        category = self._categories.get(category_id)
        resource = self._resources.get(resource_id, for_update=True)
        decision = self._session.get(ClassificationDecision, (resource_id, category_id))
        if decision is None:
            raise NotFoundError(
                "Nobody confirmed or rejected this category here.", "There is nothing to undo."
            )
        if decision.changed_subjects:
            self._set_subject(resource, category.name, wanted=not decision.is_confirmed)
        self._session.delete(decision)
        self._session.flush()

    def _decide(
        self, resource_id: str, category_id: str, by: str | None, *, is_confirmed: bool
    ) -> None:
        category = self._categories.get(category_id)
        resource = self._resources.get(resource_id, for_update=True)
        earlier = self._session.get(ClassificationDecision, (resource_id, category_id))
        if earlier is not None and earlier.is_confirmed == is_confirmed:
            return
        if earlier is not None:
            self.undo_decision(resource_id, category_id)
        changed = self._set_subject(resource, category.name, wanted=is_confirmed)
        self._session.add(
            ClassificationDecision(
                resource_id=resource_id,
                category_id=category_id,
                is_confirmed=is_confirmed,
                changed_subjects=changed,
                decided_by=by,
            )
        )
        self._session.flush()

    def _set_subject(self, resource: Resource, name: str, *, wanted: bool) -> bool:
        """Add the subject, or take it away; give whether that changed anything."""
        others = [one for one in resource.subjects if one.casefold() != name.casefold()]
        if (len(others) < len(resource.subjects)) == wanted:
            return False
        self._resources.update(resource.id, {"subjects": [*others, name] if wanted else others})
        return True
