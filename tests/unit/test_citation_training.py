from pathlib import Path

import pytest

from alexandria.adapters.citations.alignment import find_parts, label_tokens
from alexandria.adapters.citations.bundle import BUNDLED, Bundle
from alexandria.adapters.citations.list_finder import _smooth
from alexandria.adapters.citations.list_training import label_lines
from alexandria.adapters.citations.made_up_lists import made_up_lists
from alexandria.adapters.citations.people import split_people
from alexandria.adapters.citations.phrases import Phrases
from alexandria.adapters.citations.reader import BundledCitationReader
from alexandria.adapters.citations.sequence_model import SequenceModel, mark_edges, train
from alexandria.adapters.citations.tokens import tokenize
from alexandria.adapters.citations.trainer import BundledCitationTrainer
from alexandria.errors import InvalidInputError, UnavailableError
from citation_texts import REFERENCES, reference

RAW = "Moe, A. 1999. Tides of 1999. J. Sea 12, 1999-2012."
PARTS = {
    "raw": RAW,
    "author": "Moe, A",
    "title": "Tides of 1999",
    "journal": "J. Sea",
    "date": "1999",
    "volume": "12",
    "pages": "1999-2012",
}


def test_a_part_that_stands_at_several_places_is_found_at_its_own() -> None:
    found = {part: [RAW[a:b] for a, b in spans] for part, spans in find_parts(RAW, PARTS).items()}
    assert {part: [PARTS[part]] for part in found} == found
    assert find_parts(RAW, PARTS)["date"] == [(8, 12)]


def test_marks_between_two_parts_belong_to_the_first() -> None:
    tokens = tokenize(RAW)
    labels = label_tokens(RAW, tokens, PARTS)
    assert [
        label for token, label in zip(tokens, labels, strict=True) if not token.text.isalnum()
    ] == ["author", "author", "date", "title", "venue", "volume", "pages", "pages"]


def test_white_space_that_print_added_does_not_hide_a_part() -> None:
    assert find_parts("J .Sea 12", {"journal": "J. Sea"}) == {"journal": [(0, 6)]}


@pytest.mark.parametrize(
    ("printed", "people"),
    [
        ("Moe, A., Roe, B. B. & Doe, C.", ["Moe, A.", "Roe, B. B.", "Doe, C."]),
        ("A. Moe, B.-C. Roe and D. van der Doe", ["A. Moe", "B.-C. Roe", "D. van der Doe"]),
        ("Moe A, Roe BB, Doe C, et al.", ["Moe A", "Roe BB", "Doe C"]),
        ("Moe, Ada; Roe, Bo", ["Moe, Ada", "Roe, Bo"]),
        ("Moe, Ada", ["Moe, Ada"]),
        ("Ada Moe, Bo Roe, and Cleo Doe, Jr.", ["Ada Moe", "Bo Roe", "Cleo Doe, Jr."]),
        ("Ice Group", ["Ice Group"]),
        ("", []),
        ("; ,", []),
    ],
)
def test_a_printed_list_of_authors_is_split_into_people(printed: str, people: list[str]) -> None:
    assert split_people(printed) == people


def test_the_lines_of_a_section_are_labelled_by_its_references() -> None:
    section = {
        "section_text": "References\n[1] A. Moe, Ti-\ndes, 1999.\n--\nB. Roe, Winds.\n12",
        "references": [
            {"label": "[1]", "text": "A. Moe, Ti- des, 1999."},
            {"text": "B. Roe, Winds."},
        ],
    }
    _, labels = label_lines(section)
    assert labels == ["outside", "begin", "inside", "begin", "inside", "outside"]


def test_made_up_lists_are_the_same_for_one_seed_and_hold_every_reference_once() -> None:
    pairs = [(str(each["source"]), str(each["raw"])) for each in REFERENCES]
    first, again = (list(made_up_lists(pairs, 5, seed=3)) for _ in range(2))
    assert first == again
    for lines, labels in first:
        assert len(lines) == len(labels)
        assert 8 <= labels.count("begin") <= 50


def test_names_count_once_less_for_the_text_that_they_were_learned_from() -> None:
    names = [("venue", ["j", "sea"]), ("venue", ["j", "sea"]), ("place", ["oslo"])]
    learned = Phrases.learn(names)
    words = ["j", "sea", "oslo"]
    assert list(learned.find(words)) == [(0, 2, "venue"), (2, 3, "place")]
    assert list(learned.find(words, own=[("place", ["oslo"])])) == [(0, 2, "venue")]


def test_names_are_read_as_they_were_written(tmp_path: Path) -> None:
    learned = Phrases.learn([("venue", ["j", "sea"]), ("publisher", ["ice", "press"])])
    learned.save(tmp_path / "names.tsv")
    words = ["ice", "press", "j", "sea"]
    assert list(Phrases.load(tmp_path / "names.tsv").find(words)) == list(learned.find(words))


def test_two_models_agree_on_labels_whatever_their_marks(tmp_path: Path) -> None:
    rows = [["a"], ["a"], ["b"], ["c"]]
    labels = ["x", "x", "y", "other"]
    assert mark_edges(labels, "other", ends=True) == ["x:begin", "x:end", "y:begin", "other"]
    train([(rows, mark_edges(labels, "other", ends=True))] * 5, tmp_path / "1", max_iterations=20)
    train([(rows, labels)] * 5, tmp_path / "2", max_iterations=20)
    model = SequenceModel([tmp_path / "1", tmp_path / "2"])
    found, likely = model.tag_with_doubt(rows)
    assert found == labels
    assert all(0 <= each <= 1.000001 for each in likely)
    assert model.likelihoods(rows, "y")[2] > 0.5
    assert model.tag([]) == []


def test_training_learns_and_gives_the_same_files_again(tmp_path: Path) -> None:
    trainer = BundledCitationTrainer()
    for folder in ("one", "two"):
        trainer.train("references", {"reference-strings": REFERENCES}, tmp_path / folder)
    names = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert len(names) == 3
    for name in names:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    found = trainer.reader(tmp_path / "one").parse_reference(str(reference(70)["raw"]))
    assert (found.title, found.year, found.volume) == ("On tide number 70", 2020, "70")


def test_a_model_names_the_data_that_it_lacks(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="reference-strings"):
        BundledCitationTrainer().train("references", {}, tmp_path)


def test_the_finder_smooths_over_a_doubtful_line_and_drops_a_lone_one() -> None:
    likely = [0.01] * 20 + [0.98] * 10 + [0.2] + [0.98] * 10 + [0.01] * 10 + [0.9] + [0.01] * 8
    listed = _smooth(likely, [None] * len(likely))
    assert [i for i, found in enumerate(listed) if found] == list(range(20, 41))


def test_a_heading_lets_a_short_list_begin() -> None:
    likely = [0.01] * 20 + [0.9] * 5 + [0.01] * 20
    borders: list[bool | None] = [None] * 45
    assert not any(_smooth(likely, borders))
    borders[19] = True
    borders[25] = False
    assert [i for i, found in enumerate(_smooth(likely, borders)) if found] == [*range(20, 25)]


def test_a_damaged_bundled_model_is_refused(tmp_path: Path) -> None:
    for path in BUNDLED.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "lists-1.crf").write_bytes(b"damaged")
    reader = BundledCitationReader(bundle=Bundle(bundled=tmp_path))
    with pytest.raises(UnavailableError, match=r"lists-1\.crf"):
        reader.split_references("[1] A. Moe, 1999.")


def test_other_models_are_another_producer(tmp_path: Path) -> None:
    bundled = BundledCitationReader(tmp_path).model
    (tmp_path / "lists-1.crf").write_bytes(b"another")
    assert BundledCitationReader(tmp_path).model != bundled
