"""Training the classifier on what people confirmed; a new model serves only if it is better."""

import hashlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from alexandria.db import release
from alexandria.errors import InvalidInputError
from alexandria.events import SystemEvent, outbox
from alexandria.models import ClassificationDecision, ClassifierTraining, Resource, ResourceSubject
from alexandria.protocols import Embedder
from alexandria.protocols.classification import Classifier, ClassifierTrainer
from alexandria.services.classification.categories import CategoryService
from alexandria.services.classification.measures import Probabilities, measure
from alexandria.services.embeddings import read_inputs
from alexandria.services.ledger import Ledger

logger = logging.getLogger(__name__)

_HELD_BACK = 5
"""One example in so many is never learned from, by any training: on these models are compared."""
_CHUNK = 500


@dataclass(frozen=True, slots=True)
class Example:
    id: str
    text: str
    label: str
    """In a library the id of a category."""
    is_rejected: bool = False
    """Whether a person said that it does not belong to the label."""


class TrainingService:
    """`classifier`: gives the one in use, if any; `folder`: where models are kept."""

    def __init__(
        self,
        session: Session,
        ledger: Ledger,
        categories: CategoryService,
        embedder: Embedder,
        trainer: ClassifierTrainer,
        classifier: Callable[[], Classifier | None],
        folder: Path,
    ) -> None:
        self._session = session
        self._ledger = ledger
        self._categories = categories
        self._embedder = embedder
        self._trainer = trainer
        self._classifier = classifier
        self._folder = folder

    def examples(self) -> list[Example]:
        """Give each subject of a resource that names a category: set, imported or confirmed.

        After these, each category that was rejected for a resource and is none of its subjects.
        """
        ids: dict[str, str] = {}
        for one in self._categories.categories():
            ids.setdefault(one.name.casefold(), one.id)
        rows = self._session.execute(
            select(ResourceSubject.resource_id, ResourceSubject.subject)
            .join(Resource, Resource.id == ResourceSubject.resource_id)
            .where(Resource.deleted_at.is_(None))
            .order_by(Resource.created_at, Resource.id, ResourceSubject.position)
        )
        labels = [(one, ids[name.casefold()]) for one, name in rows if name.casefold() in ids]
        belongs = set(labels)
        rejected = [pair for pair in self._rejected() if pair not in belongs]
        resources = list(dict.fromkeys(one for one, _ in [*labels, *rejected]))
        texts: dict[str, str] = {}
        for start in range(0, len(resources), _CHUNK):
            found = read_inputs(self._session, resources[start : start + _CHUNK])
            texts |= {one: text for one, (text, _) in found.items()}
        return [
            Example(one, texts[one], label, is_rejected=are_rejected)
            for pairs, are_rejected in ((labels, False), (rejected, True))
            for one, label in pairs
            if texts.get(one)
        ]

    def _rejected(self) -> list[tuple[str, str]]:
        """Give resource and category, the earliest decision first."""
        rows = self._session.execute(
            select(ClassificationDecision.resource_id, ClassificationDecision.category_id)
            .join(Resource, Resource.id == ClassificationDecision.resource_id)
            .where(Resource.deleted_at.is_(None), ClassificationDecision.is_confirmed.is_(False))
            .order_by(ClassificationDecision.decided_at, Resource.id)
        )
        return [(one, category) for one, category in rows]

    def with_categories(self, examples: Sequence[Example]) -> list[Example]:
        """Give examples labelled by name with the ids of categories, which are made if missing."""
        ids = {one.name.casefold(): one.id for one in self._categories.categories()}
        for name in dict.fromkeys(one.label for one in examples):
            if name.casefold() not in ids:
                ids[name.casefold()] = self._categories.create({"name": name}).id
        return [Example(one.id, one.text, ids[one.label.casefold()]) for one in examples]

    def train(self, examples: Sequence[Example]) -> ClassifierTraining:
        """Train a model, and let it serve if it is better than the one in use; tell of both.

        Commits what the session holds, so that no lock is held while it trains. Raises
        InvalidInputError where there are too few examples.
        """
        release(self._session)
        learned = [one for one in examples if not _is_held_back(one.id)]
        held_back = [one for one in examples if _is_held_back(one.id) and not one.is_rejected]
        if all(one.is_rejected for one in learned):
            raise InvalidInputError(
                "There is nothing to learn from: no resource has a subject that names a category.",
                "Confirm subjects, or name a data set with --dataset.",
            )
        new = train_on(learned, self._trainer, self._embedder)
        old = self._classifier()
        figures = _measured(new, held_back, self._embedder)
        before = _measured(old, held_back, self._embedder)["macro_f1"] if old else None
        training = ClassifierTraining(
            producer=new.name,
            file=f"{new.name.replace(' ', '-')}.npz",
            examples=len(learned),
            held_back=len(held_back),
            macro_f1=figures["macro_f1"],
            ece=figures["ece"],
            old_macro_f1=before,
            **_judged(figures["macro_f1"], before),
        )
        if training.is_accepted:
            new.save(self._folder / training.file)
        self._store(training)
        return training

    def history(self, limit: int = 20) -> list[ClassifierTraining]:
        """Give the trainings, the newest first."""
        query = select(ClassifierTraining).order_by(ClassifierTraining.id.desc())
        return list(self._session.scalars(query.limit(limit)))

    def _store(self, training: ClassifierTraining) -> None:
        data = {
            "producer": training.producer,
            "accepted": training.is_accepted,
            "reason": training.reason,
            "examples": training.examples,
            "held_back": training.held_back,
            "macro_f1": round(training.macro_f1, 4),
            "ece": round(training.ece, 4),
            "old_macro_f1": training.old_macro_f1 and round(training.old_macro_f1, 4),
        }
        outbox.record(self._session, SystemEvent.CLASSIFICATION_MODEL_TRAINED, data)
        self._session.add(training)
        self._session.flush()
        if training.is_accepted:
            self._ledger.make_all_due("classification")
        logger.info("The classifier was trained: %s", data)


def train_on(
    examples: Sequence[Example], trainer: ClassifierTrainer, embedder: Embedder
) -> Classifier:
    texts = [one.text for one in examples]
    rejected = [place for place, one in enumerate(examples) if one.is_rejected]
    labels = [one.label for one in examples]
    return trainer.train(texts, _embed(embedder, texts), labels, rejected)


def answers_of(
    classifier: Classifier, texts: Sequence[str], embedder: Embedder
) -> list[Probabilities]:
    if not texts:
        return []
    found = classifier.probabilities(texts, _embed(embedder, texts))
    return [dict(zip(classifier.labels, map(float, row), strict=True)) for row in found]


def _embed(embedder: Embedder, texts: Sequence[str]) -> NDArray[np.float32]:
    """Embed the texts, rounded as stored vectors are."""
    return embedder.embed(texts).astype("<f2").astype(np.float32)


def _measured(
    classifier: Classifier, held_back: Sequence[Example], embedder: Embedder
) -> dict[str, float]:
    answers = answers_of(classifier, [one.text for one in held_back], embedder)
    return measure([one.label for one in held_back], answers)


def _judged(new: float, old: float | None) -> dict[str, object]:
    if old is None:
        return {"is_accepted": True, "reason": "There was no model before it."}
    if new > old:
        return {"is_accepted": True, "reason": f"Better than the old: {new:.3f} against {old:.3f}."}
    return {
        "is_accepted": False,
        "reason": f"No better than the old, which stays: {new:.3f} against {old:.3f}.",
    }


def _is_held_back(example_id: str) -> bool:
    digest = hashlib.sha256(example_id.encode(errors="replace")).digest()
    return digest[0] % _HELD_BACK == 0
