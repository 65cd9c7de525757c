"""A worker in the test's own process: it takes what was queued from the real broker, and runs it.

What is not under test here is Celery's way of taking messages; what was queued, with which
arguments, and what the tasks then do is all real.
"""

import base64
import json
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from celery.app.trace import build_tracer
from celery.exceptions import CDeprecationWarning
from kombu import pools

from alexandria.bootstrap import broker_client, cache, embedded_broker, embedded_cache, models
from alexandria.config import get_settings
from alexandria.db import dispose_engine
from alexandria.tasks import celery_app, queueing, register_all_hooks
from alexandria.tasks.celery_app import QUEUES
from alexandria.tasks.transport import DELAYED_KEY
from empty_database import put_empty_database

_MANY = 500


@dataclass(frozen=True, slots=True)
class Message:
    """One queued task."""

    task: str
    """Its name without the package."""
    id: str
    args: tuple[Any, ...]
    key: str
    """Of the Redis list that it waits in, or will."""
    body: bytes
    delayed: bool
    retries: int = 0

    @property
    def subject(self) -> Any:
        return self.args[0] if self.args and isinstance(self.args[0], str) else None


@contextmanager
def own_redis(folder: Path) -> Iterator[None]:
    """Run a broker and a cache in the folder, and have the library and Celery use them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ALEXANDRIA_DATA_DIR", str(folder))
        get_settings.cache_clear()
        running = [embedded_broker(get_settings()), embedded_cache(get_settings())]
        for server in running:
            server.start()
        celery_app.conf.broker_url = celery_app.conf.result_backend = running[0].kombu_url()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", CDeprecationWarning)  # of a task's own `priority`
            celery_app.finalize(auto=True)
        forget_connections()
        yield
        forget_connections()
        for server in running:
            server.stop()
    get_settings.cache_clear()


@contextmanager
def empty_library(folder: Path, database_url: str | None = None) -> Iterator[Path]:
    """Empty the folder's library and its Redis servers, which run, and use it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ALEXANDRIA_DATA_DIR", str(folder))
        if database_url:
            patch.setenv("DATABASE_URL", database_url)
        get_settings.cache_clear()
        forget_connections()
        for store in (models.vector_store, models.passage_store):
            store.cache_clear()  # a library of the same name may have been there
        for part in folder.glob("alexandria.db*"):
            part.unlink()
        if not database_url:  # PostgreSQL's are copies of a migrated one
            put_empty_database(folder / "alexandria.db")
        broker_client().flushall()
        cache().delete_pattern("*")
        register_all_hooks()
        yield folder
        dispose_engine()
    get_settings.cache_clear()


def forget_connections() -> None:
    """Have Celery and the queue find the broker anew, where another test left them elsewhere."""
    pools.reset()
    queueing._Broker.away_until = 0.0
    celery_app._pool = celery_app.amqp._producer_pool = None
    celery_app._local.__dict__.pop("backend", None)


def waiting() -> list[Message]:
    """Give what is queued: first what could run now, by queue, then what waits for its time."""
    client = broker_client()
    found = []
    for queue in QUEUES:
        for key in [queue, *(f"{queue}\x06\x16{step}" for step in range(1, 10))]:
            found += [_read(key, body) for body in reversed(client.lrange(key, 0, -1))]
    for entry in client.zrange(DELAYED_KEY, 0, -1):
        key, _, body = entry.partition(b"\n")
        found.append(_read(key.decode(), body, entry))
    return found


def take(message: Message) -> None:
    if message.delayed:
        assert broker_client().zrem(DELAYED_KEY, message.body) == 1
    else:
        assert broker_client().lrem(message.key, 1, message.body) == 1


def run(message: Message) -> Any:
    """Take a message off its queue and run its task; raises what the task raises."""
    take(message)
    task = celery_app.tasks[f"alexandria.tasks.{message.task}"]
    return task.apply(args=message.args, task_id=message.id).get()


def deliver(message: Message) -> None:
    """Run a message's task as a worker does: its failure is dealt with, and its retry queued."""
    take(message)
    task = celery_app.tasks[f"alexandria.tasks.{message.task}"]
    request = {
        "id": message.id,
        "args": message.args,
        "kwargs": {},
        "retries": message.retries,
        "called_directly": False,
        "delivery_info": {"routing_key": message.key.partition("\x06")[0]},
    }
    build_tracer(task.name, task, app=celery_app)(message.id, message.args, {}, request)


def put_back(message: Message) -> None:
    """Queue a message once more, as it is, to be run at once."""
    body = message.body.partition(b"\n")[2] if message.delayed else message.body
    broker_client().rpush(message.key, body)


def run_all(after_each: Callable[[], None] = lambda: None) -> list[str]:
    """Run what is queued, and what that queues, until nothing is; give the names of the tasks."""
    done: list[str] = []
    while messages := waiting():
        run(messages[0])
        done.append(messages[0].task)
        after_each()
        assert len(done) < _MANY, "tasks queue each other for ever"
    return done


def _read(key: str, body: bytes, entry: bytes | None = None) -> Message:
    message = json.loads(body)
    headers = message["headers"]
    args, *_ = json.loads(base64.b64decode(message["body"]))
    return Message(
        headers["task"].rpartition(".")[2],
        headers["id"],
        tuple(args),
        key,
        entry or body,
        delayed=entry is not None,
        retries=headers.get("retries") or 0,
    )
