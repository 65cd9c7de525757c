"""Subjects, from the tree of categories to the trained classifier, on both databases."""

from pathlib import Path

import orjson
import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from alexandria.bootstrap import Services
from alexandria.cli.common import app as commands
from alexandria.db import reading, writing
from alexandria.errors import ConflictError, InvalidInputError, NotFoundError
from alexandria.events import SystemEvent
from alexandria.models import ClassifierTraining, OutboxEvent
from alexandria.protocols.extraction import Record
from alexandria.services.classification.rules import MOST_CONFIDENT
from alexandria.services.classification.taxonomy import Classification
from alexandria.tasks.celery_tasks import retrain_classification_model

BIRDS = [
    f"{what} of {bird} in {place}"
    for what in ("Nesting", "Song", "Migration", "Feeding")
    for bird in ("owls", "herons", "warblers", "gulls")
    for place in ("a forest", "the marsh")
]
BRIDGES = [
    f"{what} of {kind} bridges under {load}"
    for what in ("Fatigue", "Vibration", "Inspection", "Design")
    for kind in ("steel", "concrete", "arch", "suspension")
    for load in ("traffic", "wind")
]


def add(title: str, *subjects: str) -> str:
    with writing() as session:
        record = Record(title=title, subjects=subjects)
        return Services(session).resources.create(record).id


def category(name: str, **more: object) -> str:
    with writing() as session:
        return Services(session).categories.create({"name": name, **more}).id


def classify(*ids: str) -> None:
    with writing() as session:
        services = Services(session)
        services.ledger.computed("classification", services.classification.classify_resources(ids))


def of(resource_id: str) -> list[Classification]:
    with reading() as session:
        return Services(session).taxonomy.of(resource_id)


def states(resource_id: str) -> dict[str, str]:
    return {one.category.name: one.state for one in of(resource_id)}


def subjects(resource_id: str) -> list[str]:
    with reading() as session:
        return Services(session).resources.get(resource_id).subjects


def decide(what: str, resource_id: str, category_id: str) -> None:
    with writing() as session:
        getattr(Services(session).taxonomy, what)(resource_id, category_id)


def fill() -> tuple[str, str]:
    found = category("Ornithology"), category("Engineering")
    for titles, name in ((BIRDS, "ornithology"), (BRIDGES, "Engineering")):
        for title in titles:
            add(title, name)
    return found


def train() -> ClassifierTraining:
    with writing() as session:
        training = Services(session).training
        return training.train(training.examples())


def test_an_untrained_library_predicts_by_words_and_claims_little(either_library: Path) -> None:
    birds = category("Birds", keywords=["owl", "owls"], description="Animals with feathers")
    category("Finance", description="Money, banks and markets")
    one = add("The habits of owls at night")
    classify(one)
    (found, *_) = of(one)
    assert (found.category.id, found.is_predicted) == (birds, True)
    assert found.confidence is not None
    assert 0.25 < found.confidence <= MOST_CONFIDENT


def test_without_categories_nothing_is_predicted(either_library: Path) -> None:
    one = add("The habits of owls")
    classify(one)
    assert of(one) == []
    with reading() as session:
        assert Services(session).classification.predict("owls") == []


def test_what_is_confirmed_is_a_subject_and_can_be_undone(either_library: Path) -> None:
    birds = category("Birds", keywords=["owls"])
    one = add("The habits of owls", "Night")
    classify(one)
    decide("confirm", one, birds)
    assert (states(one), subjects(one)) == ({"Birds": "confirmed"}, ["Night", "Birds"])
    decide("reject", one, birds)
    assert (states(one), subjects(one)) == ({"Birds": "rejected"}, ["Night"])
    classify(one)
    assert states(one) == {"Birds": "rejected"}, "a person's word stays"
    decide("undo_decision", one, birds)
    assert states(one) == {"Birds": "predicted"}
    with pytest.raises(NotFoundError):
        decide("undo_decision", one, birds)


def test_an_imported_subject_that_is_rejected_comes_back_by_undo(either_library: Path) -> None:
    birds = category("Birds")
    one = add("The habits of owls", "birds")
    assert states(one) == {"Birds": "confirmed"}
    decide("reject", one, birds)
    assert subjects(one) == []
    decide("undo_decision", one, birds)
    assert states(one) == {"Birds": "confirmed"}


def test_a_category_is_never_below_itself(either_library: Path) -> None:
    animals = category("Animals")
    birds = category("Birds", parent_id=animals)
    owls = category("Owls", parent_id=birds)
    with writing() as session, pytest.raises(InvalidInputError, match="below itself"):
        Services(session).categories.update(animals, {"parent_id": owls})
    with reading() as session:
        assert [one.id for one in Services(session).categories.categories()] == [
            *(animals, birds, owls)
        ]


def test_a_category_goes_with_those_below_only_if_that_is_said(either_library: Path) -> None:
    animals = category("Animals")
    owls = category("Owls", parent_id=category("Birds", parent_id=animals), keywords=["owls"])
    one = add("The habits of owls")
    classify(one)
    decide("confirm", one, owls)
    with writing() as session, pytest.raises(ConflictError, match="2 categories"):
        Services(session).categories.delete(animals)
    with writing() as session:
        assert Services(session).categories.delete(animals, with_children=True) == 3
    assert of(one) == []
    assert subjects(one) == ["Owls"]


def test_equal_names_get_slugs_of_their_own(either_library: Path) -> None:
    made = [category("Plant Life"), category("plant life"), category("!!")]
    with reading() as session:
        slugs = [Services(session).categories.get(one).slug for one in made]
    assert slugs == ["plant-life", "plant-life-2", "category"]


def test_a_new_category_makes_the_rules_look_again(either_library: Path) -> None:
    one = add("The habits of owls")
    classify(one)
    category("Birds", keywords=["owls"])
    with reading() as session:
        assert Services(session).ledger.is_due("classification", one)
    classify(one)
    assert states(one) == {"Birds": "predicted"}


def test_a_trained_model_serves_and_all_follows_it(either_library: Path) -> None:
    birds, bridges = fill()
    one = add("Courtship of robins in a garden")
    classify(one)
    trained = train()
    assert trained.is_accepted
    assert trained.macro_f1 > 0.9
    with reading() as session:
        services = Services(session)
        assert services.producer_of("classification") == trained.producer
        assert services.ledger.is_due("classification", one)
        (first, *_) = services.classification.predict("Cables of a bridge in storms")
        assert first.category_id == bridges
    classify(one)
    assert of(one)[0].category.id == birds
    assert (of(one)[0].confidence or 0) > 0.6


def test_the_old_model_stays_unless_the_new_one_is_better(either_library: Path) -> None:
    fill()
    first = train()
    again = train()
    assert not again.is_accepted
    assert again.old_macro_f1 == first.macro_f1
    assert "stays" in again.reason
    with reading() as session:
        services = Services(session)
        assert services.producer_of("classification") == first.producer
        assert [one.is_accepted for one in services.training.history()] == [False, True]


def test_what_was_rejected_feeds_the_next_training(either_library: Path) -> None:
    birds, _ = fill()
    one, other = add("Feeding of pigeons in chess"), add("Song of a bridge", "ornithology")
    for each in (one, other):
        decide("reject", each, birds)
    with writing() as session:
        services = Services(session)
        services.resources.update(other, {"subjects": ["Ornithology"]})
        found = [each for each in services.training.examples() if each.is_rejected]
    assert [(each.id, each.label) for each in found] == [(one, birds)], "the newer word counts"
    train()
    with writing() as session:
        services = Services(session)
        services.taxonomy.undo_decision(one, birds)
        assert not any(each.is_rejected for each in services.training.examples())


def test_rejections_alone_are_nothing_to_learn_from(either_library: Path) -> None:
    birds = category("Birds")
    for title in BIRDS:
        decide("reject", add(title), birds)
    with pytest.raises(InvalidInputError, match="nothing to learn"):
        train()


def test_a_damaged_model_is_none(either_library: Path) -> None:
    fill()
    trained = train()
    path = next((either_library / "models" / "classifier").glob("*.npz"))
    assert path.name == trained.file
    path.unlink()
    one = add("The habits of owls")
    classify(one)
    with reading() as session:
        assert Services(session).producer_of("classification").startswith("category rules")


def test_too_few_examples_are_said(either_library: Path) -> None:
    category("Birds")
    with pytest.raises(InvalidInputError, match="nothing to learn"):
        train()


def test_a_deleted_resource_loses_its_predictions(either_library: Path) -> None:
    category("Birds", keywords=["owls"])
    one = add("The habits of owls")
    classify(one)
    with writing() as session:
        Services(session).resources.delete(one)
    with writing() as session:
        services = Services(session)
        assert services.classification.classify_resources([one]) == {}
        assert services.review.page().total == 0


def test_the_monthly_task_trains_and_says_so(either_library: Path) -> None:
    assert retrain_classification_model.apply().get()["trained"] is False
    fill()
    assert retrain_classification_model.apply().get()["accepted"] is True
    with reading() as session:
        name = SystemEvent.CLASSIFICATION_MODEL_TRAINED
        (event,) = session.scalars(select(OutboxEvent).where(OutboxEvent.name == name))
    assert event.data["accepted"] is True
    assert event.data["macro_f1"] > 0.9


def test_people_are_told_what_came_of_a_training(either_library: Path) -> None:
    fill()
    train()
    assert not train().is_accepted
    told = CliRunner().invoke(commands, ["status"]).output
    assert "subjects are predicted by kernel classifier" in told
    assert "No better than the old, which stays" in told
    facts = orjson.loads(CliRunner().invoke(commands, ["status", "--json"]).stdout)
    assert facts["classifier"]["is_accepted"] is False
    assert facts["classifier"]["old_macro_f1"] is not None
