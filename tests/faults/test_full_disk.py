"""The disk of the data folder is full now and then: what is refused says so, what is accepted stays."""

import random
import subprocess
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest
import redis
from killing import Outcome, disturbed, undisturbed
from redis.backoff import NoBackoff
from redis.retry import Retry

from alexandria.adapters.redis_errors import FullDiskError
from alexandria.adapters.redis_server import EmbeddedRedis
from conftest import RunningLibrary, all_fresh, eventually, start_library, stop_library

pytestmark = pytest.mark.long
MEGABYTES = 48


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own, which is small."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={MEGABYTES}m", "tmpfs", str(folder)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("This user may not mount a disk.")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(disk: Path) -> None:
    with (disk / "ballast").open("ab", buffering=0) as ballast:
        for block in (1 << 16, 512):
            try:
                while True:
                    ballast.write(bytes(block))
            except OSError:
                continue


def make_room(disk: Path) -> None:
    (disk / "ballast").unlink()


def test_what_is_refused_says_why(disk: Path) -> None:
    running = start_library(disk / "library")
    try:
        with running.client() as client:
            made = client.post("/resources", json={"title": "Owls", "content": "Owls hunt."}).json()
            eventually(lambda: all_fresh(client))
            fill(disk)
            document = {"file": ("hawks.md", b"# Hawks\n\n" + b"They hunt by day. " * 500)}
            for answer in (
                client.post("/resources", json={"title": "Terns", "content": "word " * 9_000}),
                client.patch(f"/resources/{made['id']}", json={"content": "word " * 9_000}),
                client.post("/ingest", files=document),
            ):
                assert answer.status_code == 507, answer.text
                assert answer.headers["content-type"] == "application/problem+json"
                assert "Free some space" in answer.json()["detail"]
            assert client.get("/search", params={"q": "owls"}).json()["total"] == 1
            make_room(disk)
            assert client.get("/resources").json()["total"] == 1
            assert client.get(f"/resources/{made['id']}").json()["content_revision"] == 1
            assert client.post("/ingest", files=document).status_code == 202
            eventually(lambda: client.get("/resources").json()["total"] == 2)
            eventually(lambda: all_fresh(client), 60)
    finally:
        stop_library(running)


def test_a_broker_without_room_counts_as_away_and_is_left_alone(disk: Path) -> None:
    server = EmbeddedRedis(disk / "redis", "broker", role="broker")
    server.start()
    try:
        with redis.Redis.from_url(server.redis_url(), retry=Retry(NoBackoff(), 0)) as client:
            client.set("before", "kept")
            fill(disk)
            eventually(lambda: not takes_writes(client))
            pid = server.pid
            assert server.answers()
            make_room(disk)
            eventually(lambda: takes_writes(client))
            assert client.get("before") == b"kept"
            assert server.pid == pid
    finally:
        server.stop()


def takes_writes(client: redis.Redis) -> bool:
    try:
        return bool(client.set("after", bytes(10_000)))
    except FullDiskError:
        return False


def test_a_disk_that_is_full_now_and_then_changes_nothing(disk: Path, tmp_path: Path) -> None:
    expected = undisturbed(tmp_path / "undisturbed", 7)

    def fill_it(running: RunningLibrary, outcome: Outcome, done: Event) -> None:
        chance = random.Random(outcome.seed)
        while not done.wait(chance.uniform(0.3, 1.0)):
            fill(disk)
            outcome.kills["full disk"] += 1
            done.wait(chance.uniform(1.0, 4.0))
            make_room(disk)

    outcome = disturbed(disk / "library", 7, 7, expected, disturb=fill_it)
    assert outcome.kills["full disk"] > 3
    assert outcome.wrong == []
