"""The task base and the Celery settings (SPEC 4.9, 3.1, 3.2)."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from celery.exceptions import Retry

from alexandria.bootstrap import Services
from alexandria.db import LibrarySession, reading, writing
from alexandria.errors import InvalidInputError, TransientError
from alexandria.models import User
from alexandria.protocols.extraction import Record
from alexandria.tasks import (
    DatabaseTask,
    batch_process_resources_task,
    celery_app,
    recompute_quality_task,
    regenerate_embedding_task,
    update_search_index_task,
)
from alexandria.tasks.celery_tasks.derivation_runs import LEASE


class Probe:
    """What the task below does, and what it saw."""

    error: Exception | None = None
    session: LibrarySession | None = None


@celery_app.task(bind=True, base=DatabaseTask, name="tests.probe", max_retries=2)
def probe(self: Any, name: str, *, db: LibrarySession) -> str:
    Probe.session = db
    db.add(User(name=name))
    db.flush()
    if Probe.error is not None:
        raise Probe.error
    return name


@pytest.fixture(autouse=True)
def _fresh_probe() -> Iterator[None]:
    Probe.error = Probe.session = None
    yield
    Probe.error = Probe.session = None


def users() -> list[str]:
    with reading() as session:
        return [user.name for user in Services(session).users.list_users()]


def test_a_task_gets_a_session_that_is_committed_and_closed(library: Path) -> None:
    assert probe.apply(args=["ada"]).get() == "ada"
    assert users() == ["ada"]
    assert Probe.session is not None
    assert not Probe.session.in_transaction()


def test_a_permanent_error_rolls_back_and_is_not_tried_again(library: Path) -> None:
    Probe.error = ValueError("broken on purpose")
    result = probe.apply(args=["ada"])
    assert result.state == "FAILURE"
    assert isinstance(result.result, ValueError)
    assert users() == []


def test_a_transient_error_is_tried_again_until_the_retries_are_used_up(
    library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[float] = []
    monkeypatch.setattr(
        type(probe._get_current_object()),
        "retry_delay",
        lambda _self, retries: tried.append(retries) or 0.0,
    )
    Probe.error = TransientError("away", "wait")
    result = probe.apply(args=["ada"])
    assert result.state in {"FAILURE", "RETRY"}
    assert isinstance(result.result, TransientError | Retry)
    assert tried == [0, 1]
    assert users() == []


@pytest.mark.parametrize(
    ("task", "retries", "delay"),
    [
        (regenerate_embedding_task, 3, 60),
        (recompute_quality_task, 2, 60),
        (update_search_index_task, 3, 5),
    ],
)
def test_retries_back_off(task: Any, retries: int, delay: int) -> None:
    assert task.max_retries == retries
    for attempt in range(3):
        wait = task.retry_delay(attempt)
        assert delay * 2**attempt <= wait <= delay * 2**attempt * 1.25


def test_a_batch_refuses_an_operation_that_does_not_exist(library: Path) -> None:
    result = batch_process_resources_task.apply(args=[[], "none"])
    assert isinstance(result.result, InvalidInputError)


def test_a_derivation_is_computed_once_and_then_found_fresh(library: Path) -> None:
    with writing() as session:
        made = Services(session).resources.create(Record(title="A title")).id
    with writing() as session:
        services = Services(session)
        claimed = services.ledger.claim("quality", made, 32, lease())
        assert claimed == {made: (1, 1, 0)}
        assert services.ledger.claim("quality", made, 32, lease()) == {}
        services.resources.update(made, {"title": "Changed while it is computed"})
        assert services.ledger.computed("quality", {made: (1, 1)}) == [made]
        assert services.ledger.computed("quality", {made: (1, 2)}) == []
        assert services.ledger.claim("quality", made, 32, lease()) == {}


def lease() -> timedelta:

    return LEASE


def test_the_settings_are_those_of_the_specification() -> None:
    conf = celery_app.conf
    assert conf.task_serializer == "json"
    assert conf.timezone == "UTC"
    assert conf.task_acks_late
    assert conf.task_reject_on_worker_lost
    assert conf.worker_prefetch_multiplier == 4
    assert conf.worker_max_tasks_per_child == 1000
    assert conf.task_queue_max_priority == 10
    assert conf.broker_transport_options["priority_steps"] == list(range(10))
    assert conf.task_routes["alexandria.tasks.update_search_index_task"]["priority"] == 9
    assert {queue.name for queue in conf.task_queues} == {
        *("urgent", "high_priority", "default", "ml_tasks", "batch")
    }


def test_the_schedule_is_that_of_the_specification() -> None:
    entries = celery_app.conf.beat_schedule
    degradation = entries["quality-degradation"]["schedule"]
    outliers = entries["quality-outliers"]["schedule"]
    assert (degradation.hour, degradation.minute) == ({2}, {0})
    assert (outliers.hour, outliers.day_of_week) == ({3}, {0})
    assert entries["cache-cleanup"]["schedule"].hour == {4}
