"""What is queued for look-ups, what the task does with it, and that nothing is lost."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from alexandria.bootstrap import Services, broker_client
from alexandria.config import get_settings
from alexandria.db import now, reading, writing
from alexandria.models import Lookup, Resource
from alexandria.protocols.extraction import Record
from alexandria.tasks.celery_tasks import look_up_task, reconcile_task
from alexandria.tasks.celery_tasks.lookups import DUE
from alexandria.tasks.intake import take_identifier
from in_process_worker import deliver, run_all, waiting
from lookup_services import BROKEN_DOI, KNOWN_DOI, public_services
from lookup_services import Services as Public

pytestmark = pytest.mark.filterwarnings("ignore:Call to deprecated setex:DeprecationWarning")


@pytest.fixture
def public(either_with_redis: Path) -> Iterator[Public]:
    with public_services() as services:
        yield services


def make(count: int = 1, **fields: str) -> list[str]:
    with writing() as session:
        services = Services(session)
        records = [
            Record(title=f"Title {n}", **({"doi": f"10.5555/{n}"} | fields)) for n in range(count)
        ]  # type: ignore[arg-type]
        return [services.resources.create(record).id for record in records]


def states() -> list[str]:
    with reading() as session:
        return list(session.scalars(select(Lookup.state).order_by(Lookup.value)))


def lookups_waiting() -> list[object]:
    return [message.subject for message in waiting() if message.task == "look_up_task"]


def test_many_new_resources_queue_one_task(public: Public) -> None:
    make(30)
    assert lookups_waiting() == [DUE]
    (message,) = [one for one in waiting() if one.task == "look_up_task"]
    assert message.delayed
    assert message.key.partition("\x06")[0] == "batch"
    run_all()
    assert states() == ["unknown"] * 30
    assert len(public.asked) == 60


def test_a_change_that_touches_no_identifier_queues_none(public: Public) -> None:
    (one,) = make()
    run_all()
    with writing() as session:
        Services(session).resources.update(one, {"title": "Another", "year": 2001})
    assert lookups_waiting() == []
    with writing() as session:
        Services(session).resources.update(one, {"doi": KNOWN_DOI})
    assert lookups_waiting() == [DUE]
    run_all()
    assert sorted(states()) == ["found", "unknown"]


def test_off_nothing_is_queued_and_switched_on_all_is_found(either_with_redis: Path) -> None:
    make(3)
    assert lookups_waiting() == []
    run_all()
    reconcile_task.apply().get()
    assert lookups_waiting() == []
    with public_services():
        _let_time_pass()
        assert reconcile_task.apply().get()["lookups"] == 1
        assert lookups_waiting() == [DUE]
        run_all()
        assert states() == ["unknown"] * 3
        assert reconcile_task.apply().get()["lookups"] == 0


def test_a_redis_that_lost_all_loses_no_look_up(public: Public) -> None:
    make(doi=KNOWN_DOI)
    broker_client().flushall()
    assert reconcile_task.apply().get()["lookups"] == 0, "its own task has a grace"
    _let_time_pass()
    assert reconcile_task.apply().get()["lookups"] == 1
    run_all()
    assert states() == ["found"]


def _let_time_pass() -> None:
    with writing() as session:
        for resource in session.scalars(select(Resource)):
            resource.updated_at = now() - timedelta(minutes=5)


def test_one_task_at_a_time_works_off_what_is_due(public: Public) -> None:
    make(2)
    broker_client().set("alexandria:lookups", "another task", ex=60)
    run_all()
    assert public.asked == []
    broker_client().delete("alexandria:lookups")
    assert look_up_task.apply(args=[DUE]).get()["looked_up"] == 2
    assert states() == ["unknown", "unknown"]


def test_a_task_that_has_worked_long_enough_queues_itself_again(
    public: Public, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(5)
    monkeypatch.setattr("alexandria.tasks.celery_tasks.lookups.RUN_SECONDS", 0.0)
    ran = run_all()
    assert ran.count("look_up_task") == 5
    assert states() == ["unknown"] * 5


def test_a_dead_letter_goes_when_the_work_is_done(public: Public) -> None:
    (one,) = make(doi=BROKEN_DOI)
    run_all()
    with reading() as session:
        (letter,) = Services(session).dead_letters.of_task()
        assert (letter.subject, letter.task) == (one, look_up_task.name)
        assert "Crossref" in letter.error
    with writing() as session:
        Services(session).resources.update(one, {"doi": KNOWN_DOI})
    run_all()
    with reading() as session:
        assert Services(session).dead_letters.of_task() == []


def test_an_ingestion_waits_as_long_as_the_service_says(public: Public) -> None:
    public.refusals.append((429, {"Retry_After": "120"}))
    with writing() as session:
        take_identifier(Services(session), KNOWN_DOI)
    (message,) = waiting()
    deliver(message)
    (again,) = waiting()
    assert (again.task, again.retries, again.delayed) == ("ingest_task", 1, True)
    (_, due) = broker_client().zrange("alexandria:delayed", 0, -1, withscores=True)[0]
    assert due - now().timestamp() > 115
    assert get_settings().alexandria_lookups
