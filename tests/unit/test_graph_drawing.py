"""Where the works of a citation graph are drawn."""

from itertools import pairwise

import pytest

from alexandria.web.graph_drawing import Work, draw, radius, short_names, short_title


def work(name: str, year: int | None, relation: str = "ref", cited_by: int = 0) -> Work:
    return Work(name, f"Title of {name}", ("Ada Moe",), year, cited_by, relation)


def test_years_go_from_left_to_right_and_gaps_are_said() -> None:
    works = [work("me", 2006, "me"), work("old", 2001), work("new", 2008), work("undated", None)]
    drawing = draw(works, [("me", "old"), ("new", "me")])
    xs = [drawing.places[one][0] for one in ("undated", "old", "me", "new")]
    assert xs == sorted(set(xs))
    assert [one.label for one in drawing.columns] == ["no year", "2001", "2006", "2008"]
    gaps = [one.gap for one in drawing.columns]
    assert gaps == ["", "", "none here of 2002 to 2005", "none here of 2007"]
    assert all(0 < x < drawing.width and 0 < y < drawing.height for x, y in drawing.places.values())


def test_works_of_its_own_year_stand_beside_it() -> None:
    drawing = draw([work("me", 2006, "me"), work("a", 2006), work("b", 2006)], [("a", "me")])
    assert drawing.places["me"][0] < drawing.places["a"][0] == drawing.places["b"][0]
    assert [one.label for one in drawing.columns] == ["2006", ""]


def test_no_two_works_stand_on_one_another() -> None:
    works = [work("me", 2000, "me"), *(work(f"w{n}", 1990 + n % 3) for n in range(60))]
    drawing = draw(works, [("me", one.id) for one in works[1:]])
    for x in {place[0] for place in drawing.places.values()}:
        heights = sorted(y for at, y in drawing.places.values() if at == x)
        assert all(below - above >= 60 for above, below in pairwise(heights))


def test_linked_works_stand_near_each_other() -> None:
    left = [work(f"l{n}", 2000) for n in range(6)]
    right = [work(f"r{n}", 2001) for n in range(6)]
    edges = [(f"r{n}", f"l{5 - n}") for n in range(6)]
    drawing = draw([*left, *right], edges)
    apart = [abs(drawing.places[a][1] - drawing.places[b][1]) for a, b in edges]
    assert max(apart) < 1


def test_one_work_alone_is_drawn() -> None:
    drawing = draw([work("me", None, "me")], [])
    assert drawing.places["me"][0] < drawing.width


@pytest.mark.parametrize(
    ("title", "short"),
    [
        ("Bleu: a Method for Automatic Evaluation", "Bleu"),
        ("Minimum Error Rate Training in Statistical Translation", "Minimum Error Rate…"),
        ("Pneumonoultramicroscopicsilicovolcanoconiosis", "Pneumonoultramicroscopi…"),
        ("", ""),
    ],
)
def test_titles_are_cut_between_words(title: str, short: str) -> None:
    assert short_title(title) == short


@pytest.mark.parametrize(
    ("authors", "short"),
    [
        ([], ""),
        (["", "  "], ""),
        (["Franz Josef Och"], "Och"),
        (["Och, Franz", "Hermann Ney"], "Och and Ney"),
        (["K. Papineni", "S. Roukos", "T. Ward"], "Papineni et al."),
    ],
)
def test_names_are_those_of_families(authors: list[str], short: str) -> None:
    assert short_names(authors) == short


def test_the_area_grows_with_citations_up_to_a_bound() -> None:
    assert radius(0) < radius(1) < radius(50) <= radius(10_000) == 20
