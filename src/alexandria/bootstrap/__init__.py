"""The composition root: the one place that names concrete classes.

Heavy libraries load inside the factories, so that `alexandria --help` stays quick.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

from alexandria import cache_keys
from alexandria.adapters.pgvector_index import PgVectorIndex
from alexandria.adapters.postgres_databases import database_beside, is_postgresql_url
from alexandria.adapters.session_cache import begin_epoch
from alexandria.adapters.vector_index import VectorStore
from alexandria.bootstrap.files import extractor, file_store, text_recognition
from alexandria.bootstrap.models import (
    citation_models,
    citation_reader,
    citation_trainer,
    classifier_trainer,
    embedder,
    learn_readings,
    thesaurus_files,
)
from alexandria.bootstrap.redis_servers import (
    broker_client,
    broker_url,
    cache,
    cache_answers,
    embedded_broker,
    embedded_cache,
    result_backend_url,
)
from alexandria.bootstrap.services import Services
from alexandria.config import get_settings
from alexandria.db import LibrarySession, make_engine, writing
from alexandria.db.pgvector import can_compare
from alexandria.events import Event, outbox
from alexandria.events.history import SharedHistory
from alexandria.migrations import migrate
from alexandria.services.embeddings import EmbeddingService
from alexandria.services.evaluation import Library
from alexandria.services.search import SearchService

__all__ = [
    "SAMPLE",
    "Services",
    "broker_client",
    "broker_url",
    "cache",
    "cache_answers",
    "citation_models",
    "citation_reader",
    "citation_trainer",
    "classifier_trainer",
    "close",
    "embedded_broker",
    "embedded_cache",
    "embedder",
    "extractor",
    "file_store",
    "invalidate_at_once",
    "learn_readings",
    "open_empty_graph",
    "open_empty_library",
    "result_backend_url",
    "share_history",
    "shared_history",
    "text_recognition",
    "thesaurus_files",
]

SAMPLE = Path(__file__).parent.parent / "data" / "sample" / "papers.jsonl"


def shared_history() -> SharedHistory:
    return SharedHistory(broker_client())


def share_history(event: Event) -> None:
    """Tell all processes of an event (a handler of the emitter)."""
    shared_history().append(event)


@outbox.durable
def invalidate_at_once(event: Event) -> None:
    """Drop what an event made stale, before its write is acknowledged (a handler).

    If the cache is away, the database notes that what it holds is not to be served any more.
    """
    if user_id := event.data.get("user_id"):
        cache().delete(cache_keys.recommendations(user_id))
    elif resource_id := event.data.get("resource_id"):
        for key in cache_keys.stale_after_change(resource_id):
            cache().delete_pattern(key)
    if cache().invalidation_failed():
        with writing() as session:
            begin_epoch(session)


@contextmanager
def open_empty_library(folder: Path) -> Iterator[Library]:
    """Open a library of its own, to measure search on: in the folder, or beside the configured one.

    Beside the one on a PostgreSQL server, it is a database that is dropped at the end.
    """
    with _empty_database(folder) as url, _session_on(url) as session:
        services = Services(session)
        vectors = (
            PgVectorIndex(session, embedder().model, embedder().dimensions)
            if can_compare(session)
            else VectorStore(embedder().model, embedder().dimensions).bind(session)
        )
        search = SearchService(
            session, services.fulltext, vectors, embedder(), None, services.freshness
        )
        yield Library(session, search, EmbeddingService(session, embedder(), None))


@contextmanager
def open_empty_graph(folder: Path) -> Iterator[LibrarySession]:
    """Open a library of its own in the folder, to measure links in."""
    with _session_on(f"sqlite:///{folder / 'library.db'}") as session:
        yield session


def _empty_database(folder: Path) -> AbstractContextManager[str]:
    url = get_settings().resolved_database_url
    if is_postgresql_url(url):
        return database_beside(url)
    return nullcontext(f"sqlite:///{folder / 'library.db'}")


@contextmanager
def _session_on(url: str) -> Iterator[LibrarySession]:
    engine = make_engine(url)
    try:
        migrate(engine)
        with LibrarySession(engine, expire_on_commit=False) as session:
            yield session
    finally:
        engine.dispose()


def close() -> None:
    """Send and stop what this process still holds; call it at its end."""
    cache().close()
    extractor().close()
