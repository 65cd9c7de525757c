"""Interrupting the library in its own process: at a commit, in the embedding model, at the queue.

The seams are those that the parts have anyhow: session events, the embedder that is given, the
queue that is set.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sqlalchemy import event
from sqlalchemy.orm import Session

from alexandria import bootstrap
from alexandria.bootstrap import models
from alexandria.db import LibrarySession, get_engine
from alexandria.errors import TransientError
from alexandria.events import outbox
from alexandria.tasks.queueing import queue_all
from in_process_worker import empty_library
from search_parts import HashingEmbedder

Act = Callable[[], None]


class KilledError(BaseException):
    """Ends what runs as `kill -9` would: nothing of ours may catch it."""


def kill() -> None:
    raise KilledError


def elsewhere(act: Act) -> None:
    """Act in a thread of its own, as another process would: what a thread remembers is not its."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(act).result()


class Interruption:
    """Acts once: before, or right after, the commit of that number.

    Right after means before anything is handed over: a process that dies there takes along the
    events that it would have emitted.
    """

    def __init__(self, number: int, act: Act, *, before: bool = False) -> None:
        self._number, self._act, self._before = number, act, before
        self._count = 0
        self._emitting: Session | None = None
        self.fired = False

    @contextmanager
    def armed(self) -> Iterator[None]:
        listeners = (
            ("before_commit", self._about_to_commit, False),
            ("after_commit", self._committed, True),
            ("after_commit", self._emitted, False),
            ("after_transaction_end", self._ended, False),
        )
        for name, listener, first in listeners:
            event.listen(LibrarySession, name, listener, insert=first)
        try:
            yield
        finally:
            for name, listener, _ in listeners:
                event.remove(LibrarySession, name, listener)

    def _about_to_commit(self, session: Session) -> None:
        if self.fired or self._emitting is not None or session.in_nested_transaction():
            return
        self._count += 1
        if self._before and self._count == self._number:
            self.fired = True
            elsewhere(self._act)

    def _committed(self, session: Session) -> None:
        if self._emitting is not None or session.in_nested_transaction():
            return
        self._emitting = session
        due = not self._before and not self.fired and self._count == self._number
        if due and self._act is kill:
            session.info.pop(outbox._RECORDED, None)
        elif due:
            self.fired = True
            elsewhere(self._act)

    def _emitted(self, session: Session) -> None:
        if self._emitting is session:
            self._emitting = None

    def _ended(self, session: Session, transaction: Any) -> None:
        due = self._act is kill and not self._before and not self.fired
        if due and transaction.parent is None and self._count == self._number:
            self.fired = True
            elsewhere(self._act)


class SteppedEmbedder(HashingEmbedder):
    """An embedder during whose work something may happen, once, and that a word may break."""

    def __init__(self) -> None:
        super().__init__(dimensions=32)
        self.meanwhile: Act | None = None
        self.broken_by: str | None = None

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        if self.broken_by and any(self.broken_by in text for text in texts):
            raise ValueError(f"{self.broken_by} is too much for the model")
        vectors = super().embed(texts)
        if meanwhile := self.meanwhile:
            self.meanwhile = None
            elsewhere(meanwhile)
        return vectors


@contextmanager
def stepped_embedder() -> Iterator[SteppedEmbedder]:
    """Have the library compute embeddings with one that can be interrupted."""
    embedder = SteppedEmbedder()
    with pytest.MonkeyPatch.context() as patch:
        for module in (bootstrap, bootstrap.deriving):
            patch.setattr(module, "embedder", lambda: embedder)
        for store in (models.vector_store, models.passage_store):
            store.cache_clear()
        yield embedder
        for store in (models.vector_store, models.passage_store):
            store.cache_clear()


@contextmanager
def broken_queue(*, after_queueing: bool) -> Iterator[None]:
    """Let the connection to the broker break before, or right after, what is handed over arrives."""

    def queue(requests: Sequence[Any]) -> None:
        if after_queueing:
            queue_all(requests)
        raise TransientError("The connection broke.", "Wait.")

    outbox.set_queue(queue)
    try:
        yield
    finally:
        outbox.set_queue(queue_all)


def reads_of_a_run() -> range:
    """Give the places for `during_the_run`; on SQLite a run keeps all who write waiting."""
    return range(6 if get_engine().dialect.name == "postgresql" else 1)


@contextmanager
def during_the_run(number: int, act: Act) -> Iterator[None]:
    """Act once a claim is committed, after the SELECT of that number (0: before the first)."""
    count = 0

    def selected(_c: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        nonlocal count
        if claimed.fired and statement.startswith("SELECT"):
            count += 1
            if count == number:
                elsewhere(act)

    claimed = Interruption(1, (lambda: None) if number else act)
    if number:
        event.listen(get_engine(), "after_cursor_execute", selected)
    try:
        with claimed.armed():
            yield
    finally:
        if number:
            event.remove(get_engine(), "after_cursor_execute", selected)
    assert claimed.fired
    assert count >= number


@contextmanager
def library_on(kind: str, folder: Path, request: pytest.FixtureRequest) -> Iterator[None]:
    """Use an empty library on `sqlite` or `postgresql`, whose embeddings can be interrupted."""
    with ExitStack() as stack:
        stack.enter_context(stepped_embedder())
        server = request.getfixturevalue("postgres") if kind == "postgresql" else None
        url = stack.enter_context(server.database()) if server else None
        stack.enter_context(empty_library(folder, url))
        yield
