"""What fails for good is kept with its cause, and can be run again, one or all of a kind."""

import json
import os
import signal
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from celery.app.trace import build_tracer
from fastapi.testclient import TestClient
from sqlalchemy import select, update
from typer.testing import CliRunner

from alexandria.app import create_app
from alexandria.bootstrap import Services, broker_client, embedded_broker
from alexandria.cli.common import app as commands
from alexandria.config import get_settings
from alexandria.db import LibrarySession, now, reading, writing
from alexandria.errors import TransientError
from alexandria.models import LedgerRow, OutboxEvent
from alexandria.protocols.extraction import Record
from alexandria.services.ledger import RESOURCE
from alexandria.tasks import celery_app, deliveries, recompute_quality_task
from alexandria.tasks.base import DatabaseTask
from alexandria.tasks.celery_tasks import batch_process_resources_task, clean_up_outbox_task
from alexandria.tasks.transport import ResultBackend
from conftest import RunningLibrary, eventually, start_library, stop_library

pytestmark = pytest.mark.alone


@celery_app.task(bind=True, base=DatabaseTask, name="tests.fails", max_retries=0)
def fails(self: Any, kind: str, *, db: LibrarySession) -> None:
    del self, db
    raise TransientError("away", "Wait.") if kind == "transient" else ValueError(kind)


@pytest.fixture
def broker(library: Path) -> Any:
    server = embedded_broker(get_settings())
    server.start()
    yield library
    server.stop()


def letters(task: str | None = None) -> list[Any]:
    with reading() as session:
        return Services(session).dead_letters.of_task(task)


def test_a_result_that_cannot_be_stored_fails_no_task(library: Path) -> None:
    """The broker's Redis dies between the commit of a task and the storing of its result."""

    @celery_app.task(bind=True, base=DatabaseTask, name="tests.passes")
    def passes(self: Any, *, db: LibrarySession) -> str:
        del self, db
        return "done"

    passes.backend = ResultBackend(app=celery_app, url="redis://127.0.0.1:1/0")
    trace = build_tracer(passes.name, passes, app=celery_app)
    ended = trace("an-id", (), {}, {"id": "an-id", "args": (), "kwargs": {}})
    assert (ended.retval, ended.info) == ("done", None)
    assert letters() == []


@pytest.mark.parametrize("kind", ["transient", "permanent"])
def test_what_fails_for_good_is_kept_with_its_cause(either_library: Path, kind: str) -> None:
    fails.apply(args=[kind])
    (letter,) = letters()
    assert (letter.task, letter.args, letter.attempts) == ("tests.fails", [kind], 1)
    assert "Error" in letter.error
    assert "raise TransientError" in letter.traceback
    assert letter.remedy == ("Wait." if kind == "transient" else None)


def test_the_last_failure_of_one_subject_takes_the_place_of_the_first(library: Path) -> None:
    for kind in ("a", "b", "a"):
        fails.apply(args=[kind])
    assert sorted(letter.subject for letter in letters()) == ["a", "b"]


def test_a_failed_derivation_is_marked_and_found_undone_again(
    broker: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with writing() as session:
        made = Services(session).resources.create(Record(title="A title")).id

    def broken(*_: Any) -> None:
        raise ValueError("broken on purpose")

    with monkeypatch.context() as patch:
        patch.setattr("alexandria.services.quality.assess", broken)
        recompute_quality_task.apply(args=[made])
    (letter,) = letters(recompute_quality_task.name)
    with writing() as session:
        row = session.get(LedgerRow, (RESOURCE, made, "quality"))
        assert row
        assert row.error == "broken on purpose"
        recompute_quality_task.revive(Services(session), letter)
        assert row.error is None
    recompute_quality_task.apply(args=[made])
    with reading() as session:
        row = session.get(LedgerRow, (RESOURCE, made, "quality"))
        assert row
        assert row.due_at is None


def test_work_done_another_way_leaves_no_letter(broker: Path) -> None:
    with writing() as session:
        services = Services(session)
        made = services.resources.create(Record(title="A title")).id
        session.flush()
        recompute_quality_task.bury(services, [made], ValueError("broken"), "")
        services.resources.update(made, {"title": "Another title"})
    assert len(letters()) == 1
    recompute_quality_task.apply(args=[made])
    assert letters() == []


def test_a_failed_batch_says_so(library: Path) -> None:
    batch_process_resources_task.apply(args=[[], "none"])
    (letter,) = letters()
    assert "no operation 'none'" in letter.error


def test_a_task_that_began_too_often_is_poison(broker: Path) -> None:
    key = "alexandria:began:poison"
    broker_client().set(key, deliveries.MOST_DELIVERIES)
    result = fails.apply(args=["x"], task_id="poison")
    assert isinstance(result.result, deliveries.PoisonTaskError)
    (letter,) = letters()
    assert letter.attempts == deliveries.MOST_DELIVERIES + 1
    assert not broker_client().exists(key)


def test_the_outbox_is_kept_for_the_days_of_the_setting(
    either_library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with writing() as session:
        services = Services(session)
        for number in range(3):
            services.resources.create(Record(title=f"Title {number}"))
        events = list(session.scalars(select(OutboxEvent).order_by(OutboxEvent.id)))
        for event in events[:4]:
            event.created_at = now() - timedelta(days=40)
            event.handed_over_at = now()
        events[0].handed_over_at = None
    monkeypatch.setenv("ALEXANDRIA_OUTBOX_DAYS", "0")
    get_settings.cache_clear()
    assert clean_up_outbox_task.apply().get() == 0
    monkeypatch.setenv("ALEXANDRIA_OUTBOX_DAYS", "30")
    get_settings.cache_clear()
    assert clean_up_outbox_task.apply().get() == 3
    with reading() as session:
        kept = set(session.scalars(select(OutboxEvent.id)))
    assert kept == {event.id for event in events} - {event.id for event in events[1:4]}


def test_after_a_death_a_task_works_alone(broker: Path) -> None:
    with writing() as session:
        services = Services(session)
        made = [services.resources.create(Record(title=f"Title {n}")).id for n in range(3)]
    with writing() as session:
        session.execute(update(LedgerRow).values(due_at=now()))
    broker_client().set("alexandria:began:again", 1)
    assert recompute_quality_task.apply(args=[made[0]], task_id="again").get()["computed"] == 1
    assert recompute_quality_task.apply(args=[made[1]], task_id="first").get()["computed"] == 2


def test_the_command_lists_and_discards_what_is_named(broker: Path) -> None:
    for kind in ("a", "b", "c"):
        fails.apply(args=[kind])
    run = CliRunner().invoke
    listed = json.loads(run(commands, ["dead", "list", "--json"]).stdout)
    assert [one["subject"] for one in listed["items"]] == ["a", "b", "c"]
    assert run(commands, ["dead", "discard"]).exit_code == 2
    assert run(commands, ["dead", "discard", listed["items"][0]["id"], "--all"]).exit_code == 2
    assert len(letters()) == 3
    assert run(commands, ["dead", "discard", listed["items"][0]["id"]]).exit_code == 0
    for words in (["list"], ["retry"], ["discard"]):
        ended = run(commands, ["dead", *words, "--task", "alexandria.tasks.recompute_qualty_task"])
        assert ended.exit_code == 2
        assert "such as alexandria.tasks.recompute_quality_task" in " ".join(ended.output.split())
    another = "alexandria.tasks.reconcile_task"
    assert run(commands, ["dead", "discard", "--task", another]).exit_code == 0
    assert len(letters()) == 2
    assert run(commands, ["dead", "discard", "--all"]).exit_code == 0
    assert letters() == []


def test_every_scheduled_task_expires() -> None:
    for entry in celery_app.conf.beat_schedule.values():
        assert entry["options"]["expires"] > 0


def test_the_interface_lists_retries_and_discards(broker: Path) -> None:
    with writing() as session:
        token = Services(session).users.new_token("owner", "admin")
    for kind in ("a", "b", "c"):
        fails.apply(args=[kind])
    client = TestClient(create_app(), headers={"Authorization": f"Bearer {token}"})
    page = client.get("/tasks/dead", params={"limit": 2}).json()
    assert page["total"] == 3
    assert [one["subject"] for one in page["items"]] == ["c", "b"]
    rest = client.get("/tasks/dead", params={"cursor": page["next_cursor"]}).json()
    assert [one["subject"] for one in rest["items"]] == ["a"]
    assert "ValueError: a" in client.get("/ui/activity").text
    gone = page["items"][0]["id"]
    assert client.delete(f"/tasks/dead/{gone}").json() == {"count": 1}
    assert client.get(f"/tasks/dead/{gone}").status_code == 404
    assert client.delete("/tasks/dead", params={"task": "other"}).json() == {"count": 0}
    assert client.delete("/tasks/dead").json() == {"count": 2}


def test_a_task_that_kills_its_worker_each_time_ends_as_a_dead_letter(tmp_path: Path) -> None:
    """The extractor's neighbour: the worker child itself is killed whenever the task runs."""
    running = start_library(tmp_path)
    try:
        with running.client() as client:
            kill_children_until_dead(running, client)
    finally:
        stop_library(running)


def kill_children_until_dead(running: RunningLibrary, client: Any) -> None:
    made = client.post("/resources", json={"title": "Deadly"}).json()["id"]
    eventually(lambda: client.get("/consistency").json()["derivations"]["quality"]["fresh"], 60)
    poison = {"operation": "recompute_quality", "resource_ids": [made] * 5_000}
    task = client.post("/batch", json=poison).json()["task_id"]
    seen: set[int] = set()
    deadline = time.monotonic() + 240
    while time.monotonic() < deadline:
        if client.get("/tasks/dead").json()["total"]:
            break
        for worker in client.get("/workers/status").json()["active"].values():
            for one in worker:
                if one["id"] == task and one["worker_pid"] and one["worker_pid"] not in seen:
                    seen.add(one["worker_pid"])
                    os.kill(one["worker_pid"], signal.SIGKILL)
        time.sleep(0.05)
    (letter,) = client.get("/tasks/dead").json()["items"]
    assert letter["task_id"] == task
    assert "The worker died 5 times" in letter["error"]
    assert client.get(f"/tasks/{task}").json()["state"] == "failed"
    assert client.post(f"/tasks/dead/{letter['id']}/retry").json() == {"count": 1}
    assert client.get("/tasks/dead").json()["total"] == 0
    eventually(lambda: client.get(f"/tasks/{task}").json()["state"] == "completed", 60)
