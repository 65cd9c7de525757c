"""`docker-compose.yml`: what it says, and that its commands make a library that bears losing any part.

No Docker engine is needed: see `compose_processes`. The same input goes into an embedded library,
and both must hold and answer the same in the end.
"""

import re
import signal
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import pytest
import yaml

from alexandria.bootstrap import Services
from alexandria.config import get_settings
from alexandria.db import LibrarySession, make_engine
from compose_processes import ROOT, Topology, topology
from conftest import QUICK, all_fresh, eventually, start_library, stop_library

PAPERS = (
    ROOT / "src/alexandria/data/sample/papers.jsonl",
    ROOT / "tests/fixtures/papers/papers.jsonl",
)
QUERIES = ("machine translation of rare languages", "how people argue", "treebank", "bias in data")
OURS = ("api", "worker", "worker-urgent", "beat", "flower", "migrate")


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    return found


def test_it_names_the_services_of_the_specification(services: dict[str, Any]) -> None:
    assert set(services) == {*OURS, "redis", "redis-broker", "postgres"}
    assert all("healthcheck" in service for service in services.values())
    cache, broker = (" ".join(services[name]["command"]) for name in ("redis", "redis-broker"))
    assert "--maxmemory 2gb" in cache
    assert "--maxmemory-policy allkeys-lru" in cache
    assert "--maxmemory-policy noeviction" in broker
    assert "--maxmemory " not in broker
    assert "--appendonly yes" in cache
    assert "--appendonly yes" in broker
    assert services["redis"]["image"] == services["redis-broker"]["image"] == "redis:7-alpine"
    worker = services["worker"]
    assert worker["deploy"]["replicas"] == 4
    assert worker["deploy"]["resources"]["limits"] == {"cpus": "2", "memory": "2g"}
    assert worker["command"][-2:] == ["--concurrency", "4"]
    assert services["beat"]["deploy"]["replicas"] == 1


def test_only_what_people_use_can_be_reached_from_outside(services: dict[str, Any]) -> None:
    published = {name: one["ports"] for name, one in services.items() if "ports" in one}
    assert published == {
        "redis": ["127.0.0.1:6379:6379"],
        "api": ["${ALEXANDRIA_BIND:-127.0.0.1}:8000:8000"],
        "flower": ["${ALEXANDRIA_BIND:-127.0.0.1}:5555:5555"],
    }
    assert services["postgres"]["networks"] == services["redis-broker"]["networks"] == ["inside"]
    for name in OURS:
        assert services[name]["read_only"]
        assert services[name]["user"] == "10001:10001"
        assert services[name]["cap_drop"] == ["ALL"]


def test_no_secret_stands_in_it() -> None:
    written = (ROOT / "docker-compose.yml").read_text()
    for name in ("POSTGRES_PASSWORD", "REDIS_PASSWORD", "BROKER_PASSWORD", "FLOWER_BASIC_AUTH"):
        uses = re.findall(rf"\$\{{{name}[^}}]*\}}", written)
        assert uses
        assert all(use.startswith(f"${{{name}:?") for use in uses), "it may be left out"


def test_every_setting_in_it_exists(services: dict[str, Any]) -> None:
    known = {name.upper() for name in type(get_settings()).model_fields} | {"FLOWER_BASIC_AUTH"}
    for name in OURS:
        assert set(services[name]["environment"]) <= known


@pytest.fixture(scope="module")
def running() -> Iterator[Topology]:
    # Not in pytest's folder: PostgreSQL runs as another user, who may not look into it.
    with (
        TemporaryDirectory(prefix="compose-") as folder,
        topology(Path(folder), **QUICK) as started,
    ):
        yield started


def client(topology: Topology) -> httpx.Client:
    engine = make_engine(topology.environment("api")["DATABASE_URL"])
    with LibrarySession(engine, expire_on_commit=False) as session:
        token = Services(session).users.new_token("owner")
        session.commit()
    engine.dispose()
    address = f"http://{topology.address('api')}:8000"
    return httpx.Client(base_url=address, headers={"Authorization": f"Bearer {token}"}, timeout=30)


def bring(client: httpx.Client, papers: Path) -> None:
    sent = client.post("/imports", files={"file": (papers.name, papers.read_bytes())})
    assert sent.status_code == 202, sent.text


def held(client: httpx.Client) -> dict[str, Any]:
    """Give all that the library holds, under the papers' own ids."""
    found: dict[str, Any] = {}
    cursor = None
    while True:
        page = client.get(
            "/resources", params={"limit": 100, **({"cursor": cursor} if cursor else {})}
        )
        for one in page.json()["items"]:
            found[one["external_id"]] = _facts(client, one["id"])
        cursor = page.json()["next_cursor"]
        if cursor is None:
            return found


def _facts(client: httpx.Client, resource_id: str) -> dict[str, Any]:
    whole = client.get(f"/resources/{resource_id}").json()
    quality = client.get(f"/resources/{resource_id}/quality").json()
    similar = client.get(f"/resources/{resource_id}/similar", params={"limit": 3}).json()["items"]
    return {
        **{name: whole[name] for name in ("title", "abstract", "authors", "year", "venue", "doi")},
        "quality": {name: one["score"] for name, one in quality["dimensions"].items()},
        "similar": [one["title"] for one in similar],
    }


def answers(client: httpx.Client) -> dict[tuple[str, str], list[str]]:
    """Give the titles that each query finds in each way, in their order."""
    return {
        (query, mode): [
            one["title"]
            for one in client.get("/search", params={"q": query, "mode": mode}).json()["results"]
        ]
        for query in QUERIES
        for mode in ("keyword", "semantic", "hybrid")
    }


def fresh(client: httpx.Client) -> bool:
    try:
        return client.get("/consistency").json()["resources"] == 506 and all_fresh(client)
    except (httpx.HTTPError, KeyError):
        return False


@pytest.mark.long
def test_it_takes_in_500_papers_while_each_part_dies_once_and_ends_as_one_process_would(
    running: Topology, tmp_path: Path
) -> None:
    with client(running) as parts:
        bring(parts, PAPERS[0])
        for service, processes in running.processes.items():
            if running.file["services"][service].get("restart") == "no":
                continue
            processes[0].end(signal.SIGKILL)
            running.wait_healthy(service)
            if service == "worker":
                eventually(lambda: bring(parts, PAPERS[1]) is None, 60)
        eventually(lambda: fresh(parts), 300)
        found, answered = held(parts), answers(parts)
        assert all(found for found in answered.values())
        assert parts.get("/tasks/dead").json()["total"] == 0
    embedded = start_library(tmp_path)
    try:
        with embedded.client() as whole:
            for papers in PAPERS:
                bring(whole, papers)
            eventually(lambda: fresh(whole), 300)
            assert held(whole) == found
            assert answers(whole) == answered
    finally:
        stop_library(embedded)
