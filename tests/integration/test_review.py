"""What is unsure is shown first and answered, in the interface and on the pages, on both databases."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import lxml.html
import pytest
from fastapi.testclient import TestClient

from alexandria import bootstrap
from alexandria.app import create_app
from alexandria.bootstrap import Services
from alexandria.db import reading, writing
from alexandria.errors import InvalidInputError
from alexandria.services.classification.review import ReviewPage
from integration.test_classification import add, category, decide, states


def predict(title: str, confidences: Mapping[str, float]) -> str:
    """Add a resource of which a model of this name predicted these categories."""
    one = add(title)
    with writing() as session:
        found = list(confidences.items())
        Services(session).taxonomy.classify_resource(one, found, (1, 1), "a model")
    return one


def review(limit: int = 20, cursor: str | None = None) -> ReviewPage:
    with reading() as session:
        return Services(session).review.page(limit, cursor)


def ids(page: ReviewPage) -> list[str]:
    return [one.resource.id for one in page.items]


@pytest.fixture
def unsure(either_library: Path) -> tuple[str, ...]:
    """Give birds, bridges, and the close, the weak and the sure resource."""
    birds, bridges = category("Birds"), category("Bridges")
    return (
        *(birds, bridges),
        predict("Close", {birds: 0.65, bridges: 0.6}),
        predict("Weak", {birds: 0.4, bridges: 0.05}),
        predict("Sure", {bridges: 0.9, birds: 0.1}),
    )


@pytest.fixture
def signed_in(either_library: Path) -> Iterator[TestClient]:
    with writing() as session:
        secret = Services(session).users.new_token("reader", "write")
    with TestClient(create_app(), follow_redirects=False) as opened:
        opened.headers["Authorization"] = f"Bearer {secret}"
        yield opened
    bootstrap.close()


def test_the_least_sure_come_first_and_the_sure_not_at_all(unsure: tuple[str, ...]) -> None:
    birds, bridges, close, weak, _ = unsure
    page = review()
    assert (page.total, ids(page), page.next_cursor) == (2, [close, weak], None)
    first = page.items[0]
    assert [one.category_id for one in first.candidates] == [birds, bridges]
    assert first.margin == pytest.approx(0.05)
    assert (first.candidates[0].words, first.producer, first.by_rules) == (
        "likely",
        "a model",
        False,
    )


def test_what_is_answered_leaves_the_list(unsure: tuple[str, ...]) -> None:
    birds, bridges, close, weak, _ = unsure
    decide("confirm", close, bridges)
    assert ids(review()) == [weak]
    decide("reject", weak, birds)
    assert [one.name for one in review().items[0].candidates] == ["Bridges"]
    decide("reject", weak, bridges)
    assert review().total == 0
    decide("undo_decision", close, bridges)
    assert ids(review()) == [close]


def test_a_subject_that_was_imported_is_an_answer(unsure: tuple[str, ...]) -> None:
    _, _, close, weak, _ = unsure
    with writing() as session:
        services = Services(session)
        services.resources.update(close, {"subjects": ["BIRDS"]})
        services.resources.delete(weak)
    assert review().total == 0


def test_pages_follow_each_other_while_answers_are_given(unsure: tuple[str, ...]) -> None:
    birds, _, close, weak, _ = unsure
    more = [predict(f"More {n}", {birds: 0.3}) for n in range(3)]
    first = review(limit=2)
    assert ids(first)[0] == close
    assert first.next_cursor
    decide("confirm", close, birds)
    rest = review(limit=10, cursor=first.next_cursor)
    assert sorted([*ids(first), *ids(rest)]) == sorted([close, weak, *more])
    with pytest.raises(InvalidInputError):
        review(cursor="nonsense")


def test_counts_and_resources_of_a_category(unsure: tuple[str, ...]) -> None:
    birds, bridges, close, weak, sure = unsure
    decide("confirm", weak, birds)
    decide("reject", close, birds)
    with reading() as session:
        review = Services(session).review
        assert review.counts() == {birds: (1, 1), bridges: (0, 3)}
        found = review.resources_in(birds, 10, 0)
        assert [(one.resource.id, one.confidence) for one in found] == [(weak, None), (sure, 0.1)]
        assert [one.resource.id for one in review.resources_in(birds, 10, 1)] == [sure]


def test_the_page_and_the_interface_take_answers(
    unsure: tuple[str, ...], signed_in: TestClient
) -> None:
    birds, bridges, close, weak, _ = unsure
    answer = signed_in.get("/classification/review").json()
    assert [one["resource_id"] for one in answer["items"]] == [close, weak]
    assert answer["items"][1]["candidates"][0]["words"] == "may well be"
    shown = {"none": "1", "shown": [birds, bridges], "cursor": "0.05_a"}
    sent = signed_in.post(f"/ui/review/{close}", data=shown)
    assert sent.status_code == 303
    assert sent.headers["location"].endswith("&cursor=0.05_a")
    assert states(close) == {"Birds": "rejected", "Bridges": "rejected"}
    page = signed_in.get(sent.headers["location"]).text
    assert "your answer on Birds, Bridges is kept" in page
    signed_in.post(f"/ui/review/{close}", data={"undo": [birds, bridges]})
    assert states(close) == {"Birds": "predicted", "Bridges": "predicted"}
    assert signed_in.get("/classification/review?cursor=x").status_code == 422
    assert "Birds" in signed_in.get("/ui/categories").text
    assert "Close" in signed_in.get(f"/ui/categories/{birds}").text
    assert signed_in.get("/classification/trainings").json() == {
        "total": 0,
        "items": [],
        "next_cursor": None,
    }


def test_what_a_title_holds_is_text(unsure: tuple[str, ...], signed_in: TestClient) -> None:
    predict("<script>alert(1)</script>", {unsure[0]: 0.3})
    page = signed_in.get("/ui/review").text
    assert "&lt;script&gt;alert" in page
    assert "<script>alert" not in page


def test_a_deep_tree_is_shown_as_lists_in_lists(
    either_library: Path, signed_in: TestClient
) -> None:
    ids = [category("Level 0")]
    for level in range(1, 100):
        ids.append(category(f"Level {level}", parent_id=ids[-1]))
    category("Level 1 as well", parent_id=ids[0])
    category("Other root")
    tree = lxml.html.fromstring(signed_in.get("/ui/categories").text)
    found = {
        str(link.text): sum(1 for each in link.iterancestors() if each.tag == "ul")
        for link in tree.iterfind(".//ul[@class='tree']//a")
    }
    assert found == {f"Level {level}": level + 1 for level in range(100)} | {
        "Level 1 as well": 2,
        "Other root": 1,
    }
    assert signed_in.get(f"/ui/categories/{ids[-1]}").text.count("\u203a") == 99
