"""The services of one session, each with what it needs."""

from datetime import timedelta
from functools import cached_property

from sqlalchemy import select
from sqlalchemy.orm import Session

from alexandria.adapters.fulltext_sqlite import IndexTable, SqliteFullText
from alexandria.adapters.web_fetcher import HttpFetcher
from alexandria.bootstrap.files import FILE_KEPT_SECONDS, extractor, file_store, page_sanitiser
from alexandria.bootstrap.lookups import lookup_sources
from alexandria.bootstrap.models import (
    can_serve,
    classifier_in,
    classifier_models,
    classifier_trainer,
    embedder,
    model_of,
    model_place,
    passage_store,
    vector_store,
)
from alexandria.bootstrap.redis_servers import (
    cache,
)
from alexandria.config import get_settings
from alexandria.models import ClassifierTraining
from alexandria.protocols import Embedder, FullTextIndex
from alexandria.protocols.classification import Classifier
from alexandria.services.admission import Admission
from alexandria.services.builds import BuildService
from alexandria.services.classification import (
    CategoryService,
    MLClassificationService,
    TaxonomyService,
    TrainingService,
)
from alexandria.services.classification.rules import PRODUCER as RULES_PRODUCER
from alexandria.services.dead_letters import DeadLetterService
from alexandria.services.doctor import DoctorService
from alexandria.services.embeddings import EmbeddingService
from alexandria.services.export import ExportService
from alexandria.services.freshness import FreshnessService
from alexandria.services.ingestion import IngestionService
from alexandria.services.interactions import InteractionService
from alexandria.services.ledger import Ledger
from alexandria.services.lookup_comparison import LookupComparison
from alexandria.services.lookup_rows import LookupRows
from alexandria.services.lookups import LookupService
from alexandria.services.merging import MergeService
from alexandria.services.near_duplicates import PRODUCER as DUPLICATES_PRODUCER
from alexandria.services.near_duplicates import NearDuplicateService, SuggestionService
from alexandria.services.originals import OriginalService
from alexandria.services.passage_text import SPLITTER
from alexandria.services.passages import PassageService
from alexandria.services.quality import PRODUCER as QUALITY_PRODUCER
from alexandria.services.quality import QualityService
from alexandria.services.rebuilds import Model, RebuildService
from alexandria.services.resources import ResourceService
from alexandria.services.saved_searches import SavedSearchService
from alexandria.services.search import SearchService
from alexandria.services.sources import SourceReader
from alexandria.services.trash import TrashService
from alexandria.services.users import UserService

_ALWAYS = ("embedding", "passages", "quality", "classification", "duplicates")
"""Derivations that run on every database."""


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
            [*_ALWAYS, *(["search"] if self.fulltext else [])],
            self.producer_of,
            time_scale=self._settings.alexandria_time_scale,
            grace=self._settings.alexandria_stale_grace,
        )

    def producer_of(self, derivation: str) -> str:
        """Give what computes a derivation from now on."""
        if derivation == "quality":
            return QUALITY_PRODUCER
        if derivation == "passages":
            return f"{self.producer_of('embedding')}, {SPLITTER}"
        if derivation == "classification":
            found = self.classifier()
            return found.name if found else RULES_PRODUCER
        if derivation == "duplicates":
            return DUPLICATES_PRODUCER
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
    def _upcoming_model(self) -> Embedder | None:
        building = self.builds.building("embedding")
        return model_of(building) if building else None

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
            SourceReader(
                self.session,
                extractor(),
                HttpFetcher(
                    max_bytes=settings.alexandria_max_file_mb * 1_000_000,
                    seconds=settings.alexandria_fetch_seconds,
                    allow_private=settings.alexandria_fetch_private,
                ),
                file_store(),
                self.lookups,
            ),
            file_store(),
            lease=timedelta(seconds=settings.alexandria_lease_seconds),
            grace=self.ledger.grace,
        )

    @cached_property
    def lookups(self) -> LookupService:
        keep = timedelta(days=self._settings.alexandria_lookup_days)
        rows = LookupRows(self.session, keep, self._settings.alexandria_time_scale)
        return LookupService(self.session, lookup_sources(), rows, self.ledger.grace)

    @cached_property
    def lookup_comparison(self) -> LookupComparison:
        return LookupComparison(self.lookups, self.resources)

    @cached_property
    def embeddings(self) -> EmbeddingService:
        return EmbeddingService(self.session, self._serving_model, cache(), self._upcoming_model)

    @cached_property
    def passages(self) -> PassageService:
        models = (self._serving_model, self._upcoming_model)
        return PassageService(self.session, [model for model in models if model])

    @cached_property
    def quality(self) -> QualityService:
        return QualityService(self.session, cache())

    def classifier(self) -> Classifier | None:
        """Give the trained classifier that is in use; asked anew, since it may change."""
        file = self.session.scalar(
            select(ClassifierTraining.file)
            .where(ClassifierTraining.is_accepted)
            .order_by(ClassifierTraining.id.desc())
            .limit(1)
        )
        return classifier_in(classifier_models() / file) if file else None

    @cached_property
    def categories(self) -> CategoryService:
        return CategoryService(
            self.session, self.ledger, follows_categories=self.classifier() is None
        )

    @cached_property
    def taxonomy(self) -> TaxonomyService:
        return TaxonomyService(self.session, self.resources, self.categories)

    @cached_property
    def classification(self) -> MLClassificationService:
        return MLClassificationService(
            self.session, self._serving_model, self.classifier(), self.taxonomy
        )

    @cached_property
    def training(self) -> TrainingService:
        return TrainingService(
            self.session,
            self.ledger,
            self.categories,
            self._serving_model,
            classifier_trainer(),
            self.classifier,
            classifier_models(),
        )

    @cached_property
    def near_duplicates(self) -> NearDuplicateService:
        return NearDuplicateService(self.session)

    @cached_property
    def suggestions(self) -> SuggestionService:
        return SuggestionService(self.session)

    @cached_property
    def search(self) -> SearchService:
        serving, model = self.builds.serving("embedding"), self._serving_model
        which = (
            *(self._settings.resolved_database_url, serving.id if serving else None),
            *(model.model, model.dimensions),
        )
        return SearchService(
            self.session,
            self.fulltext,
            vector_store(*which).bind(self.session),
            model,
            cache(),
            self.freshness,
            passage_store(*which).bind(self.session),
        )

    @cached_property
    def saved_searches(self) -> SavedSearchService:
        return SavedSearchService(self.session, self.search)

    @cached_property
    def dead_letters(self) -> DeadLetterService:
        return DeadLetterService(self.session)

    @cached_property
    def doctor(self) -> DoctorService:
        return DoctorService(
            self.session, self.ledger, self.freshness, self.fulltext, cache(), self.producer_of
        )

    @cached_property
    def originals(self) -> OriginalService:
        return OriginalService(self.session, self.resources, file_store(), page_sanitiser)

    @cached_property
    def merging(self) -> MergeService:
        return MergeService(self.session, self.resources, self.ledger, self.suggestions)

    @cached_property
    def trash(self) -> TrashService:
        kept = timedelta(seconds=self._settings.scaled(FILE_KEPT_SECONDS))
        return TrashService(self.session, file_store(), self.fulltext, kept)

    @cached_property
    def export(self) -> ExportService:
        return ExportService(self.session)

    @cached_property
    def users(self) -> UserService:
        return UserService(self.session)

    @cached_property
    def interactions(self) -> InteractionService:
        return InteractionService(self.session, self.resources, self.ledger)
