"""An older result never takes the place of a newer one, in tables and in the cache."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import select

from alexandria import bootstrap
from alexandria.bootstrap import Services, broker_client
from alexandria.db import new_session, reading, writing
from alexandria.events import SystemEvent, outbox
from alexandria.models import DeadLetter, LedgerRow, OutboxEvent, QualityScore, Resource
from alexandria.services.ledger import RESOURCE
from alexandria.services.quality import _row
from alexandria.services.search import SearchRequest
from alexandria.tasks.celery_tasks.derivation_runs import LEASE
from derived_data import nothing_is_silently_stale
from in_process_worker import Message, deliver, own_redis, run_all, waiting
from interleaved_library import InterleavedLibrary, read
from interruptions import Interruption, SteppedEmbedder, during_the_run, library_on, reads_of_a_run

pytestmark = pytest.mark.filterwarnings("ignore:Call to deprecated setex:DeprecationWarning")
NOT_YET = 1.0
"""Seconds after which a thread that still waits is taken to wait for a lock."""


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
        yield made


def embedder() -> SteppedEmbedder:
    found = bootstrap.embedder()
    assert isinstance(found, SteppedEmbedder)
    return found


def row(resource_id: str, derivation: str) -> LedgerRow:
    with reading() as session:
        return session.get_one(LedgerRow, (RESOURCE, resource_id, derivation))


def message(task: str, subject: str) -> Message:
    (found,) = (one for one in waiting() if (one.task, one.subject) == (task, subject))
    return found


def meaning(resource_id: str) -> list[float] | None:
    with reading() as session:
        return Services(session).embeddings.get_embedding(resource_id)


def expected(text: str) -> list[float]:
    (vector,) = SteppedEmbedder().embed([text])
    found: list[float] = vector.astype("<f2").astype("<f4").tolist()
    return found


def overtaken(library: InterleavedLibrary, resource_id: str) -> Callable[[], None]:
    """Give what edits, lets the lease of who computes run out, and does all work elsewhere."""

    def overtake() -> None:
        library.edit(resource_id, {"title": "Newer", "content": "Newer text."})
        library.time_passes()
        run_all()
        assert row(resource_id, "embedding").due_at is None

    return overtake


def test_a_slow_embedding_of_an_older_text_changes_nothing(library: InterleavedLibrary) -> None:
    (only,) = library.live()
    library.edit(only, {"title": "Older", "content": "Older text."})
    embedder().meanwhile = overtaken(library, only)
    deliver(message("regenerate_embedding_task", only))
    assert meaning(only) == expected("Newer text.")
    library.revisions_only_grow()
    library.caches_are_current()
    nothing_is_silently_stale()
    assert row(only, "embedding").due_at is None


def test_a_slow_embedding_that_dies_leaves_no_older_value_in_the_cache(
    library: InterleavedLibrary,
) -> None:
    """It dies between the cache and its commit, so that nothing takes its value away again."""
    (only,) = library.live()
    library.edit(only, {"title": "Older", "content": "Older text."})
    slow = message("regenerate_embedding_task", only)

    def die_later() -> None:
        overtaken(library, only)()
        raise_at_the_end.__enter__()

    def fail() -> None:
        raise RuntimeError("as if it died")

    raise_at_the_end = Interruption(1, fail, before=True).armed()
    embedder().meanwhile = die_later
    deliver(slow)
    raise_at_the_end.__exit__(None, None, None)
    library.caches_are_current()
    assert meaning(only) == expected("Newer text.")


def test_scores_of_an_older_revision_are_not_stored(library: InterleavedLibrary) -> None:
    (only,) = library.live()
    with reading() as session:
        ((resource, assessment),) = Services(session).quality._assess([only])
        older = _row(resource, assessment)
    library.edit(only, {"title": "Newer", "abstract": "With an abstract.", "content": "Newer."})
    run_all()
    with writing() as session:
        Services(session).quality._store(older | {"overall": 0.0})
    with reading() as session:
        assert session.get_one(QualityScore, only).overall != 0.0


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("title", ("G\ufffdrb\ufffdled", "The habits of owls")),
        ("content", ("", "Owls hunt at night.")),
        ("authors", (["Ada Moe"], [])),
    ],
)
def test_an_edit_between_what_a_computation_reads_is_noticed(
    library: InterleavedLibrary, field: str, values: tuple[Any, Any]
) -> None:
    (only,) = library.live()
    for number in reads_of_a_run():
        library.edit(only, {"year": 1900 + number})
        edit = {field: values[number % 2]}
        with during_the_run(number, lambda edit=edit: library.edit(only, edit)):
            deliver(message("recompute_quality_task", only))
        nothing_is_silently_stale()
        library.all_is_done()


@pytest.mark.parametrize("who", ["an edit", "a person"])
def test_a_mark_under_way_is_not_called_fresh_by_a_run_that_ends(
    library: InterleavedLibrary, who: str
) -> None:
    (only,) = library.live()
    library.edit(only, {"abstract": "It makes the quality due."})
    claimed = claim(only)
    older = Thread(target=noted, args=[only, claimed])
    with writing() as session:
        services = Services(session)
        if who == "an edit":
            services.resources.update(only, {"title": "Newer"})
        else:
            services.ledger.make_due("quality", services.resources.get(only))
        older.start()
        older.join(NOT_YET)
    older.join()
    assert row(only, "quality").due_at is not None
    library.all_is_done()


def test_a_run_and_an_edit_wait_for_their_locks_in_one_order(library: InterleavedLibrary) -> None:
    (only,) = library.live()
    library.edit(only, {"abstract": "It makes the quality due."})
    run = Thread(target=deliver, args=[message("recompute_quality_task", only)])
    with writing() as session:
        services = Services(session)
        event_id = outbox.record(session, SystemEvent.RESOURCE_UPDATED, {"resource_id": only})
        run.start()
        run.join(NOT_YET)
        resource = session.get_one(Resource, only)
        services.ledger.mark(resource, {"interactions"}, event_id)
    run.join()
    assert [one.retries for one in waiting() if one.retries] == []
    library.all_is_done()


def test_two_edits_of_one_resource_get_two_revisions(library: InterleavedLibrary) -> None:
    (only,) = library.live()
    with writing() as session:
        services = Services(session)
        seen = services.resources.get(only)
        assert seen.metadata_revision == 1
        if session.get_bind().dialect.name == "postgresql":  # SQLite has one writer at a time
            library.edit(only, {"title": "First"})
        services.resources.update(only, {"title": "Second"})
    library.edit(only, {"tags": ["third"]})
    with reading() as session:
        revisions = [one.metadata_revision for one in Services(session).resources.revisions(only)]
        assert len(revisions) == len(set(revisions))
        assert session.get_one(Resource, only).metadata_revision == 1 + len(revisions)


def test_a_run_that_another_overtook_leaves_the_quality_due(library: InterleavedLibrary) -> None:
    """It may have counted fewer views than the one whose result it replaced."""
    (only,) = library.live()
    library.view(only)
    first = claim(only)
    library.view(only)
    library.time_passes()
    second = claim(only)
    assert noted(only, second) == []
    assert noted(only, first) == [only]
    assert row(only, "quality").due_at is not None
    library.all_is_done()


def claim(resource_id: str) -> dict[str, Any]:
    with writing() as session:
        return Services(session).ledger.claim("quality", resource_id, 1, LEASE)


def noted(resource_id: str, claimed: dict[str, Any]) -> list[str]:
    with writing() as session:
        read = {resource_id: claimed[resource_id][:2]}
        return Services(session).ledger.computed("quality", read, claimed)


@pytest.mark.parametrize("what", ["derived", "search"])
def test_who_began_to_read_before_a_change_caches_nothing_older(
    library: InterleavedLibrary, what: str
) -> None:
    (only,) = library.live()
    reader = new_session(read_only=True)
    reader.scalars(select(Resource.id)).all()
    library.edit(only, {"title": "Tides", "abstract": "Of the sea.", "content": "Newer."})
    run_all()
    if what == "derived":
        read(reader, only)
        library.caches_are_current()
    else:
        Services(reader).search.search(SearchRequest("tides", mode="semantic"))
        library.search("tides")
    reader.close()


def test_who_began_to_read_before_a_deletion_caches_nothing(library: InterleavedLibrary) -> None:
    (only,) = library.live()
    library.delete(only)
    with reading() as session:
        read(session, only)
    library.caches_are_current()


def test_caches_follow_an_event_that_only_the_relay_hands_over(
    library: InterleavedLibrary,
) -> None:
    """Also when the broker then loses what was queued; the cache is another server."""
    (only,) = library.live()
    with reading() as session:
        read(session, only)
    edit = {"title": "Newer", "abstract": "With an abstract.", "content": "Newer."}
    library.killed(lambda: library.edit(only, edit), before=False)
    library.time_passes()
    run = [one for one in waiting() if one.task == "recompute_quality_task"]
    assert run == []
    outbox.relay(settle=timedelta(0))
    library.run_killed(message("recompute_quality_task", only), 2, before=False, again=False)
    library.run_killed(message("regenerate_embedding_task", only), 3, before=False, again=False)
    outbox.relay(settle=timedelta(0))
    broker_client().flushall()
    library.caches_are_current()


def test_what_changed_while_it_failed_is_computed(library: InterleavedLibrary) -> None:
    (only,) = library.live()
    library.edit(only, {"content": "Poison."})

    def edit_and_fail() -> None:
        library.edit(only, {"content": "Mended."})
        raise ValueError("Poison is too much.")

    embedder().meanwhile = edit_and_fail
    deliver(message("regenerate_embedding_task", only))
    assert row(only, "embedding").error is None
    run_all()
    assert row(only, "embedding").due_at is None
    library.all_is_done()


def test_of_what_was_taken_along_others_are_told_although_the_first_failed(
    library: InterleavedLibrary,
) -> None:
    library.create("Poison", "It breaks the model.")
    library.create("Bridges of stone", "An arch carries its load.")
    _, poison, other = library.live()
    library.time_passes()
    embedder().broken_by = "Poison"
    deliver(message("regenerate_embedding_task", poison))
    assert row(other, "embedding").due_at is None
    assert row(poison, "embedding").error
    with reading() as session:
        told = session.scalars(
            select(OutboxEvent.resource_id).where(OutboxEvent.name == "embedding.generated")
        )
        assert other in set(told)
        assert session.scalars(select(DeadLetter.subject)).all() == [poison]
