"""U+0000, halves of characters and numbers without end: refused or left out, on both databases."""

from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from alexandria import bootstrap
from alexandria.app import create_app
from alexandria.bootstrap import Services
from alexandria.db import reading, writing
from alexandria.models import Resource
from alexandria.protocols.extraction import Record
from alexandria.services.search import SearchRequest

ODD = "od\x00d \ud83d and \U0001f989 \u202e \ufffe \ue000 e\u0301"
FIELDS = ("title", "abstract", "content", "venue", "language", "external_id")


@pytest.fixture
def client(either_library: Path) -> Any:
    with writing() as session:
        secret = Services(session).users.new_token("reader", "write")
    with TestClient(create_app(), raise_server_exceptions=False) as opened:
        opened.headers["Authorization"] = f"Bearer {secret}"
        yield opened
    bootstrap.close()


def test_what_has_no_place_is_refused_or_left_out(client: TestClient) -> None:
    headers = {"content-type": "application/json"}
    for field in (*FIELDS, "authors", "tags", "subjects", "cites"):
        for value in ("a\\u0000b", "a\\ud800b", "\\ud83e\\udd89", "\\ue000", "a" * 5_000):
            shown = f'["{value}"]' if field.endswith("s") else f'"{value}"'
            body = f'{{"title": "T", "{field}": {shown}}}'
            if field == "title":
                body = f'{{"title": {shown}}}'
            answer = client.post("/resources", content=body.encode(), headers=headers)
            assert answer.status_code in {201, 422}, (field, value, answer.text)
            if answer.status_code == 201:
                assert "\\u0000" not in answer.text


def test_what_can_not_be_looked_for_is_found_nowhere(client: TestClient) -> None:
    client.post("/resources", json={"title": "Something odd"})
    for path in (
        *("/search?q=%00odd", "/search?q=odd&author=%00", "/search?q=odd&tag=a%00b"),
        *("/search?q=odd&subject=%00", "/search?q=tag:%00", "/search?q=%22odd%00%22"),
        *("/search?q=odd&venue=%00", "/search?q=odd&year_from=99999999999999"),
        *("/search?q=%ED%A0%80", "/search?q=title:%00*", "/search?q=%F4%8F%BF%BF*"),
        *("/resources/%00", "/resources?tag=%00", "/resources/%00/similar"),
        *("/resources/%00/freshness", "/ingestions?parent_id=%00", "/ingestions/%00"),
        *("/trash?cursor=%00", "/duplicates?limit=99999999999999999999"),
    ):
        answer = client.get(path)
        assert answer.status_code < 500, (path, answer.text)


def test_a_record_from_a_file_is_cleaned(either_library: Path) -> None:
    with writing() as session:
        made = Services(session).resources.create(
            Record(title=ODD, text=ODD, authors=(ODD,), tags=(ODD,), extra={"note": ODD})
        )
    with reading() as session:
        resource = session.get_one(Resource, made.id)
        for text in (resource.title, resource.content, *resource.authors, *resource.tags):
            assert "\x00" not in text
            assert "\ud83d" not in text
            assert "\U0001f989" in text
        found = Services(session).search.search(SearchRequest("odd owl", "keyword"))
        assert found["total"] == 1
