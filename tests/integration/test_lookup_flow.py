"""Look-ups as a whole: a library that runs, and a server that answers as the services do."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from conftest import RunningLibrary, eventually, start_library, stop_library
from lookup_services import DATACITE_DOI, HUGE_DOI, KNOWN_DOI, UNKNOWN_DOI, public_services
from lookup_services import Services as Public


@pytest.fixture(scope="module")
def public() -> Iterator[Public]:
    with public_services() as services:
        yield services


@pytest.fixture(scope="module")
def library_with_lookups(
    public: Public, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningLibrary]:
    started = start_library(tmp_path_factory.mktemp("library"))
    yield started
    stop_library(started)


@pytest.fixture
def client(library_with_lookups: RunningLibrary) -> Iterator[httpx.Client]:
    with library_with_lookups.client() as opened:
        yield opened


def create(client: httpx.Client, **fields: Any) -> str:
    answer = client.post("/resources", json={"title": "Deep learning"} | fields)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def suggestion(client: httpx.Client, resource_id: str) -> Any:
    return client.get(f"/resources/{resource_id}/lookup").json()["suggestions"][0]


def looked_up(client: httpx.Client, resource_id: str) -> Any:
    def found() -> Any:
        one = suggestion(client, resource_id)
        return one if one["state"] != "queued" else None

    return eventually(found)


def ended(client: httpx.Client, identifier: str, **more: Any) -> Any:
    answer = client.post("/ingest", json={"identifier": identifier, **more})
    assert answer.status_code == 202, answer.text

    def done() -> Any:
        one = client.get(answer.json()["status_url"]).json()
        return one if one["state"] not in {"queued", "running"} else None

    return eventually(done)


def test_a_new_resource_is_looked_up_and_takes_over_what_a_person_chose(
    client: httpx.Client,
) -> None:
    one = create(client, doi=KNOWN_DOI, year=2014)
    found = looked_up(client, one)
    assert (found["state"], found["service"], found["value"]) == ("found", "Crossref", KNOWN_DOI)
    fields = {field["name"]: field for field in found["fields"]}
    assert fields["year"] == {"name": "year", "ours": 2014, "theirs": 2015, "differs": True}
    assert not fields["title"]["differs"]
    assert client.get(f"/resources/{one}").json()["year"] == 2014, "nothing is overwritten"

    etag = client.get(f"/resources/{one}/lookup").headers["ETag"]
    body = {"fields": ["year", "authors"], "fetched_at": found["fetched_at"]}
    answer = client.post(f"/resources/{one}/lookup/accept", json=body, headers={"If-Match": etag})
    assert answer.status_code == 200, answer.text
    assert answer.json()["year"] == 2015
    assert answer.json()["event_id"] == int(answer.headers["X-Event-ID"])
    again = client.post(f"/resources/{one}/lookup/accept", json=body, headers={"If-Match": etag})
    assert again.status_code == 412
    found = client.get("/search", params={"q": "LeCun", "wait_for": answer.json()["event_id"]})
    assert one in {hit["id"] for hit in found.json()["results"]}


def test_asking_now_answers_with_a_task(client: httpx.Client, public: Public) -> None:
    one = create(client, doi=DATACITE_DOI)
    looked_up(client, one)
    before = len(public.asked)
    answer = client.post(f"/resources/{one}/lookup")
    assert answer.status_code == 202
    status = answer.json()["status_url"]
    eventually(lambda: client.get(status).json().get("state") == "success")
    assert len(public.asked) == before, "what is known is not asked again"
    bare = create(client, title="Without any")
    answer = client.post(f"/resources/{bare}/lookup")
    assert answer.status_code == 409
    assert "no DOI, arXiv id, ISBN, PMID" in answer.json()["detail"]
    assert client.post("/resources/none/lookup").status_code == 404


def test_what_fails_for_good_is_a_dead_letter_that_can_be_run_again(client: httpx.Client) -> None:
    one = create(client, doi=HUGE_DOI)
    found = looked_up(client, one)
    assert found["state"] == "failed"
    assert "larger than 10 MB" in found["error"]

    def letter() -> Any:
        items = client.get("/tasks/dead").json()["items"]
        return next((item for item in items if item["subject"] == one), None)

    dead = eventually(letter)
    assert dead["task"] == "alexandria.tasks.look_up_task"
    assert client.post(f"/tasks/dead/{dead['id']}/retry").status_code in {200, 202}
    eventually(lambda: (new := letter()) is not None and new["id"] != dead["id"])


def test_an_identifier_becomes_a_resource_once(client: httpx.Client) -> None:
    made = ended(client, "arXiv:1706.03762v2")
    assert (made["state"], made["source"]) == ("completed", "identifier")
    assert made["name"] == "arxiv:1706.03762"
    resource = client.get(f"/resources/{made['resource_id']}").json()
    assert resource["title"] == "Attention Is All You Need"
    again = ended(client, "https://arxiv.org/abs/1706.03762")
    assert (again["state"], again["duplicate_of"]) == ("duplicate", made["resource_id"])
    both = ended(client, "1706.03762", add_anyway=True)
    assert both["resource_id"] != made["resource_id"]


def test_an_identifier_that_nobody_knows_can_be_retried(client: httpx.Client) -> None:
    failed = ended(client, UNKNOWN_DOI)
    assert failed["state"] == "failed"
    assert failed["error"]["message"].startswith("Neither Crossref nor DataCite knows")
    assert client.post(f"/ingestions/{failed['id']}/retry").status_code == 202


@pytest.mark.parametrize(
    "identifier", ["owls", "", " ", "978-0-14-032872-2", "10.1038", "x" * 9999]
)
def test_what_is_no_identifier_is_refused_at_once(client: httpx.Client, identifier: str) -> None:
    answer = client.post("/ingest", json={"identifier": identifier})
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"


def test_one_thing_at_a_time(client: httpx.Client) -> None:
    answer = client.post("/ingest", json={"identifier": "9997", "url": "https://example.org"})
    assert answer.status_code == 422


def command(library: RunningLibrary, *words: str, code: int = 0) -> Any:
    ended = subprocess.run(
        [sys.executable, "-m", "alexandria", *words, "--data", str(library.folder), "--json"],
        capture_output=True,
        text=True,
        env=os.environ,
        check=False,
    )
    assert ended.returncode == code, ended.stderr
    return json.loads(ended.stdout) if ended.stdout else ended.stderr


def test_the_command_shows_compares_takes_over_and_adds(
    library_with_lookups: RunningLibrary, client: httpx.Client
) -> None:
    library = library_with_lookups
    shown = command(library, "lookup", "isbn:9780140328721")
    assert shown["title"] == "Fantastic Mr. Fox"
    added = command(library, "ingest", "9780140328721", "pmid:9997")
    assert added["added"] == 2
    one = added["sources"][0]["resource_id"]
    client.patch(f"/resources/{one}", json={"year": 1970})
    compared = command(library, "lookup", one)
    assert [f["name"] for f in compared["suggestions"][0]["fields"] if f["differs"]] == ["year"]
    taken = command(library, "lookup", one, "--use", "year")
    assert taken["event_id"]
    assert client.get(f"/resources/{one}").json()["year"] == 1988
    assert "no field" not in command(library, "lookup", one, "--use", "owls", code=2)
    assert "There is no resource" in command(library, "lookup", "none-such", code=1)


@pytest.fixture
def library_without(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[RunningLibrary]:
    monkeypatch.setenv("ALEXANDRIA_LOOKUPS", "false")
    started = start_library(tmp_path_factory.mktemp("library"))
    yield started
    stop_library(started)


def test_off_every_way_says_how_to_switch_it_on(library_without: RunningLibrary) -> None:
    with library_without.client() as client:
        one = create(client, doi=KNOWN_DOI)
        answers = [
            client.get(f"/resources/{one}/lookup"),
            client.post(f"/resources/{one}/lookup"),
            client.post(f"/resources/{one}/lookup/accept", json={"fields": ["title"]}),
            client.post("/ingest", json={"identifier": KNOWN_DOI}),
        ]
        for answer in answers:
            assert answer.status_code == 409
            assert answer.json()["title"] == "Switched off"
            assert "ALEXANDRIA_LOOKUPS=true and ALEXANDRIA_CONTACT" in answer.json()["detail"]
    for words in (("lookup", one), ("lookup", KNOWN_DOI), ("ingest", KNOWN_DOI)):
        assert "ALEXANDRIA_LOOKUPS" in command(library_without, *words, code=3)
