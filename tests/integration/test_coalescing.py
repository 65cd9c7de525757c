"""Edits close together cost one computation, which sees the last; none is missed or waits for ever."""

import time
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from itertools import permutations
from pathlib import Path

import pytest
from sqlalchemy import select, update

from alexandria import bootstrap
from alexandria.bootstrap import Services, broker_client
from alexandria.config import get_settings
from alexandria.db import now, reading, writing
from alexandria.events import outbox
from alexandria.models import LedgerRow, OutboxEvent, QualityScore
from alexandria.services.derivations import DERIVATIONS
from alexandria.services.ledger import RESOURCE
from alexandria.tasks.celery_tasks import reconcile_task, regenerate_embedding_task
from alexandria.tasks.celery_tasks.derivation_runs import LEASE, request_for
from alexandria.tasks.queueing import queue_all
from alexandria.tasks.transport import DELAYED_KEY, move_due
from derived_data import all_is_done, nothing_is_silently_stale
from in_process_worker import Message, deliver, own_redis, run_all, waiting
from interleaved_library import InterleavedLibrary
from interruptions import (
    SteppedEmbedder,
    broken_queue,
    during_the_run,
    library_on,
    reads_of_a_run,
)

pytestmark = pytest.mark.filterwarnings("ignore:Call to deprecated setex:DeprecationWarning")


@pytest.fixture(scope="module")
def redis_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("library")
    with own_redis(folder):
        yield folder
        bootstrap.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def library(request: pytest.FixtureRequest, redis_folder: Path) -> Iterator[InterleavedLibrary]:
    """Give a library with one resource of which everything is fresh."""
    with library_on(request.param, redis_folder, request):
        made = InterleavedLibrary()
        made.create("The habits of owls", "Owls hunt at night.")
        run_all()
        embedder().texts.clear()
        yield made


def embedder() -> SteppedEmbedder:
    found = bootstrap.embedder()
    assert isinstance(found, SteppedEmbedder)
    return found


def row(resource_id: str, derivation: str) -> LedgerRow:
    with reading() as session:
        return session.get_one(LedgerRow, (RESOURCE, resource_id, derivation))


def message(task: str) -> Message:
    (found,) = (one for one in waiting() if one.task == task)
    return found


def told() -> Counter[str]:
    with reading() as session:
        return Counter(session.scalars(select(OutboxEvent.name)))


def computing() -> Counter[str]:
    return Counter(one.task for one in waiting() if one.task != "invalidate_cache_task")


def test_ten_edits_within_the_delay_cost_one_computation_which_sees_the_last(
    library: InterleavedLibrary,
) -> None:
    (only,) = library.live()
    before = told()
    for number in range(10):
        library.edit(only, {"title": f"Edit {number}", "content": f"Text {number}."})
    assert computing() == {
        "update_search_index_task": 1,
        "regenerate_embedding_task": 1,
        "embed_passages_task": 1,
        "recompute_quality_task": 1,
        "classify_resource_task": 1,
        "find_duplicates_task": 1,
        "extract_citations_task": 1,
        "update_graph_edges_task": 1,
    }
    run_all()
    assert embedder().texts == ["Edit 9. Text 9.", "Text 9."]
    new = told() - before
    assert (new["embedding.generated"], new["quality.computed"]) == (2, 1)
    all_is_done()
    nothing_is_silently_stale()


def test_later_edits_do_not_put_the_computation_off(library: InterleavedLibrary) -> None:
    (only,) = library.live()
    library.edit(only, {"content": "First."})
    due = row(only, "embedding").due_at
    times = dict(broker_client().zrange(DELAYED_KEY, 0, -1, withscores=True))
    key = f"pending:alexandria.tasks.regenerate_embedding_task:{only}"
    expires = broker_client().pexpiretime(key)
    for number in range(10):
        library.edit(only, {"content": f"Edit {number}."})
    assert row(only, "embedding").due_at == due
    assert dict(broker_client().zrange(DELAYED_KEY, 0, -1, withscores=True)) == times
    assert broker_client().pexpiretime(key) == expires


def test_what_is_edited_all_the_time_is_refreshed_within_the_delay(
    library: InterleavedLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No edit waits longer than the delay and the time until a worker looks for work."""
    (only,) = library.live()
    monkeypatch.setenv("ALEXANDRIA_TIME_SCALE", "0.04")
    get_settings.cache_clear()
    delay = get_settings().scaled(DERIVATIONS["embedding"].delay)
    longest, unseen, waits = 0.0, None, []
    start = looked = time.monotonic()
    for number in range(60):
        library.edit(only, {"content": f"Edit {number}."})
        unseen = unseen or time.monotonic()
        time.sleep(delay / 5)
        move_due(broker_client())
        for found in [one for one in waiting() if not one.delayed]:
            deliver(found)
        longest, looked = max(longest, time.monotonic() - looked), time.monotonic()
        if f"The habits of owls. Edit {number}." in embedder().texts:
            waits.append(looked - unseen)
            unseen = None
    assert len(waits) > 5
    assert max(waits) <= delay + 2 * longest
    assert len(waits) <= 1 + (looked - start) / delay


def test_an_edit_while_the_model_runs_is_computed_too(library: InterleavedLibrary) -> None:
    (only,) = library.live()
    library.edit(only, {"content": "First."})
    embedder().meanwhile = lambda: library.edit(only, {"content": "Second."})
    deliver(message("regenerate_embedding_task"))
    assert row(only, "embedding").due_at is not None
    run_all()
    whole = [text for text in embedder().texts if ". " in text]  # the others are passages
    assert [text.rpartition(". ")[2] for text in whole] == ["First.", "Second."]
    all_is_done()
    nothing_is_silently_stale()


def test_an_edit_whose_own_task_met_a_running_one_is_computed_too(
    library: InterleavedLibrary,
) -> None:
    (only,) = library.live()
    library.edit(only, {"content": "First."})

    def edit_and_run() -> None:
        library.edit(only, {"content": "Second."})
        deliver(message("regenerate_embedding_task"))

    embedder().meanwhile = edit_and_run
    deliver(message("regenerate_embedding_task"))
    deliver(message("regenerate_embedding_task"))
    assert embedder().texts[-1].endswith("Second.")
    assert row(only, "embedding").due_at is None


@pytest.mark.parametrize("commit", [1, 2, 3])
@pytest.mark.parametrize("before", [True, False])
def test_a_killed_worker_delays_and_loses_nothing(
    library: InterleavedLibrary, commit: int, before: bool
) -> None:
    """Its message is lost too: only the database knows."""
    (only,) = library.live()
    library.edit(only, {"content": "Another."})
    library.run_killed(message("regenerate_embedding_task"), commit, before=before, again=False)
    done = (commit, before) == (3, False)
    assert (row(only, "embedding").due_at is None) == done
    if (commit, before) == (2, True):
        leave_alone_while_the_lease_runs(only)
    library.all_is_done()


def leave_alone_while_the_lease_runs(resource_id: str) -> None:
    claimed = row(resource_id, "embedding").claimed_until
    assert claimed
    assert timedelta(0) < claimed - now() <= LEASE
    broker_client().flushall()
    with writing() as session:
        long_ago = now() - timedelta(hours=1)
        session.execute(update(LedgerRow).values(due_at=long_ago))
    reconcile_task.apply().get()
    assert computing()["regenerate_embedding_task"] == 0


def test_two_workers_at_once_compute_once(library: InterleavedLibrary) -> None:
    (only,) = library.live()
    library.edit(only, {"content": "Another."})

    def another_worker() -> None:
        queue_all([request_for(regenerate_embedding_task, only)])
        deliver(message("regenerate_embedding_task"))

    embedder().meanwhile = another_worker
    deliver(message("regenerate_embedding_task"))
    assert len(embedder().texts) == 1
    run_all()
    library.all_is_done()


def test_a_hundred_views_cost_one_computation(library: InterleavedLibrary) -> None:
    (only,) = library.live()
    revisions = (row(only, "quality").wanted_content, row(only, "quality").wanted_metadata)
    before = told()
    for _ in range(100):
        library.view(only)
    assert computing() == {"recompute_quality_task": 1, "refresh_recommendation_profile_task": 1}
    found = message("recompute_quality_task")
    assert (found.key, found.delayed) == ("default\x06\x164", True)  # kombu's 4 is our 5
    run_all()
    assert (told() - before)["quality.computed"] == 1
    assert relevance(only) == 1.0
    found_row = row(only, "quality")
    assert (found_row.wanted_content, found_row.wanted_metadata) == revisions
    all_is_done()
    nothing_is_silently_stale()


def relevance(resource_id: str) -> float | None:
    with reading() as session:
        found = session.get_one(QualityScore, resource_id).relevance
    return None if found is None else round(found, 3)


def test_a_view_while_the_quality_is_computed_is_counted(library: InterleavedLibrary) -> None:
    (only,) = library.live()
    for number in reads_of_a_run():
        library.view(only)
        with during_the_run(number, lambda: library.view(only)):
            deliver(message("recompute_quality_task"))
        assert row(only, "quality").due_at is not None
        run_all()
        assert relevance(only) == round(1 - 0.5 ** ((number + 1) * 2 / 4), 3)
        nothing_is_silently_stale()
    all_is_done()


def test_what_is_restored_while_it_is_taken_away_is_computed(library: InterleavedLibrary) -> None:
    (only,) = library.live()
    for number in reads_of_a_run():
        library.delete(only)
        with during_the_run(number, lambda: library.restore(only)):
            deliver(message("regenerate_embedding_task"))
        run_all()
        all_is_done()
        nothing_is_silently_stale()


def test_a_view_does_not_wake_what_failed(library: InterleavedLibrary) -> None:
    (only,) = library.live()
    library.edit(only, {"content": "Another."})
    with writing() as session:
        Services(session).ledger.failed("quality", [only], "It broke.")
    library.view(only)
    assert row(only, "quality").error == "It broke."
    library.edit(only, {"content": "Mended."})
    library.all_is_done()


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_events_of_a_resource_may_be_handed_over_in_any_order(
    library: InterleavedLibrary, order: tuple[int, ...]
) -> None:
    """As when a relay that claimed the earlier ones died; tasks run in between."""
    (only,) = library.live()
    library.create("Bridges of stone", "An arch carries its load.")
    other = library.live()[1]
    run_all()
    groups = []
    steps = (
        lambda: library.edit(only, {"title": "One", "content": "First."}),
        lambda: library.edit(only, {"title": "Two", "tags": ["birds"]}),
        lambda: library.delete(other),
    )
    for step in steps:
        with broken_queue(after_queueing=False):
            step()
        groups.append(unclaimed())
    for number in order:
        release(groups[number])
        assert outbox.relay(settle=timedelta(0)) == len(groups[number])
        run_all(after_each=nothing_is_silently_stale)
    all_is_done()


def unclaimed() -> list[int]:
    """Claim for a while what waits in the outbox, as another relay would; give the ids."""
    return [
        event.id
        for event in outbox.claim_waiting(100, timedelta(seconds=50), timedelta(0))
        if event.id
    ]


def release(ids: list[int]) -> None:
    with writing() as session:
        session.execute(
            update(OutboxEvent).where(OutboxEvent.id.in_(ids)).values(claimed_until=None)
        )
