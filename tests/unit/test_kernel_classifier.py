import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from alexandria.adapters.kernel_classifier import KernelTrainer
from alexandria.bootstrap import embedder
from alexandria.errors import InvalidInputError
from alexandria.services.classification.evaluation import evaluate_classifier
from alexandria.services.classification.measures import measure

TEXTS = {
    "birds": [f"The song of {one}" for one in ("owls", "gulls", "herons", "robins", "crows")],
    "money": [f"The price of {one}" for one in ("bonds", "shares", "gold", "credit", "loans")],
    "stars": [f"The light of {one}" for one in ("suns", "comets", "quasars", "moons", "novae")],
}


@pytest.mark.parametrize("labels", [["birds", "money"], ["birds", "money", "stars"]])
def test_a_model_that_was_saved_answers_as_before(tmp_path: Path, labels: list[str]) -> None:
    texts = [text for label in labels for text in TEXTS[label]]
    truth = [label for label in labels for _ in TEXTS[label]]
    model = KernelTrainer().train(texts, embedder().embed(texts), truth)
    answers = model.probabilities(texts, embedder().embed(texts))
    assert [model.labels[one] for one in answers.argmax(axis=1)] == truth
    assert answers.sum(axis=1) == pytest.approx(1)
    model.save(tmp_path / "model.npz")
    loaded = KernelTrainer().load(tmp_path / "model.npz")
    assert loaded is not None
    assert loaded.name == model.name
    np.testing.assert_allclose(loaded.probabilities(texts, embedder().embed(texts)), answers)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 not an archive", b"pickle"])
def test_a_file_that_is_no_model_is_none(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "model.npz"
    assert KernelTrainer().load(path) is None
    path.write_bytes(content)
    assert KernelTrainer().load(path) is None


def test_one_label_is_too_few() -> None:
    texts = TEXTS["birds"]
    with pytest.raises(InvalidInputError, match="too few"):
        KernelTrainer().train(texts, embedder().embed(texts), ["birds"] * len(texts))


@pytest.mark.parametrize("labels", [["birds", "money"], ["birds", "money", "stars"]])
def test_what_was_rejected_for_a_label_counts_against_it(labels: list[str]) -> None:
    texts = [text for label in labels for text in TEXTS[label]]
    truth = [label for label in labels for _ in TEXTS[label]]
    # Close to the birds by its words, and said to be no bird; nobody said what it is.
    wrong = ["The song of sirens", "The song of gulls and sailors", "The song of a choir"]
    asked = ["The song of monks", "The song of owls", "The light of comets"]

    def answers(rejected: list[str]) -> np.ndarray:
        learned = texts + rejected
        places = range(len(texts), len(learned))
        vectors = embedder().embed(learned)
        model = KernelTrainer().train(learned, vectors, truth + ["birds"] * len(rejected), places)
        assert list(model.labels) == labels
        found = model.probabilities(asked, embedder().embed(asked))
        assert found.sum(axis=1) == pytest.approx(1)
        return found

    before, after = answers([]), answers(wrong)
    assert before[0].argmax() == 0
    assert after[0, 0] < before[0, 0] - 0.1
    assert after[1].argmax() == 0, "what is confirmed stays"
    if len(labels) == 3:
        assert after[2].argmax() == 2


def test_rejections_of_a_label_without_examples_are_left_out() -> None:
    texts = [*TEXTS["birds"], *TEXTS["money"], "The price of owls"]
    labels = [*["birds"] * 5, *["money"] * 5, "stars"]
    vectors = embedder().embed(texts)
    model = KernelTrainer().train(texts, vectors, labels, [10])
    assert model.labels == ["birds", "money"]
    assert model.name == KernelTrainer().train(texts[:-1], vectors[:-1], labels[:-1]).name


def test_figures_are_those_of_their_definition() -> None:
    found = measure(["a", "a", "b"], [{"a": 0.9, "b": 0.1}, {"a": 0.4, "b": 0.6}, {"b": 1.0}])
    assert found["accuracy"] == pytest.approx(2 / 3)
    assert found["macro_f1"] == pytest.approx(2 / 3)
    assert found["ece"] == pytest.approx((0.1 + 0.6 + 0.0) / 3)


def test_an_evaluation_by_year_learns_from_the_years_before(tmp_path: Path) -> None:
    lines = [
        {"id": f"{label}{number}", "title": text, "abstract": "", "label": label, "year": year}
        for label, texts in TEXTS.items()
        for number, (text, year) in enumerate(zip(texts, (1, 1, 1, 1, 2), strict=True))
    ]
    with gzip.open(tmp_path / "set.jsonl.gz", "wt") as file:
        file.write("\n".join(map(json.dumps, lines)))
    predictions = tmp_path / "predictions.jsonl"
    report = evaluate_classifier(
        tmp_path, KernelTrainer(), embedder(), lambda *_: None, predictions=predictions
    )
    assert report["split"] == "by year: trained before 2, measured on 2"
    assert report["examples"] == 3
    asked = [json.loads(line)["id"] for line in predictions.read_text().splitlines()]
    assert asked == ["birds4", "money4", "stars4"]
