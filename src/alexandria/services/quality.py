"""Quality: how far the record of a resource can be trusted and used."""

from collections.abc import Collection, Iterable, Sequence
from functools import partial
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, selectinload

from alexandria import cache_keys
from alexandria.db import now, see_newest
from alexandria.models import Interaction, QualityScore, Resource, ResourceContent
from alexandria.protocols import Cache
from alexandria.services.ledger import Revisions
from alexandria.services.quality_rules import WEIGHTS, Assessment, QualityInputs, assess

PRODUCER = "quality rules 2"
READ_CHARACTERS = 20_000


class QualityService:
    def __init__(self, session: Session, cache: Cache) -> None:
        self._session = session
        self._cache = cache

    def compute_quality(self, resource_id: str) -> Revisions | None:
        """Compute and store the scores; None if the resource is deleted or unknown."""
        return self.compute_qualities([resource_id]).get(resource_id)

    def compute_qualities(self, resource_ids: Collection[str]) -> dict[str, Revisions]:
        """Compute and store the scores of many; give the revisions that were read.

        Resources that are deleted or unknown lose their scores, and are not in the answer.
        """
        found = self._assess(resource_ids)
        read: dict[str, Revisions] = {}
        for resource, assessment in found:
            read[resource.id] = (resource.content_revision, resource.metadata_revision)
            self._store(_row(resource, assessment))
        gone = set(resource_ids) - read.keys()
        self._session.execute(delete(QualityScore).where(QualityScore.resource_id.in_(gone)))
        return read

    def get_quality_scores(self, resource_id: str) -> dict[str, Any] | None:
        """Give the dimensions with their reasons; None if they are not computed yet."""
        key = cache_keys.quality(resource_id)
        return self._cache.get_or_compute(key, partial(self._scores, resource_id))

    def warm(self, resource_ids: Iterable[str]) -> int:
        """Have the cache hold their scores; give how many it did not."""
        return self._cache.warm(
            {cache_keys.quality(one): partial(self._scores, one) for one in resource_ids}
        )

    def _scores(self, resource_id: str) -> dict[str, Any] | None:
        see_newest(self._session)  # else it could be older than what emptied the cache
        row = self._stored(resource_id)
        if row is None:
            return None
        return {
            "overall": row.overall,
            "dimensions": {
                name: {"score": getattr(row, name), "reasons": row.reasons.get(name, [])}
                for name in WEIGHTS
            },
            "weights": dict(WEIGHTS),
            "producer": row.producer,
            "computed_at": row.computed_at.isoformat(),
            "content_revision": row.content_revision,
            "metadata_revision": row.metadata_revision,
            "revision": [row.content_revision, row.metadata_revision],
        }

    def _stored(self, resource_id: str) -> QualityScore | None:
        return self._session.scalar(
            select(QualityScore)
            .join(Resource, Resource.id == QualityScore.resource_id)
            .where(QualityScore.resource_id == resource_id, Resource.deleted_at.is_(None))
            .execution_options(populate_existing=True)
        )

    def assess_today(self, resource_ids: Collection[str]) -> dict[str, float]:
        """Give what the overall score of each live resource would be today; nothing is stored."""
        return {
            resource.id: assessment.overall
            for resource, assessment in self._assess(resource_ids)
            if assessment.overall is not None
        }

    def _assess(self, resource_ids: Collection[str]) -> list[tuple[Resource, Assessment]]:
        ids = list(resource_ids)
        # Revisions before all else: what is read after them is at least as new as they say.
        live = self._live(ids)
        texts: dict[str, str] = {
            row.resource_id: row.text
            for row in self._session.execute(
                select(
                    ResourceContent.resource_id,
                    func.substr(ResourceContent.text, 1, READ_CHARACTERS).label("text"),
                ).where(ResourceContent.resource_id.in_(ids))
            )
        }
        uses: dict[str, int] = {
            row.resource_id: row.uses
            for row in self._session.execute(
                select(Interaction.resource_id, func.count().label("uses"))
                .where(Interaction.resource_id.in_(ids))
                .group_by(Interaction.resource_id)
            )
        }
        year = now().year
        return [
            (one, assess(_inputs(one, texts.get(one.id, ""), uses.get(one.id, 0)), year))
            for one in live
        ]

    def _live(self, ids: list[str]) -> Sequence[Resource]:
        return self._session.scalars(
            select(Resource)
            .where(Resource.id.in_(ids), Resource.deleted_at.is_(None))
            .options(selectinload(Resource.author_rows), selectinload(Resource.identifier_rows))
            .execution_options(populate_existing=True)
        ).all()

    def _store(self, values: dict[str, Any]) -> None:
        """Store a row, unless one of newer revisions is there."""
        dialect = self._session.get_bind().dialect.name
        insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
        statement = insert(QualityScore).values(values)
        self._session.execute(
            statement.on_conflict_do_update(
                index_elements=[QualityScore.resource_id],
                set_={name: statement.excluded[name] for name in values if name != "resource_id"},
                where=(QualityScore.content_revision <= statement.excluded.content_revision)
                & (QualityScore.metadata_revision <= statement.excluded.metadata_revision),
            )
        )


def _inputs(resource: Resource, text: str, interactions: int) -> QualityInputs:
    return QualityInputs(
        title=resource.title,
        abstract=resource.abstract,
        text=text,
        authors=tuple(resource.authors),
        year=resource.year,
        venue=resource.venue,
        identifiers=resource.identifiers,
        language=resource.language,
        interactions=interactions,
    )


def _row(resource: Resource, assessment: Assessment) -> dict[str, Any]:
    return {
        "resource_id": resource.id,
        "overall": assessment.overall,
        **{name: dimension.score for name, dimension in assessment.dimensions.items()},
        "reasons": {n: list(d.reasons) for n, d in assessment.dimensions.items()},
        "content_revision": resource.content_revision,
        "metadata_revision": resource.metadata_revision,
        "producer": PRODUCER,
        "computed_at": now(),
    }
