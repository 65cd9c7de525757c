"""Which references are a resource, and which only look like it."""

from pathlib import Path

import pytest

from alexandria.bootstrap import citation_reader, open_empty_graph
from alexandria.services.graph.evaluation import evaluate_citation_graph
from alexandria.services.graph.keys import Work, keys_of, work_of
from alexandria.services.graph.matching import agreement, best_match


def work(title: str, *authors: str, year: int | None = 2004, **identifiers: str) -> Work:
    return work_of(title, authors, year, identifiers)


OWLS = work("The hearing of barn owls in winter: a field study", "Ada Moe", "Bo Ito")

SAME = {
    "initials, and the surname first": work(
        "The hearing of barn owls in winter: a field study", "Moe A", "Ito B"
    ),
    "no subtitle": work("The hearing of barn owls in winter", "A. Moe"),
    "a misprint": work("The hearing of barn owles in winter: a field study", "A. Moe"),
    "a misprint in the name": work("The hearing of barn owls in winter", "A. Moe", "B. Itto"),
    "no year": work("The hearing of barn owls in winter: a field study", "A. Moe", year=None),
    "a preprint": work("The hearing of barn owls in winter: a field study", "A. Moe", year=2001),
    "no authors": work("The hearing of barn owls in winter: a field study"),
    "read on into the venue": work(
        "The hearing of barn owls in winter: a field study. Journal of Birds", "A. Moe"
    ),
}
OTHER = {
    "another part": work("The hearing of barn owls in winter, part II: a field study", "A. Moe"),
    "another word": work("The hearing of barn swallows in winter: a field study", "A. Moe"),
    "other people": work("The hearing of barn owls in winter: a field study", "C. Ray"),
    "another time": work("The hearing of barn owls in winter: a field study", "A. Moe", year=1990),
    "an erratum": work("Erratum: the hearing of barn owls in winter: a field study", "A. Moe"),
    "the last word": work("The hearing of barn owls in summer", "A. Moe"),
    "no authors, another year": work(
        "The hearing of barn owls in winter: a field study", year=2009
    ),
    "nothing": work(""),
}


@pytest.mark.parametrize("name", SAME)
def test_one_work_in_other_words(name: str) -> None:
    assert agreement(SAME[name], OWLS)
    assert keys_of(SAME[name], cited=False) & keys_of(OWLS, cited=True)


@pytest.mark.parametrize("name", OTHER)
def test_works_that_look_alike(name: str) -> None:
    assert agreement(OTHER[name], OWLS) is None


def test_identifiers_decide() -> None:
    doi = {"doi": "10.1234/owls"}
    assert agreement(work("Misread", **doi), work("The hearing of owls", **doi))
    title = "The hearing of barn owls in winter"
    other = work(title, "A. Moe", doi="10.1234/other")
    assert agreement(other, work(title, "A. Moe", **doi)) is None
    preprint = work(title, "A. Moe", doi="10.48550/arxiv.2001.00001")
    assert agreement(preprint, work(title, "A. Moe", **doi))
    assert agreement(preprint, work("Else", arxiv="2001.00001"))
    isbn = {"isbn": "9780306406157"}
    assert agreement(work("A chapter on owls", "C. Ray", **isbn), work("Birds", **isbn)) is None


def test_titles_of_many_works_match_none() -> None:
    assert agreement(work("Editorial", "A. Moe"), work("Editorial", "A. Moe")) is None
    assert keys_of(work("Introduction", "A. Moe"), cited=False) == set()


def test_the_nearest_of_several_wins_whatever_their_order() -> None:
    title = "The hearing of barn owls in winter"
    reference = work(title, "A. Moe")
    several = [
        ("b", work(title, "Ada Moe", year=2003)),
        ("c", work(title, "Ada Moe")),
        ("a", work(title, "Ada Moe")),
    ]
    for candidates in (several, several[::-1]):
        found = best_match(reference, candidates)
        assert found is not None
        assert found[0] == "a"


def test_links_are_measured_on_papers_and_who_cites_whom(tmp_path: Path) -> None:
    papers = [
        f'{{"id": "P{n}", "title": "{title}", "authors": ["{name}"], "year": {year}, '
        f'"venue": "Journal of Birds and Their Habits"}}'
        for n, (title, name, year) in enumerate(
            [
                ("The hearing of barn owls in deep winter", "Ada Moe", 1999),
                ("Silent flight and the shape of feathers", "Cleo Ray", 2001),
                ("Voles in winter and those who eat them", "Dora Fox", 2004),
                ("A survey of birds that hunt in the dark", "Emil Lund", 2006),
                ("Nests of swallows under the roofs of barns", "Finn Berg", 2007),
            ]
        )
    ]
    (tmp_path / "papers.jsonl").write_text("\n".join(papers), encoding="utf-8")
    pairs = ["citing\tcited", *(f"P{a}\tP{b}" for a in range(5) for b in range(5) if a > b)]
    (tmp_path / "citations.tsv").write_text("\n".join(pairs), encoding="utf-8")
    report = evaluate_citation_graph(tmp_path, open_empty_graph, citation_reader(), lambda *_: None)
    assert report["references"] == 10
    assert report["library"] == 5  # of four cited works none is taken out
    assert report["link_precision"] == 1.0
    assert report["link_recall"] >= 0.8
