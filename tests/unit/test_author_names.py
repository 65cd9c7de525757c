"""Names of authors: how they are read, compared, and brought together."""

import json
from pathlib import Path

import pytest

from alexandria.errors import InvalidInputError
from alexandria.services.authors.clustering import cluster
from alexandria.services.authors.comparison import compare
from alexandria.services.authors.evaluation import evaluate_authors, measure
from alexandria.services.authors.evidence import Frequencies
from alexandria.services.authors.names import read_name
from alexandria.services.authors.nodes import Mention, nodes_of


@pytest.mark.parametrize(
    ("printed", "given", "particles", "family", "suffix"),
    [
        ("Ludwig van Beethoven", "ludwig", "van", "beethoven", ""),
        ("van der Berg, J. P.", "j p", "van der", "berg", ""),
        ("Davis, Jr., Sammy", "sammy", "", "davis", "jr"),
        ("Sammy Davis III", "sammy", "", "davis", "iii"),
        ("K.V.S. Prasad", "k v s", "", "prasad", ""),
        ("WANG Wei-Ming", "wei ming", "", "wang", ""),
        ("王小明", "xiaoming", "", "wang", ""),
        ("Лев Толстой", "lev", "", "tolstoy", ""),
        ("Łukasz Żółć", "lukasz", "", "zolc", ""),
        ("", "", "", "", ""),
    ],
)
def test_a_name_is_read(printed: str, given: str, particles: str, family: str, suffix: str) -> None:
    name = read_name(printed)
    assert " ".join(name.given) == given
    assert " ".join(name.particles) == particles
    assert " ".join(name.family) == family
    assert name.suffix == suffix


@pytest.mark.parametrize(
    ("one", "other", "kind"),
    [
        ("José Iria", "Jose Iria", "same letters"),
        ("Sang-Kyu Park", "Sangkyu Park", "same letters"),
        ("Björn Schuller", "Bjoern Schuller", "spelling"),
        ("Kathleen R. McKeown", "Kathleen McKeown", "middle name"),
        ("Kathy McKeown", "Kathleen McKeown", "short form"),
        ("J. Peterson", "Jill Peterson", "initials"),
        ("Zeynep Orhan", "Orhan Zeynep", "word order"),
        ("王小明", "Xiaoming Wang", "same letters"),
        ("Fernando Sánchez León", "Fernando Sánchez", "family name in part"),
        ("Péter Halácsky", "Péter Halácsy", "misprint"),
        ("Li Chen", "Li-Mei Chen", "middle syllable"),
        ("Ron Daniel", "Ron Daniel, Jr.", "suffix left out"),
        ("Anna Rossi, Jr.", "Anna Rossi, Sr.", None),
        ("Stephen C. Levinson", "Stephen E. Levinson", None),
        ("Maria Rossi", "Paolo Rossi", None),
        ("Wei Wang", "Min Wang", None),
    ],
)
def test_two_names_are_compared(one: str, other: str, kind: str | None) -> None:
    for a, b in ((one, other), (other, one)):
        found = compare(read_name(a), read_name(b))
        assert (found.kind if found else None) == kind


def people(*mentions: Mention) -> list[set[str]]:
    nodes = nodes_of(mentions)
    found = cluster(nodes, Frequencies.of(node.name for node in nodes))
    works = {node.key: node.works for node in nodes}
    return sorted(
        ({work for key in keys for work in works[key]} for keys in found.members.values()),
        key=sorted,
    )


def test_namesakes_without_anything_in_common_are_kept_apart() -> None:
    assert people(
        Mention("a", "J. Smith", 0, ["J. Smith", "Ada Byron"], "Botany", 1990),
        Mention("b", "J. Smith", 0, ["J. Smith", "Ada Byron"], "Physics", 2010),
        Mention("c", "J. Smith", 0, ["J. Smith", "Max Planck"], "Chemistry", 2012),
    ) == [{"a", "b"}, {"c"}]


def test_a_name_between_two_people_goes_to_neither_but_for_its_co_authors() -> None:
    two = (
        Mention("g", "Jaime G. Carbonell", 0, ["Jaime G. Carbonell", "Ada Byron"]),
        Mention("r", "Jaime R. Carbonell", 0),
    )
    assert people(*two, Mention("x", "Jaime Carbonell", 0)) == [{"g"}, {"r"}, {"x"}]
    told = Mention("x", "Jaime Carbonell", 1, ["A. Byron", "Jaime Carbonell"])
    assert people(*two, told) == [{"g", "x"}, {"r"}]


def test_two_authors_of_one_work_are_two_people() -> None:
    names = ["Wei Wang", "Wei Wang"]
    found = people(Mention("a", "Wei Wang", 0, names), Mention("a", "Wei Wang", 1, names))
    assert found == [{"a"}, {"a"}]


def test_pairs_are_counted() -> None:
    found = measure(
        {"A": "1", "B": "1", "C": "2", "D": "1", "E": "3", "F": "3"},
        [["A", "B", "C"]],
        [("A", "D")],
    )
    assert found["gold_pairs"] == 3
    assert found["author_pairwise_recall"] == pytest.approx(1 / 3, abs=1e-4)
    # A-B is right; A-D and B-D are wrong; nobody looked at E and F.
    assert found["author_pairwise_precision"] == pytest.approx(1 / 3, abs=1e-4)
    assert (found["distinct_pairs"], found["distinct_pairs_kept_apart"]) == (1, 0)


def test_a_data_set_is_measured_and_its_answers_written(tmp_path: Path) -> None:
    record = {"canonical": {"full": "José Iria"}, "variants": [{"full": "Jose Iria"}]}
    (tmp_path / "variants.jsonl").write_text(json.dumps(record))
    paper = {"id": "p", "authors": ["José Iria", "Ada Byron"], "year": 2000, "venue": "V"}
    (tmp_path / "papers.jsonl").write_text(json.dumps(paper))
    out = tmp_path / "out.jsonl"
    report = evaluate_authors(tmp_path, lambda *_: None, out)
    assert (report["names"], report["author_pairwise_f1"]) == (3, 1.0)
    lines = [json.loads(line) for line in out.read_text().splitlines()]
    person = {line["name"]: line["person"] for line in lines}
    assert person["José Iria"] == person["Jose Iria"] != person["Ada Byron"]


def test_a_folder_without_names_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError):
        evaluate_authors(tmp_path, lambda *_: None)
