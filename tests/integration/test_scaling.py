"""What one scales by: the depth of the queues, told and heeded, and workers that grow with it."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families

from alexandria.app import create_app
from alexandria.bootstrap import Services
from alexandria.config import get_settings
from alexandria.db import reading, writing
from alexandria.models import Ingestion
from alexandria.tasks import status
from in_process_worker import run_all, waiting
from saved_library import command


@pytest.fixture
def client(either_with_redis: Path) -> Iterator[TestClient]:
    with writing() as session:
        token = Services(session).users.new_token("owner")
    with TestClient(create_app(), headers={"Authorization": f"Bearer {token}"}) as client:
        run_all()
        yield client


def figures(client: TestClient) -> dict[tuple[str, ...], float]:
    text = client.get("/metrics").text
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_the_metrics_tell_what_waits(client: TestClient) -> None:
    before = figures(client)
    assert before["alexandria_broker_up",] == 1
    client.post("/resources", json={"title": "Lamps"})
    found = figures(client)
    queues = [name for name in found if name[0] == "alexandria_queue_depth"]
    assert sum(found[name] for name in queues) == len(waiting()) > 0
    assert found["alexandria_derivations", "embedding", "pending"] == 1
    run_all()
    assert sum(figures(client)[name] for name in queues) == 0
    assert figures(client)["alexandria_derivations", "embedding", "fresh"] == 1


def test_the_metrics_need_a_token(client: TestClient) -> None:
    assert client.get("/metrics", headers={"Authorization": ""}).status_code == 401


@pytest.fixture
def little_room(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    """A library in which more waits than may."""
    client.post("/resources", json={"title": "Lamps"})
    monkeypatch.setenv("ALEXANDRIA_MOST_WAITING", "2")
    get_settings.cache_clear()
    yield client
    monkeypatch.delenv("ALEXANDRIA_MOST_WAITING")
    get_settings.cache_clear()


def test_nothing_is_taken_in_while_too_much_waits(little_room: TestClient) -> None:
    for path in ("/ingest", "/imports"):
        refused = little_room.post(path, files={"file": ("a.txt", b"On lamps at sea.")})
        assert refused.status_code == 503
        assert int(refused.headers["retry-after"]) > 0
        assert "was not taken in" in refused.json()["detail"]
    refused = little_room.post("/ingest", json={"url": "https://a.test/"})
    assert refused.status_code == 503
    with reading() as session:
        assert session.query(Ingestion).count() == 0
    changed = little_room.post("/resources", json={"title": "Single ones are"})
    assert changed.status_code == 201
    run_all()
    taken = little_room.post("/ingest", files={"file": ("a.txt", b"On lamps at sea.")})
    assert taken.status_code == 202


def test_the_command_waits_until_there_is_room(
    little_room: TestClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    note = tmp_path / "note.txt"
    note.write_text("On lamps at sea.")
    slept: list[float] = []

    def work(seconds: float) -> None:
        slept.append(seconds)
        run_all()

    monkeypatch.setattr("alexandria.cli.ingest.time.sleep", work)
    monkeypatch.setattr("alexandria.cli.ingest.running", lambda *_: nullcontext())
    told = command("ingest", note, "--no-wait")
    assert told.exit_code == 0, told.output
    assert len(slept) == 1
    with reading() as session:
        assert session.query(Ingestion).count() == 1


@pytest.mark.alone
def test_a_worker_grows_with_what_waits(client: TestClient) -> None:
    for number in range(20):
        client.post("/resources", json={"title": f"Lamps {number}", "content": "At sea."})
    arguments = [sys.executable, "-m", "alexandria", "worker", "--autoscale", "3,1"]
    with (get_settings().data_dir / "worker.log").open("ab") as log:
        worker = subprocess.Popen(
            arguments, env=os.environ | {"ALEXANDRIA_TIME_SCALE": "0.01"}, stdout=log, stderr=log
        )
    try:
        most = 0
        deadline = time.monotonic() + 60
        while (most < 3 or status.waiting_messages()) and time.monotonic() < deadline:
            most = max(most, children(worker.pid))
            time.sleep(0.05)
        assert most == 3
        assert status.waiting_messages() == 0
    finally:
        worker.terminate()
        worker.wait(30)


def children(pid: int) -> int:
    found = Path(f"/proc/{pid}/task/{pid}/children")
    return len(found.read_text().split()) if found.exists() else 0
