"""Saved searches: each reader's own, run as `/search` does, with what is new since they looked."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from alexandria import bootstrap
from alexandria.app import create_app
from alexandria.bootstrap import Services
from alexandria.cli.search import plain_snippet
from alexandria.db import now, writing
from alexandria.protocols.extraction import Record
from alexandria.services.saved_searches import MOST
from alexandria.services.search import SearchRequest
from saved_library import answer, command, derive

OWLS = {"name": "Owls", "query": "owls", "mode": "keyword", "sort": "-year", "year_from": 1900}


@pytest.fixture
def client(either_library: Path) -> Iterator[TestClient]:
    yield from signed_in("reader")


@pytest.fixture
def sqlite_client(library: Path) -> Iterator[TestClient]:
    """For searches by words, for which PostgreSQL has no index yet."""
    yield from signed_in("owner")


def signed_in(name: str, scope: str = "write") -> Iterator[TestClient]:
    with writing() as session:
        token = Services(session).users.new_token(name, scope)
    with TestClient(create_app(), follow_redirects=False) as opened:
        opened.headers["Authorization"] = f"Bearer {token}"
        yield opened
    bootstrap.close()


def add(title: str, **fields: Any) -> str:
    with writing() as session:
        return Services(session).resources.create(Record(title=title, **fields)).id


def save(client: TestClient, **body: Any) -> Any:
    sent = client.post("/saved-searches", json={"name": "Birds", "tag": "birds", **body})
    assert sent.status_code == 201, sent.text
    assert sent.headers["location"] == f"/saved-searches/{sent.json()['id']}"
    return sent.json()


def test_it_is_kept_changed_and_deleted(client: TestClient) -> None:
    made = save(client, name="  Birds \u00a0 of  night ", sort="-year", year_from=1900)
    where = f"/saved-searches/{made['id']}"
    assert client.get(where).json() == made
    assert made["name"] == "Birds of night"
    assert (made["query"], made["mode"], made["sort"]) == ("", "hybrid", "-year")
    assert (made["tag"], made["year_from"], made["author"]) == ("birds", 1900, None)
    changed = client.patch(where, json={"year_from": None, "q": "owls"}).json()
    assert (changed["query"], changed["year_from"], changed["tag"]) == ("owls", None, "birds")
    assert changed["name"] == "Birds of night"
    replaced = client.put(where, json={"name": "Owls", "subject": "zoology"}).json()
    assert (replaced["name"], replaced["subject"], replaced["tag"]) == ("Owls", "zoology", None)
    assert replaced["created_at"] == made["created_at"]
    listed = client.get("/saved-searches").json()
    assert listed == {"total": 1, "items": [replaced], "next_cursor": None}
    assert client.delete(where).json() == {"id": made["id"]}
    assert client.get(where).status_code == client.delete(where).status_code == 404


def test_a_name_is_there_once_for_each_reader(client: TestClient) -> None:
    first, second = save(client), save(client, name="Other")
    for sent in (
        client.post("/saved-searches", json={"name": "Birds", "tag": "x"}),
        client.put(f"/saved-searches/{second['id']}", json={"name": "Birds"}),
        client.patch(f"/saved-searches/{second['id']}", json={"name": " Birds "}),
    ):
        assert sent.status_code == 409
        assert "Choose another name" in sent.json()["detail"]
    kept = client.patch(f"/saved-searches/{first['id']}", json={"name": "Birds", "tag": "owls"})
    assert kept.json()["tag"] == "owls"
    assert {one["name"] for one in client.get("/saved-searches").json()["items"]} == {
        "Birds",
        "Other",
    }


def test_two_at_once_with_one_name_make_one(client: TestClient) -> None:
    body = {"name": "At once", "tag": "birds"}
    with ThreadPoolExecutor(6) as pool:
        sent = list(pool.map(lambda _: client.post("/saved-searches", json=body), range(6)))
    assert sorted(one.status_code for one in sent) == [201, *[409] * 5]


def test_nobody_sees_or_changes_those_of_others(client: TestClient) -> None:
    made = save(client)
    where = f"/saved-searches/{made['id']}"
    for other in signed_in("somebody else"):
        assert other.get("/saved-searches").json()["total"] == 0
        assert other.get(where).status_code == 404
        assert other.get(f"{where}/results").status_code == 404
        assert other.patch(where, json={"name": "Mine"}).status_code == 404
        assert other.delete(where).status_code == 404
        assert other.post(f"/ui{where}/delete").status_code == 404
        assert save(other)["name"] == "Birds", "the same name may be theirs as well"
    for only_reads in signed_in("reader", "read"):
        assert only_reads.get(where).status_code == 200
        assert only_reads.post("/saved-searches", json={"name": "x"}).status_code == 403
    assert client.get(where).json() == made


@pytest.mark.parametrize(
    "wrong",
    [
        {"mode": "magic"},
        {"mode": None},
        {"sort": "colour"},
        {"year_from": 123_456},
        {"year_to": "soon"},
        {"min_quality": 1.5},
        {"limit": 5},
        {"name": " \t"},
        {"name": "x" * 201},
        {"name": "a\x00b"},
        {"name": None},
    ],
)
def test_what_search_refuses_is_refused(client: TestClient, wrong: dict[str, Any]) -> None:
    made = save(client)
    bad = {"name": "Another", **wrong}
    where = f"/saved-searches/{made['id']}"
    for sent in (client.post("/saved-searches", json=bad), client.put(where, json=bad)):
        assert sent.status_code == 422, sent.text
        assert sent.json()["detail"]
    if wrong != {"name": None}:
        assert client.patch(where, json=wrong).status_code == 422
    assert client.get("/saved-searches").json()["items"] == [made]
    assert client.get("/saved-searches/%00").status_code == 404


def test_what_came_since_the_reader_looked_is_new(client: TestClient) -> None:
    old = add("Old owls", tags=("birds",))
    made = save(client)
    where = f"/saved-searches/{made['id']}"
    assert made["new"] == 0, "what there is when it is saved counts as seen"
    add("Bridges of stone", tags=("arches",))
    gone = add("Gone", tags=("birds",))
    new = add("New owls", tags=("birds",))
    with writing() as session:
        Services(session).resources.delete(gone)
    assert client.get(where).json()["new"] == 1
    for _ in range(2):  # to read the results is no look
        found = client.get(f"{where}/results").json()
        assert [one["id"] for one in found["results"]] == [new, old]
        assert found["new_ids"] == [new]
        assert found["saved_search"]["new"] == 1
    looked = client.patch(where, json={"last_seen_at": found["asked_at"]}).json()
    assert (looked["new"], looked["updated_at"]) == (0, made["updated_at"])
    for moment in (str(now() + timedelta(days=1)), "0001-01-01T00:00:00+14:00", "2026-01-01"):
        assert client.patch(where, json={"last_seen_at": moment}).status_code == 422


def test_a_reader_can_have_so_many_and_no_more(client: TestClient) -> None:
    with writing() as session:
        services = Services(session)
        user = services.users.ensure("reader").id
        for number in range(MOST):
            services.saved_searches.create(user, f"Number {number}", SearchRequest(tag="birds"))
    refused = client.post("/saved-searches", json={"name": "One more"})
    assert refused.status_code == 409
    assert "Delete one" in refused.json()["detail"]


def test_results_are_those_of_search(sqlite_client: TestClient) -> None:
    for year in (1890, 1910, 1930):
        add(f"Owls of {year}", year=year, abstract="Owls hunt at night.")
    made = save(sqlite_client, **OWLS, tag=None)
    page = {"limit": 1, "offset": 1}
    found = sqlite_client.get(f"/saved-searches/{made['id']}/results", params=page).json()
    asked = {"q": "owls", "mode": "keyword", "sort": "-year", "year_from": 1900, **page}
    same = sqlite_client.get("/search", params=asked).json()
    for name in ("query", "mode", "total", "results", "facets", "index"):
        assert found[name] == same[name]
    assert found["total"] == 2
    where = f"/saved-searches/{made['id']}/results"
    assert sqlite_client.get(where, params={"limit": 5000}).status_code == 422


def test_by_meaning_only_what_is_near_counts_as_new(sqlite_client: TestClient) -> None:
    owls = {"name": "Owls", "query": "birds that hunt in the dark", "mode": "hybrid", "tag": None}
    made = save(sqlite_client, **owls)
    near = add("The habits of owls", abstract="Owls are birds that hunt at night, in the dark.")
    for title in ("Tax law of ports", "A theory of prime numbers", "Concrete for bridges"):
        add(title, abstract=f"{title}, with examples and tables.")
    derive()
    found = sqlite_client.get(f"/saved-searches/{made['id']}/results").json()
    assert found["total"] == 4, "by meaning everything is found"
    assert found["new_ids"] == [near]


FORM = {"query": "owls", "mode": "keyword", "sort": "-year", "year_from": "1900"}


class TestPage:
    def test_a_search_is_saved_opened_renamed_and_deleted(self, sqlite_client: TestClient) -> None:
        browser = sqlite_client
        add("Owls of old", year=1910)
        shown = browser.get("/ui/?q=owls&mode=keyword&sort=-year&year_from=1900").text
        for name, value in FORM.items():
            assert f'<input type="hidden" name="{name}" value="{value}">' in shown
        sent = browser.post("/ui/saved-searches", data={**FORM, "name": "Night <b>"})
        assert sent.status_code == 303
        page = browser.get(sent.headers["location"]).text
        assert "These are the results of <b>Night &lt;b&gt;</b>" in page
        assert "1 result <" in page
        assert "owls, by words, from 1900, newest first" in page
        new = add("Owls of late", year=2020)
        assert '<span class="new">1 new</span>' in browser.get("/ui/").text
        (saved,) = browser.get("/saved-searches").json()["items"]
        where = f"/ui/saved-searches/{saved['id']}"
        opened = browser.post(f"{where}/open")
        for _ in range(2):  # the marks stay when the page is loaded again
            page = browser.get(opened.headers["location"]).text
            assert "1 new since you looked" in page
            assert page.count('<span class="new">New</span>') == 1
            assert f'{new}">Owls of late</a> <span class="new">' in page
        changed = browser.get(opened.headers["location"] + "&author=Moe").text
        assert "These are the results of" not in changed, "a filter makes it another question"
        assert "1 new</span>" not in browser.get("/ui/").text, "it was looked at"
        renamed = browser.post(f"{where}/rename", data={"name": "Owls"})
        assert "results of <b>Owls</b>" in browser.get(renamed.headers["location"]).text
        assert browser.post(f"{where}/delete").headers["location"] == "/ui/"
        assert browser.get("/saved-searches").json()["total"] == 0
        assert browser.get(renamed.headers["location"]).status_code == 200

    @pytest.mark.parametrize(
        "wrong",
        [{"name": ""}, {"mode": "magic"}, {"year_from": "soon"}, {"min_quality": "much"}],
    )
    def test_what_can_not_be_saved_is_told(
        self, sqlite_client: TestClient, wrong: dict[str, str]
    ) -> None:
        sent = sqlite_client.post("/ui/saved-searches", data={**FORM, "name": "x", **wrong})
        assert sent.status_code == 422
        assert "Invalid input" in sent.text

    def test_a_name_that_is_taken_is_told(self, sqlite_client: TestClient) -> None:
        for status in (303, 409):
            sent = sqlite_client.post("/ui/saved-searches", data={**FORM, "name": "Owls"})
            assert sent.status_code == status
        assert "Choose another name" in sent.text

    @pytest.mark.parametrize("since", ["x", "0001-01-01T00:00:00+14:00", "2026-01-01", "%00"])
    def test_an_odd_moment_marks_nothing_or_all(
        self, sqlite_client: TestClient, since: str
    ) -> None:
        add("Owls")
        saved = save(sqlite_client, **OWLS, tag=None)
        page = sqlite_client.get("/ui/", params={"saved": saved["id"], "since": since})
        assert page.status_code == 200

    def test_another_site_can_not_send_the_forms(self, sqlite_client: TestClient) -> None:
        saved = save(sqlite_client)
        foreign = {"Origin": "http://elsewhere.example"}
        for path in ("", *(f"/{saved['id']}/{one}" for one in ("open", "rename", "delete"))):
            sent = sqlite_client.post(f"/ui/saved-searches{path}", headers=foreign)
            assert sent.status_code == 403


class TestCommand:
    def test_a_search_is_saved_and_searched_again_by_name(self, library: Path) -> None:
        add("Owls of old")
        answer("search", "owls", "--mode", "keyword", "--save", "My owls")
        assert answer("search", "--saved", "My owls")["new_ids"] == []
        new = add("Owls of late [draft]")
        found = answer("search", "--saved", "My owls")
        assert (found["total"], found["mode"], found["new_ids"]) == (2, "keyword", [new])
        told = command("search", "--saved", "My owls").output
        assert "2 results" in told
        assert "0 new since you looked" in told
        assert "Owls of late [draft]" in told

    def test_what_makes_no_sense_is_refused(self, library: Path) -> None:
        add("Owls")
        answer("search", "owls", "--save", "Mine")
        for code, arguments in (
            (2, ()),
            (2, ("owls", "--saved", "Mine")),
            (2, ("--saved", "Mine", "--mode", "keyword")),
            (2, ("--saved", "Mine", "--save", "Yours")),
            (1, ("--saved", "Nobody's")),
            (3, ("owls", "--save", "Mine")),
            (2, ("owls", "--mode", "magic", "--save", "New")),
        ):
            assert command("search", *arguments).exit_code == code, arguments
        assert command("search", "--saved", "New").exit_code == 1, "nothing wrong was kept"

    def test_a_result_says_its_title_once(self, library: Path) -> None:
        add("Tides & winds", text="Tides & winds of the <northern> sea. They come and go.")
        told = command("search", "tides", "--mode", "keyword").output
        assert told.count("Tides & winds") == 1
        assert "of the <northern> sea" in told

    @pytest.mark.parametrize(
        ("snippet", "title", "expected"),
        [
            ("<mark>Owls</mark> at night. They hunt.", "Owls at night", "They hunt."),
            ("<mark>Owls</mark> at night", "Owls at night", ""),
            ("owls  at night… by day", "Owls at night", "by day"),
            ("<mark>Owls</mark> hunt", "Owl", "Owls hunt"),
            ("a &lt; b &amp; c", "Sums", "a < b & c"),
            ("İstanbul by night", "İstanbul", "by night"),
        ],
    )
    def test_a_snippet_that_begins_with_the_title_goes_on_after_it(
        self, snippet: str, title: str, expected: str
    ) -> None:
        assert plain_snippet(snippet, title) == expected
