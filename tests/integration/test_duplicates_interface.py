"""Suggestions over the interface, the command and the pages, from a library in this process."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

import alexandria.cli  # noqa: F401 (it registers the commands)
from alexandria import bootstrap
from alexandria.app import create_app
from alexandria.bootstrap import Services
from alexandria.cli.common import app as commands
from alexandria.db import writing

PAPER = {"title": "<b>Owls</b> of the [northern] coast at night", "authors": ["Ada Moe"], "year": 1}


@pytest.fixture
def client(either_library: Path) -> Iterator[TestClient]:
    with writing() as session:
        secret = Services(session).users.new_token("reader", "write")
    with TestClient(create_app(), follow_redirects=False) as opened:
        opened.headers["Authorization"] = f"Bearer {secret}"
        yield opened
    bootstrap.close()


def add(client: TestClient, **more: object) -> str:
    made = str(client.post("/resources", json=PAPER | more).json()["id"])
    with writing() as session:
        Services(session).near_duplicates.compute_duplicates([made])
    return made


def test_suggestions_are_listed_dismissed_and_merged(client: TestClient) -> None:
    empty = {"total": 0, "items": [], "next_cursor": None}
    one = add(client)
    assert client.get("/duplicates").json() == empty
    assert client.get(f"/resources/{one}/duplicates").json() == empty
    other = add(client, doi="10.1234/owls")
    found = client.get("/duplicates").json()
    assert (found["total"], found["next_cursor"]) == (1, None)
    (item,) = found["items"]
    assert {item["first"]["id"], item["second"]["id"]} == {one, other}
    assert item["evidence"][0] == {
        "name": "title",
        "value": 1.0,
        "words": "The titles are the same.",
    }
    assert client.get(f"/resources/{other}/duplicates").json()["items"] == [item]
    dismissed = client.post(f"/duplicates/{item['id']}/dismiss")
    assert dismissed.status_code == 200
    assert dismissed.json()["dismissed_at"]
    assert client.get("/duplicates").json() == empty
    assert client.get("/duplicates", params={"dismissed": True}).json()["total"] == 1
    undone = client.post(f"/duplicates/{item['id']}/dismiss/undo")
    assert undone.json() == item
    assert client.post(f"/resources/{one}/merge", json={"other_id": other}).status_code == 200
    assert client.get("/duplicates").json() == empty
    for path in ("dismiss", "dismiss/undo"):
        assert client.post(f"/duplicates/{item['id']}/{path}").status_code == 404


def test_what_is_wrong_is_refused_in_words(client: TestClient) -> None:
    for path, code in (
        ("/duplicates?limit=0", 422),
        ("/duplicates?cursor=nonsense", 422),
        ("/resources/unknown/duplicates", 404),
    ):
        answer = client.get(path)
        assert (answer.status_code, bool(answer.json()["detail"])) == (code, True)
    with writing() as session:
        secret = Services(session).users.new_token("guest", "read")
    refused = client.post("/duplicates/x/dismiss", headers={"Authorization": f"Bearer {secret}"})
    assert refused.status_code == 403


def test_the_command_lists_them(client: TestClient) -> None:
    one, other = add(client), add(client)
    listed = CliRunner().invoke(commands, ["duplicates", "--json"])
    assert listed.exit_code == 0, listed.output
    found = json.loads(listed.stdout)
    assert (found["total"], len(found["items"])) == (1, 1)
    assert {found["items"][0][side]["id"] for side in ("first", "second")} == {one, other}
    told = CliRunner().invoke(commands, ["duplicates"])
    assert "[northern]" in told.stdout
    assert "The titles are the same." in told.stdout
    assert "1 suggestions" in told.stdout


def test_pages_escape_titles_and_refuse_what_makes_no_sense(client: TestClient) -> None:
    one, other = add(client), add(client)
    suggestion = client.get("/duplicates").json()["items"][0]["id"]
    shown = client.get("/ui/duplicates").text
    assert "&lt;b&gt;Owls" in shown
    assert "<b>Owls" not in shown
    path = f"/ui/duplicates/{suggestion}/merge"
    assert client.post(path, data={"kept_id": "third"}).status_code == 422
    foreign = {"Origin": "https://elsewhere.example"}
    assert client.post(path, data={"kept_id": one}, headers=foreign).status_code == 403
    assert client.post("/ui/trash/restore").status_code == 422
    assert client.post("/ui/trash/erase").status_code == 422
    assert client.post("/ui/trash/erase", data={"moment": "2020-01-01"}).status_code == 422
    assert client.get("/ui/trash/erase").status_code == 422
    assert client.get(f"/ui/trash/erase?id={one}").status_code == 422
    assert client.post("/ui/trash/erase", data={"id": one}).status_code == 409
    assert client.get("/ui/duplicates?merged=unknown&dismissed=%3Cb%3E").status_code == 200
    assert client.get("/ui/?deleted=unknown").status_code == 200
    assert client.get(f"/ui/?deleted={other}").status_code == 200
    assert client.get("/resources").json()["total"] == 2


def test_what_comes_into_the_trash_after_the_question_stays(client: TestClient) -> None:
    first, later = add(client), add(client)
    client.delete(f"/resources/{first}")
    asked = client.get("/ui/trash/erase?everything=true").text
    moment = asked.partition('name="moment" value="')[2].partition('"')[0]
    client.delete(f"/resources/{later}")
    answer = client.post("/ui/trash/erase", data={"moment": moment})
    assert answer.headers["location"] == "/ui/trash?erased=1"
    assert client.post(f"/resources/{later}/restore").status_code == 200
    assert client.post(f"/resources/{first}/restore").status_code == 404


def test_merged_ones_come_back_from_the_trash_with_what_went_over(client: TestClient) -> None:
    kept, other = add(client), add(client, tags=["owls"])
    client.post(f"/resources/{kept}/merge", json={"other_id": other})
    assert "Undo the merge" in client.get("/ui/trash").text
    restored = client.post("/ui/trash/restore", data={"id": [other]})
    assert restored.headers["location"] == "/ui/trash?restored=1"
    assert client.get(f"/resources/{kept}").json()["tags"] == []
    assert client.get(f"/resources/{other}").json()["tags"] == ["owls"]
    again = client.post(f"/resources/{kept}/merge", json={"other_id": other}).json()["id"]
    client.delete(f"/resources/{kept}")
    assert client.post("/ui/trash/restore", data={"id": [other]}).status_code == 303
    assert client.post(f"/merges/{again}/undo").status_code == 404
