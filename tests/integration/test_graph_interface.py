"""Citations and their graph over HTTP and on the page of a resource."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from alexandria import bootstrap
from alexandria.app import create_app
from alexandria.bootstrap import Services
from alexandria.db import writing
from alexandria.web.graph import MOST_DRAWN

NOBODY = "00000000-0000-0000-0000-000000000000"


@pytest.fixture
def client(either_library: Path) -> Iterator[TestClient]:
    with writing() as session:
        secret = Services(session).users.new_token("reader", "write")
    with TestClient(create_app(), follow_redirects=False) as opened:
        opened.headers["Authorization"] = f"Bearer {secret}"
        yield opened
    bootstrap.close()


def add(client: TestClient, title: str, *cites: str) -> str:
    made = str(client.post("/resources", json={"title": title, "cites": cites}).json()["id"])
    with writing() as session:
        services = Services(session)
        services.citations.extract_citations([made])
        services.graph.add_citation_edges([made])
    return made


def test_citations_name_both_ends_and_what_the_match_rests_on(client: TestClient) -> None:
    cited = add(client, "On the <b>growth</b> of large crystals in salt")
    citing = add(
        client, "A later paper", "On the <b>growth</b> of large crystals in salt", "unknown <i>"
    )
    out = client.get(f"/resources/{citing}/citations").json()
    assert (out["total"], out["matched"], out["cited_by"]) == (2, 1, 0)
    assert out["references"][0]["cited"]["id"] == cited
    assert out["references"][0]["evidence"]["basis"] == "title"
    assert out["references"][1]["cited"] is None
    back = client.get(f"/resources/{cited}/citations").json()
    assert (back["total"], back["cited_by"]) == (0, 1)
    assert back["citing"][0]["citing"] == {"id": citing, "title": "A later paper", "year": None}
    page = client.get(f"/ui/resources/{citing}").text
    assert "2 references, 1 in the library; cited by 0 here" in page
    assert "unknown &lt;i&gt;" in page
    assert "title 1.00 alike, no authors to compare" in page


def test_a_reader_corrects_a_match(client: TestClient) -> None:
    cited, other = add(client, "The very same title of a work"), add(client, "Another work")
    citing = add(client, "A later paper", "The very same title of a work")
    (reference,) = client.get(f"/resources/{citing}/citations").json()["references"]
    path = f"/resources/{citing}/citations/{reference['id']}"
    wrong = client.post(path, json={"cited_id": cited, "is_right": False}).json()
    assert wrong["cited"] is None
    right = client.post(path, json={"cited_id": other, "is_right": True}).json()
    assert (right["cited"]["id"], right["evidence"]["basis"]) == (other, "person")
    for body, code in (
        ({"cited_id": NOBODY, "is_right": True}, 404),
        ({"cited_id": citing, "is_right": True}, 422),
        ({"cited_id": cited}, 422),
    ):
        assert client.post(path, json=body).status_code == code, body
    assert client.post(f"/resources/{citing}/citations/0", json=right).status_code == 422
    body = {"cited_id": cited, "is_right": True}
    assert (
        client.post(f"/resources/{cited}/citations/{reference['id']}", json=body).status_code == 404
    )


def test_the_graph_answers_and_refuses(client: TestClient) -> None:
    first = add(client, "A first paper of some length")
    second = add(client, "The second of the papers here", "A first paper of some length")
    alone = add(client, "Alone")
    near = client.get(f"/graph/neighbors/{first}", params={"depth": 2}).json()
    assert [node["id"] for node in near["nodes"]] == [first, second]
    assert near["edges"] == [{"citing": second, "cited": first, "score": near["edges"][0]["score"]}]
    way = client.get("/graph/path", params={"from": first, "to": second}).json()
    assert (way["length"], [one["id"] for one in way["nodes"]]) == (1, [first, second])
    best = client.get("/graph/influential").json()
    assert (best["total"], best["items"][0]["id"], best["items"][0]["cited_by"]) == (2, first, 1)
    assert best["event_id"] > 0
    for path, code in (
        (f"/graph/neighbors/{NOBODY}", 404),
        (f"/graph/neighbors/{first}?depth=9", 422),
        (f"/graph/path?from={first}&to={alone}", 404),
        (f"/graph/path?from={first}", 422),
        (f"/resources/{NOBODY}/citations", 404),
        ("/graph/influential?limit=0", 422),
    ):
        assert client.get(path).status_code == code, path
    client.delete(f"/resources/{first}")
    assert client.get(f"/graph/neighbors/{first}").status_code == 404


def test_an_empty_library_has_no_influential(client: TestClient) -> None:
    assert client.get("/graph/influential").json()["items"] == []


def test_the_page_draws_the_graph_and_lists_it(client: TestClient) -> None:
    first = add(client, "A first <i>paper</i>: of some length")
    second = add(client, "The second of the papers here", "A first <i>paper</i>: of some length")
    third = add(client, "A third that stands farther off", "The second of the papers here")
    near = client.get(f"/ui/graph/{first}").text
    assert f'data-e="{second} {first}"' in near
    assert "A first &lt;i&gt;paper&lt;/i&gt;" in near
    assert third not in near
    far = client.get(f"/ui/graph/{first}?depth=2").text
    assert f'data-for="{third}"' in far
    assert "two steps away (1)" in far
    often = client.get(f"/ui/graph/{first}?depth=2&least=1").text
    assert (second in often, third in often) == (True, False)
    assert (
        "Nothing around it is cited here so often" in client.get(f"/ui/graph/{first}?least=25").text
    )
    alone = add(client, "Alone")
    assert "Nothing in the library cites this paper" in client.get(f"/ui/graph/{alone}").text
    for path, code in (
        (f"/ui/graph/{NOBODY}", 404),
        (f"/ui/graph/{first}?depth=9", 422),
        (f"/ui/graph/{first}?least=often", 422),
    ):
        assert client.get(path).status_code == code, path


def test_a_match_is_corrected_on_the_page(client: TestClient) -> None:
    cited, other = add(client, "The very same title of a work"), add(client, "Another work")
    citing = add(client, "A later paper", "The very same title of a work")
    (reference,) = client.get(f"/resources/{citing}/citations").json()["references"]
    path = f"/ui/resources/{citing}/citations/{reference['id']}"

    def matched() -> str | None:
        (one,) = client.get(f"/resources/{citing}/citations").json()["references"]
        return one["cited"] and str(one["cited"]["id"])

    assert client.post(path, data={"work": cited}).status_code == 303
    assert matched() is None
    address = f"http://here/ui/resources/{other}/?change=4#citations"
    assert client.post(path, data={"work": address, "right": "true"}).status_code == 303
    assert matched() == other
    assert "set by a reader" in client.get(f"/ui/resources/{citing}").text
    for work, code in (("nowhere", 404), ("", 422), (citing, 422)):
        answer = client.post(path, data={"work": work, "right": "true"})
        assert answer.status_code == code, work
    assert matched() == other


def test_a_busy_graph_says_what_it_leaves_out(client: TestClient) -> None:
    cited = add(client, "The very same title of a work")
    for number in range(MOST_DRAWN + 2):
        add(client, f"Follower {number} of the others", "The very same title of a work")
    shown = client.get(f"/ui/graph/{cited}").text
    assert f"{MOST_DRAWN + 3} papers are linked so; shown are the {MOST_DRAWN} nearest" in shown
    assert shown.count("data-for=") == MOST_DRAWN - 1
