"""Requests that no well-meaning program sends: each is refused in words, none is an error of ours."""

import base64
import json
from typing import Any

import pytest

from conftest import RunningLibrary


def encoded(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


CURSORS = (
    *("zzz", "é", "AAAA", "9" * 40, encoded([]), encoded([None, None]), encoded([1, 2])),
    encoded(["2020-01-01T00:00:00", "naive"]),
    encoded(["no time", "x"]),
)
BODIES = (
    *(b'"x"', b"null", b"[]", b"{}", b'{"url": 5}', b'{"url": ""}', b'{"url": "http://\\ud800"}'),
    *(b"\xff\xfe", b'{"url":', b"[" * 100_000),
)
RESOURCES = (
    *(b'{"title": "  "}', b'{"title": "\\ud800"}', b'{"title": "a", "year": 99999}', b"[1]"),
    *(b'{"title": "a", "doi": "none"}', b'{"title": "a", "tags": "x"}', b"[" * 100_000),
)


@pytest.mark.parametrize("path", ["/resources", "/ingestions"])
@pytest.mark.parametrize("cursor", CURSORS)
def test_a_foreign_cursor_is_refused(
    running_library: RunningLibrary, path: str, cursor: str
) -> None:
    with running_library.client() as client:
        answer = client.get(path, params={"cursor": cursor})
    assert answer.status_code == 422
    assert "without a cursor" in answer.json()["detail"]


def test_a_list_is_read_to_its_end_by_its_own_cursors(running_library: RunningLibrary) -> None:
    with running_library.client() as client:
        made = {client.post("/resources", json={"title": f"T {i}"}).json()["id"] for i in range(5)}
        for sort in ("-created", "updated", "title"):
            seen: list[str] = []
            cursor = ""
            while cursor is not None:
                asked = {"limit": "2", "sort": sort, "cursor": cursor}
                page = client.get("/resources", params=asked).json()
                seen += [one["id"] for one in page["items"]]
                cursor = page["next_cursor"]
            assert made <= set(seen)
            assert len(seen) == len(set(seen)) == page["total"]


@pytest.mark.parametrize(("path", "body"), [("/ingest", b) for b in BODIES])
def test_a_source_that_is_none_is_refused(
    running_library: RunningLibrary, path: str, body: bytes
) -> None:
    refused(running_library, path, body)


@pytest.mark.parametrize("body", RESOURCES)
def test_a_resource_that_is_none_is_refused(running_library: RunningLibrary, body: bytes) -> None:
    refused(running_library, "/resources", body)


@pytest.mark.parametrize("title", ["", "  ", "\0"])
def test_a_title_can_not_be_taken_away(running_library: RunningLibrary, title: str) -> None:
    with running_library.client() as client:
        where = client.post("/resources", json={"title": "It has one"}).headers["location"]
        for answer in (
            client.patch(where, json={"title": title}),
            client.put(where, json={"title": title}),
        ):
            assert answer.status_code == 422
        assert client.get(where).json()["title"] == "It has one"


def refused(running: RunningLibrary, path: str, body: bytes) -> None:
    with running.client() as client:
        headers = {"content-type": "application/json"}
        answer = client.post(path, content=body, headers=headers)
    assert answer.status_code in {400, 422}
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"]
