"""The composition root: the one place that names concrete classes.

Heavy libraries load inside the factories, so that `alexandria --help` stays quick.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import cached_property, lru_cache
from pathlib import Path

from sqlalchemy.orm import Session

from alexandria import cache_keys
from alexandria.adapters.extraction import IsolatedExtractor
from alexandria.adapters.extractors.limits import Limits, Ocr
from alexandria.adapters.file_store import LocalFileStore
from alexandria.adapters.fulltext_sqlite import IndexTable, SqliteFullText
from alexandria.adapters.vector_index import VectorStore
from alexandria.adapters.web_fetcher import HttpFetcher
from alexandria.bootstrap.models import (
    can_serve,
    citation_models,
    citation_reader,
    citation_trainer,
    embedder,
    model_of,
    model_place,
    vector_store,
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
from alexandria.config import Settings, get_settings
from alexandria.db import LibrarySession, make_engine
from alexandria.events import Event, outbox
from alexandria.events.history import SharedHistory
from alexandria.migrations import migrate
from alexandria.protocols import Embedder, FullTextIndex
from alexandria.services.admission import Admission
from alexandria.services.builds import BuildService
from alexandria.services.dead_letters import DeadLetterService
from alexandria.services.doctor import DoctorService
from alexandria.services.embeddings import EmbeddingService
from alexandria.services.evaluation import Library
from alexandria.services.export import ExportService
from alexandria.services.freshness import FreshnessService
from alexandria.services.ingestion import IngestionService
from alexandria.services.interactions import InteractionService
from alexandria.services.ledger import Ledger
from alexandria.services.merging import MergeService
from alexandria.services.quality import PRODUCER as QUALITY_PRODUCER
from alexandria.services.quality import QualityService
from alexandria.services.rebuilds import Model, RebuildService
from alexandria.services.resources import ResourceService
from alexandria.services.search import SearchService
from alexandria.services.users import UserService

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
    "close",
    "embedded_broker",
    "embedded_cache",
    "embedder",
    "extractor",
    "file_store",
    "invalidate_at_once",
    "open_empty_library",
    "result_backend_url",
    "share_history",
    "shared_history",
    "text_recognition",
]

SAMPLE = Path(__file__).parent.parent / "data" / "sample" / "papers.jsonl"
_OCR_SHARE = 0.7  # of the time for a document; the rest is for its text


@lru_cache(maxsize=1)
def extractor() -> IsolatedExtractor:
    settings = get_settings()
    return IsolatedExtractor(
        seconds=settings.alexandria_extraction_seconds,
        memory_bytes=settings.alexandria_extraction_memory_mb * 1_000_000,
        limits=Limits(
            max_bytes=settings.alexandria_max_file_mb * 1_000_000, ocr=text_recognition(settings)
        ),
    )


def text_recognition(settings: Settings) -> Ocr | None:
    """Give how pages that are pictures are read, or None where tesseract is not installed."""
    program = shutil.which("tesseract")
    if not program or not settings.alexandria_ocr_languages:
        return None
    seconds = _OCR_SHARE * settings.alexandria_extraction_seconds
    return Ocr(program, settings.alexandria_ocr_languages, seconds)


def file_store() -> LocalFileStore:
    return LocalFileStore(get_settings().data_dir / "files")


def shared_history() -> SharedHistory:
    return SharedHistory(broker_client())


def share_history(event: Event) -> None:
    """Tell all processes of an event (a handler of the emitter)."""
    shared_history().append(event)


@outbox.durable
def invalidate_at_once(event: Event) -> None:
    """Drop what an event made stale, before its write is acknowledged (a handler)."""
    if resource_id := event.data.get("resource_id"):
        for key in cache_keys.stale_after_change(resource_id):
            cache().delete_pattern(key)


@contextmanager
def open_empty_library(folder: Path) -> Iterator[Library]:
    """Open a library of its own in the folder, to measure search on."""
    engine = make_engine(f"sqlite:///{folder / 'library.db'}")
    try:
        migrate(engine)
        with LibrarySession(engine, expire_on_commit=False) as session:
            services = Services(session)
            vectors = VectorStore(embedder().model, embedder().dimensions).bind(session)
            search = SearchService(
                session, services.fulltext, vectors, embedder(), None, services.freshness
            )
            yield Library(session, search, EmbeddingService(session, embedder(), None))
    finally:
        engine.dispose()


def close() -> None:
    """Send and stop what this process still holds; call it at its end."""
    cache().close()
    extractor().close()


class Services:
    """The services of one session; each is made when it is first asked for."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._settings = get_settings()

    @cached_property
    def builds(self) -> BuildService:
        return BuildService(self.session)

    @cached_property
    def fulltext(self) -> FullTextIndex | None:
        """The keyword index; PostgreSQL's is not built yet."""
        is_sqlite = self.session.get_bind().dialect.name == "sqlite"
        return SqliteFullText(self.session, self._index_tables) if is_sqlite else None

    def _index_tables(self) -> list[IndexTable]:
        found = self.builds.in_use("search")
        return [IndexTable(one.place, one.version) for one in found if one.place]

    @cached_property
    def ledger(self) -> Ledger:
        return Ledger(
            self.session,
            ["embedding", "quality", *(["search"] if self.fulltext else [])],
            self.producer_of,
            time_scale=self._settings.alexandria_time_scale,
            grace=self._settings.alexandria_stale_grace,
        )

    def producer_of(self, derivation: str) -> str:
        """Give what computes a derivation from now on."""
        if derivation == "quality":
            return QUALITY_PRODUCER
        target = self.builds.target(derivation)
        return target.producer if target else embedder().model

    @cached_property
    def rebuilds(self) -> RebuildService:
        return RebuildService(
            self.session,
            self.ledger,
            self.builds,
            self.fulltext,
            lambda: Model(embedder().model, model_place()),
            can_serve,
        )

    @cached_property
    def _serving_model(self) -> Embedder:
        serving = self.builds.serving("embedding")
        return model_of(serving) if serving else embedder()

    @cached_property
    def freshness(self) -> FreshnessService:
        names = [derivation.name for derivation in self.ledger.active]
        return FreshnessService(self.session, names, self.ledger.grace)

    @cached_property
    def resources(self) -> ResourceService:
        return ResourceService(self.session, self.ledger, self.fulltext)

    @cached_property
    def ingestion(self) -> IngestionService:
        settings = self._settings
        return IngestionService(
            self.session,
            Admission(self.session, self.resources),
            extractor(),
            HttpFetcher(
                max_bytes=settings.alexandria_max_file_mb * 1_000_000,
                seconds=settings.alexandria_fetch_seconds,
                allow_private=settings.alexandria_fetch_private,
            ),
            file_store(),
            lease=timedelta(seconds=settings.alexandria_lease_seconds),
            grace=self.ledger.grace,
        )

    @cached_property
    def embeddings(self) -> EmbeddingService:
        building = self.builds.building("embedding")
        upcoming = model_of(building) if building else None
        return EmbeddingService(self.session, self._serving_model, cache(), upcoming)

    @cached_property
    def quality(self) -> QualityService:
        return QualityService(self.session, cache())

    @cached_property
    def search(self) -> SearchService:
        serving, model = self.builds.serving("embedding"), self._serving_model
        url = self._settings.resolved_database_url
        vectors = vector_store(
            url, serving.id if serving else None, model.model, model.dimensions
        ).bind(self.session)
        return SearchService(self.session, self.fulltext, vectors, model, cache(), self.freshness)

    @cached_property
    def dead_letters(self) -> DeadLetterService:
        return DeadLetterService(self.session)

    @cached_property
    def doctor(self) -> DoctorService:
        return DoctorService(
            self.session, self.ledger, self.freshness, self.fulltext, cache(), self.producer_of
        )

    @cached_property
    def merging(self) -> MergeService:
        return MergeService(self.session, self.resources, self.ledger)

    @cached_property
    def export(self) -> ExportService:
        return ExportService(self.session)

    @cached_property
    def users(self) -> UserService:
        return UserService(self.session)

    @cached_property
    def interactions(self) -> InteractionService:
        return InteractionService(self.session, self.resources, self.ledger)
