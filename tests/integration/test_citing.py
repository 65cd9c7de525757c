"""Citing over HTTP and on the page: one resource, a selection, and files for other programs."""

from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest
from fastapi.testclient import TestClient

from alexandria import bootstrap
from alexandria.app import create_app
from alexandria.bootstrap import Services
from alexandria.db import writing

NOBODY = "00000000-0000-0000-0000-000000000000"


@pytest.fixture
def client(either_library: Path) -> Iterator[TestClient]:
    with writing() as session:
        secret = Services(session).users.new_token("reader", "write")
    with TestClient(create_app(), follow_redirects=False) as opened:
        opened.headers["Authorization"] = f"Bearer {secret}"
        yield opened
    bootstrap.close()


@pytest.fixture
def works(client: TestClient) -> list[str]:
    return [
        client.post("/resources", json=body).json()["id"]
        for body in (
            {"title": "How owls hunt", "authors": ["Bo Roe"], "year": 2001, "venue": "Birds"},
            {"title": "Bridges & <b>arches</b>", "authors": ["Ada Moe"], "year": 1999},
        )
    ]


def test_a_selection_is_cited_in_a_style(client: TestClient, works: list[str]) -> None:
    styles = client.get("/citation-styles").json()["items"]
    assert {"name": "ieee", "title": "IEEE Reference Guide version 11.29.2023"} in styles
    cited = client.post("/cite", json={"resource_ids": works, "style": "apa"}).json()
    assert cited["references"] == [
        {
            "html": "Moe, A. (1999). <i>Bridges &#38; &#60;b&#62;arches&#60;/b&#62;</i>.",
            "text": "Moe, A. (1999). Bridges & <b>arches</b>.",
        },
        {
            "html": "Roe, B. (2001). How owls hunt. <i>Birds</i>.",
            "text": cited["references"][1]["text"],
        },
    ]


def test_a_selection_is_exported(client: TestClient, works: list[str]) -> None:
    answer = client.post("/export", json={"resource_ids": works[:1], "format": "ris"})
    assert answer.headers["content-type"].startswith("application/x-research-info-systems")
    assert 'filename="references.ris"' in answer.headers["content-disposition"]
    assert "TI  - How owls hunt" in answer.text
    both = client.post("/export", json={"resource_ids": works[::-1], "format": "csl-json"})
    assert [one["title"] for one in orjson.loads(both.content)] == [
        "Bridges & <b>arches</b>",
        "How owls hunt",
    ]


def test_what_cannot_be_cited_is_refused_with_what_to_do(
    client: TestClient, works: list[str]
) -> None:
    client.delete(f"/resources/{works[0]}")
    for path, body, code in (
        ("/cite", {"resource_ids": []}, 422),
        ("/cite", {"resource_ids": works}, 404),
        ("/cite", {"resource_ids": [NOBODY]}, 404),
        ("/cite", {"resource_ids": works[1:], "style": "none"}, 404),
        ("/cite", {"resource_ids": [f"{n}" for n in range(501)]}, 422),
        ("/export", {"resource_ids": works[1:], "format": "none"}, 422),
    ):
        answer = client.post(path, json=body)
        assert answer.status_code == code, answer.text
        assert answer.json()["detail"]
    assert client.get("/ui/cite", params={"id": works}).status_code == 404
    assert client.get("/ui/cite/file", params={"id": works[1:], "format": "x"}).status_code == 422


def test_the_page_cites_and_remembers_the_style(client: TestClient, works: list[str]) -> None:
    assert "Nothing is chosen" in client.get("/ui/cite").text
    page = client.get("/ui/cite", params={"id": works, "style": "ieee"})
    assert "[2] A. Moe, " in page.text
    assert "Bridges &#38; &#60;b&#62;arches&#60;/b&#62;" in page.text
    again = client.get("/ui/cite", params={"id": works}).text
    assert '<option value="ieee" selected>' in again
    file = client.get("/ui/cite/file", params={"id": works, "format": "bibtex"})
    assert file.headers["content-type"].startswith("application/x-bibtex")
    assert file.text.count("@") == 2
    assert f'href="/ui/cite?id={works[0]}"' in client.get(f"/ui/resources/{works[0]}").text
