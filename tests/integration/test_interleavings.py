"""Whatever edits, tasks, crashes and losses come in which order: nothing derived is silently stale.

ALEXANDRIA_INTERLEAVINGS raises the number of runs, and makes each of them another.
"""

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select

from alexandria import bootstrap
from alexandria.bootstrap import broker_client
from alexandria.db import LibrarySession, new_session, reading
from alexandria.errors import TransientError
from alexandria.events import outbox
from alexandria.models import Resource
from alexandria.tasks.celery_tasks import reconcile_task
from derived_data import nothing_is_silently_stale
from in_process_worker import Message, deliver, own_redis, put_back, waiting
from interleaved_library import InterleavedLibrary, lose_keys, lose_message, read
from interruptions import (
    Interruption,
    KilledError,
    SteppedEmbedder,
    broken_queue,
    kill,
    library_on,
)

MOST_RESOURCES = 3
MOST_AT_ONCE = 20
RUNS = int(os.environ.get("ALEXANDRIA_INTERLEAVINGS", "0"))

words = st.sampled_from(["owls", "stone", "tides", "glass", "copper", "salt"])
changes = st.one_of(
    st.fixed_dictionaries({"content": st.just("") | words}),
    st.fixed_dictionaries({"title": words}),
    st.fixed_dictionaries({"abstract": st.just("") | words}),
    st.fixed_dictionaries({"tags": st.lists(words, max_size=2)}),
    st.fixed_dictionaries({"title": words, "content": words}),
)
places = st.integers(0, 7)
commits = st.integers(1, 4)


def embedder() -> SteppedEmbedder:
    found = bootstrap.embedder()
    assert isinstance(found, SteppedEmbedder)
    return found


class Interleavings(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.library = InterleavedLibrary()
        self.library.create("owls", "stone")
        self.reader: LibrarySession | None = None

    def pick(self, place: int) -> str | None:
        live = self.library.live()
        return live[place % len(live)] if live else None

    def message(self, place: int) -> Message | None:
        messages = waiting()
        return messages[place % len(messages)] if messages else None

    @rule(title=words, content=words)
    def create(self, title: str, content: str) -> None:
        if len(self.library.live()) < MOST_RESOURCES:
            self.library.create(title, content)

    @rule(place=places, change=changes)
    def edit(self, place: int, change: dict[str, Any]) -> None:
        if resource_id := self.pick(place):
            self.library.edit(resource_id, change)

    @rule(place=places, change=changes, before=st.booleans())
    def edit_and_be_killed(self, place: int, change: dict[str, Any], before: bool) -> None:
        if resource_id := self.pick(place):
            act = lambda: self.library.edit(resource_id, change)  # noqa: E731
            self.library.killed(act, before=before)

    @rule(place=places, change=changes, after_queueing=st.booleans())
    def edit_without_broker(self, place: int, change: dict[str, Any], after_queueing: bool) -> None:
        if resource_id := self.pick(place):
            with broken_queue(after_queueing=after_queueing):
                self.library.edit(resource_id, change)

    @rule(place=places)
    def delete(self, place: int) -> None:
        if resource_id := self.pick(place):
            self.library.delete(resource_id)

    @rule(place=places)
    def restore(self, place: int) -> None:
        if gone := self.library.gone():
            self.library.restore(gone[place % len(gone)])

    @rule(place=places)
    def view(self, place: int) -> None:
        if resource_id := self.pick(place):
            self.library.view(resource_id)

    @rule(place=places)
    def compute_again(self, place: int) -> None:
        if resource_id := self.pick(place):
            self.library.compute_again(resource_id)

    @rule(place=places)
    def run(self, place: int) -> None:
        if message := self.message(place):
            deliver(message)

    @rule()
    def run_all(self) -> None:
        for _ in range(MOST_AT_ONCE):
            self.run(0)

    @rule(place=places, number=commits, before=st.booleans(), again=st.booleans())
    def run_and_be_killed(self, place: int, number: int, before: bool, again: bool) -> None:
        if message := self.message(place):
            self.library.run_killed(message, number, before=before, again=again)

    @rule(place=places)
    def be_killed_in_the_model(self, place: int) -> None:
        self._meanwhile(place, kill)

    @rule(place=places, number=commits, other=places, change=changes)
    def edit_during_a_run(
        self, place: int, number: int, other: int, change: dict[str, Any]
    ) -> None:
        if (message := self.message(place)) and (resource_id := self.pick(other)):
            with Interruption(number, lambda: self.library.edit(resource_id, change)).armed():
                deliver(message)

    @rule(place=places, number=commits, other=places, deleted=st.booleans())
    def view_or_delete_during_a_run(
        self, place: int, number: int, other: int, deleted: bool
    ) -> None:
        if (message := self.message(place)) and (resource_id := self.pick(other)):
            change = self.library.delete if deleted else self.library.view
            with Interruption(number, lambda: change(resource_id)).armed():
                deliver(message)

    @rule(place=places, other=places, change=changes)
    def edit_while_the_model_runs(self, place: int, other: int, change: dict[str, Any]) -> None:
        if resource_id := self.pick(other):
            self._meanwhile(place, lambda: self.library.edit(resource_id, change))

    @rule(place=places, other=places)
    def another_worker_overtakes(self, place: int, other: int) -> None:
        """Let leases run out while the model runs, and another worker do the same work."""

        def overtake() -> None:
            self.library.time_passes()
            self.reconcile()
            if message := self.message(other):
                deliver(message)

        self._meanwhile(place, overtake)

    def _meanwhile(self, place: int, act: Any) -> None:
        messages = [one for one in waiting() if one.task == "regenerate_embedding_task"]
        if messages:
            embedder().meanwhile = act
            try:
                deliver(messages[place % len(messages)])
            except KilledError:
                pass
            finally:
                embedder().meanwhile = None

    @rule(place=places, number=commits)
    def fail_for_a_while(self, place: int, number: int) -> None:
        def fail() -> None:
            raise TransientError("The database is away.", "Wait.")

        message = self.message(place)
        if message and message.retries < 2:
            with Interruption(number, fail, before=True).armed():
                deliver(message)

    @rule(place=places)
    def deliver_twice(self, place: int) -> None:
        if message := self.message(place):
            put_back(message)

    @rule(place=places)
    def lose_a_message(self, place: int) -> None:
        if message := self.message(place):
            lose_message(message)

    @rule()
    def lose_keys(self) -> None:
        lose_keys()

    @rule(cache_too=st.booleans())
    def lose_redis(self, cache_too: bool) -> None:
        broker_client().flushall()
        if cache_too:
            bootstrap.cache()._client.flushall()

    @rule()
    def time_passes(self) -> None:
        self.library.time_passes()

    @rule()
    def reconcile(self) -> None:
        reconcile_task.apply().get()

    @rule()
    def relay(self) -> None:
        outbox.relay(settle=timedelta(0))

    @rule(before=st.booleans())
    def relay_and_be_killed(self, before: bool) -> None:
        self.library.killed(self.relay, before=before)

    @rule(place=places)
    def read(self, place: int) -> None:
        if resource_id := self.pick(place):
            with reading() as session:
                read(session, resource_id)

    @rule(query=words)
    def search(self, query: str) -> None:
        self.library.search(query)

    @precondition(lambda self: self.reader is None)
    @rule()
    def begin_to_read(self) -> None:
        self.reader = new_session(read_only=True)
        self.reader.scalars(select(Resource.id)).all()

    @precondition(lambda self: self.reader is not None)
    @rule(place=places)
    def read_at_last(self, place: int) -> None:
        assert self.reader
        if resource_id := self.pick(place):
            read(self.reader, resource_id)
        self._stop_reading()

    def _stop_reading(self) -> None:
        if self.reader:
            self.reader.close()
            self.reader = None

    @invariant()
    def holds(self) -> None:
        self.library.revisions_only_grow()
        self.library.caches_are_current()
        nothing_is_silently_stale()

    def teardown(self) -> None:
        self._stop_reading()
        self.library.all_is_done()


@pytest.fixture(scope="module")
def redis_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("library")
    with own_redis(folder):
        yield folder
        bootstrap.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def library(request: pytest.FixtureRequest, redis_folder: Path) -> Iterator[None]:
    with library_on(request.param, redis_folder, request):
        yield


@pytest.mark.filterwarnings("ignore:Call to deprecated setex:DeprecationWarning")  # Celery's
def test_in_any_order_nothing_is_lost_or_silently_stale(library: None) -> None:
    run_state_machine_as_test(
        Interleavings,
        settings=settings(
            max_examples=RUNS or 50,
            stateful_step_count=30,
            derandomize=not RUNS,
            deadline=None,
            database=None,
            print_blob=False,
            report_multiple_bugs=False,
            phases=(Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
        ),
    )
