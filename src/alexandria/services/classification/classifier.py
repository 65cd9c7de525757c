"""Which categories a resource may belong to: by the trained classifier, or by rules until then."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from alexandria.db import release
from alexandria.models import (
    Category,
    ClassificationPrediction,
    ClassificationRun,
    EmbeddingRow,
    LedgerRow,
    Resource,
)
from alexandria.protocols import Embedder
from alexandria.protocols.classification import Classifier
from alexandria.services.classification.rules import (
    LEAST_CONFIDENT,
    PRODUCER,
    CategoryWords,
    confidences,
    words_of,
)
from alexandria.services.classification.taxonomy import TaxonomyService
from alexandria.services.embeddings import as_vector, read_inputs
from alexandria.services.ledger import RESOURCE, Revisions

__all__ = ["PRODUCER", "MLClassificationService"]

TOP = 5
_NEGLIGIBLE = 0.01
_DIGITS = 4

Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Prediction:
    category_id: str
    confidence: float


class MLClassificationService:
    """`classifier`: the trained one, None where there is none; its labels are ids of categories."""

    def __init__(
        self,
        session: Session,
        embedder: Embedder,
        classifier: Classifier | None,
        taxonomy: TaxonomyService,
    ) -> None:
        self._session = session
        self._embedder = embedder
        self._classifier = classifier
        self._taxonomy = taxonomy

    @property
    def producer(self) -> str:
        return self._classifier.name if self._classifier else PRODUCER

    def predict(self, resource_id_or_text: str, top_k: int = TOP) -> list[Prediction]:
        """Give the likeliest categories of a resource, or of a text, the likeliest first."""
        inputs = read_inputs(self._session, [resource_id_or_text])
        if resource_id_or_text in inputs:
            texts = {resource_id_or_text: inputs[resource_id_or_text][0]}
        else:
            texts = {"": resource_id_or_text}
        return next(iter(self._predict(texts, self._categories(), top_k).values()))

    def classify_resources(self, resource_ids: Collection[str]) -> dict[str, Revisions]:
        """Predict and store the categories of many; give the revisions that were read.

        Commits what the session holds, so that no lock is held while models run. Resources that
        are deleted or unknown lose their predictions, and are not in the answer.
        """
        inputs = read_inputs(self._session, resource_ids)
        categories = self._categories()
        texts = {one: text for one, (text, _) in inputs.items()}
        vectors = self._stored_vectors(texts) if categories else {}
        release(self._session)
        found = self._predict(texts, categories, TOP, vectors)
        live = set(
            self._session.scalars(
                select(Resource.id)
                .where(Resource.id.in_(list(texts)), Resource.deleted_at.is_(None))
                .order_by(Resource.id)
            )
        )
        there = set(self._session.scalars(select(Category.id)))
        self._forget(set(resource_ids) - live)
        for one in sorted(live):
            kept = [(p.category_id, p.confidence) for p in found[one] if p.category_id in there]
            self._taxonomy.classify_resource(one, kept, inputs[one][1], self.producer)
        return {one: inputs[one][1] for one in live}

    def _forget(self, resource_ids: Collection[str]) -> None:
        for table in (ClassificationPrediction, ClassificationRun):
            gone = table.resource_id.in_(list(resource_ids))
            for row in self._session.scalars(select(table).where(gone)):
                self._session.delete(row)
        self._session.flush()

    def _categories(self) -> list[CategoryWords]:
        rows = self._session.scalars(
            select(Category).order_by(Category.id).execution_options(populate_existing=True)
        )
        return [words_of(one) for one in rows]

    def _predict(
        self,
        texts: Mapping[str, str],
        categories: Sequence[CategoryWords],
        top_k: int,
        stored: Mapping[str, Vectors] | None = None,
    ) -> dict[str, list[Prediction]]:
        if not categories or not texts:
            return {one: [] for one in texts}
        vectors = self._vectors(texts, stored or {})
        if self._classifier:
            labels = list(self._classifier.labels)
            found = self._classifier.probabilities(list(texts.values()), vectors)
            least = _NEGLIGIBLE
        else:
            labels = [one.id for one in categories]
            meanings = _meanings(self._embedder, tuple(one.description for one in categories))
            found = confidences(list(texts.values()), vectors, categories, meanings)
            least = LEAST_CONFIDENT
        known = {one.id for one in categories}
        allowed = [column for column, label in enumerate(labels) if label in known]
        return {
            one: [
                Prediction(labels[column], round(float(row[column]), _DIGITS))
                for column in sorted(allowed, key=lambda each: -row[each])[:top_k]
                if row[column] >= least
            ]
            for one, row in zip(texts, found, strict=True)
        }

    def _vectors(self, texts: Mapping[str, str], stored: Mapping[str, Vectors]) -> Vectors:
        missing = [one for one in texts if one not in stored]
        computed = self._embedder.embed([texts[one] for one in missing]) if missing else ()
        # As they are stored, so that both ways lead to the same.
        new = {
            one: vector.astype("<f2").astype(np.float32)
            for one, vector in zip(missing, computed, strict=True)
        }
        return np.array([stored[one] if one in stored else new[one] for one in texts], np.float32)

    def _stored_vectors(self, resource_ids: Collection[str]) -> dict[str, Vectors]:
        """Give the vectors that are there and fresh: they are of the very texts that we read."""
        rows = self._session.execute(
            select(EmbeddingRow.resource_id, EmbeddingRow.vector)
            .join(
                LedgerRow,
                and_(
                    LedgerRow.subject_type == RESOURCE,
                    LedgerRow.subject_id == EmbeddingRow.resource_id,
                    LedgerRow.derivation == "embedding",
                ),
            )
            .where(
                EmbeddingRow.resource_id.in_(list(resource_ids)),
                EmbeddingRow.model == self._embedder.model,
                EmbeddingRow.vector.is_not(None),
                LedgerRow.due_at.is_(None),
            )
        )
        size = 2 * self._embedder.dimensions
        return {one: as_vector(blob) for one, blob in rows if blob and len(blob) == size}


@lru_cache(maxsize=2)
def _meanings(embedder: Embedder, descriptions: tuple[str, ...]) -> Vectors:
    """Embed the categories once for each process: a thesaurus has thousands."""
    return embedder.embed(descriptions)
