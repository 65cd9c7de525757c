"""The services that compute derived data, and what these stand on."""

from functools import cached_property

from sqlalchemy import select
from sqlalchemy.orm import Session

from alexandria.adapters.fulltext_postgres import PostgresFullText
from alexandria.adapters.fulltext_schemas import IndexTable
from alexandria.adapters.fulltext_sqlite import SqliteFullText
from alexandria.adapters.pgvector_index import PgVectorIndex
from alexandria.adapters.session_cache import SessionCache
from alexandria.bootstrap.files import file_store
from alexandria.bootstrap.models import (
    can_serve,
    citation_reader,
    classifier_in,
    classifier_models,
    classifier_trainer,
    embedder,
    model_of,
    model_place,
    vector_store,
)
from alexandria.bootstrap.redis_servers import (
    cache,
)
from alexandria.config import get_settings
from alexandria.db.pgvector import can_compare
from alexandria.models import ClassifierTraining
from alexandria.protocols import Embedder, FullTextIndex, VectorIndex
from alexandria.protocols.classification import Classifier
from alexandria.services.authors import PRODUCER as AUTHORS_PRODUCER
from alexandria.services.authors import AuthorService
from alexandria.services.builds import BuildService
from alexandria.services.citations import CitationService
from alexandria.services.classification import (
    CategoryService,
    MLClassificationService,
    ReviewService,
    TaxonomyService,
    ThesaurusService,
    TrainingService,
)
from alexandria.services.classification.rules import PRODUCER as RULES_PRODUCER
from alexandria.services.embeddings import EmbeddingService
from alexandria.services.freshness import FreshnessService
from alexandria.services.graph import PRODUCER as GRAPH_PRODUCER
from alexandria.services.graph import GraphService
from alexandria.services.ledger import Ledger
from alexandria.services.near_duplicates import PRODUCER as DUPLICATES_PRODUCER
from alexandria.services.near_duplicates import NearDuplicateService
from alexandria.services.passage_text import SPLITTER
from alexandria.services.passages import PassageService
from alexandria.services.quality import PRODUCER as QUALITY_PRODUCER
from alexandria.services.quality import QualityService
from alexandria.services.rebuilds import Model, RebuildService
from alexandria.services.resources import ResourceService

_DERIVATIONS = (
    *("embedding", "passages", "quality", "classification", "duplicates", "citations", "graph"),
    "search",
    "authors",
)
_RULES = {
    "quality": QUALITY_PRODUCER,
    "duplicates": DUPLICATES_PRODUCER,
    "graph": GRAPH_PRODUCER,
    "authors": AUTHORS_PRODUCER,
}
"""Producers that are code alone."""


class DerivingServices:
    """Each is made when it is first asked for."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._settings = get_settings()

    @cached_property
    def cache(self) -> SessionCache:
        return SessionCache(self.session, cache())

    @cached_property
    def builds(self) -> BuildService:
        return BuildService(self.session)

    @cached_property
    def fulltext(self) -> FullTextIndex:
        is_sqlite = self.session.get_bind().dialect.name == "sqlite"
        index = SqliteFullText if is_sqlite else PostgresFullText
        return index(self.session, self._index_tables)

    def _index_tables(self) -> list[IndexTable]:
        found = self.builds.in_use("search")
        return [IndexTable(one.place, one.version) for one in found if one.place]

    @cached_property
    def ledger(self) -> Ledger:
        return Ledger(
            self.session,
            _DERIVATIONS,
            self.producer_of,
            time_scale=self._settings.alexandria_time_scale,
            grace=self._settings.alexandria_stale_grace,
        )

    def producer_of(self, derivation: str) -> str:
        """Give what computes a derivation from now on."""
        if derivation in _RULES:
            return _RULES[derivation]
        if derivation == "passages":
            return f"{self.producer_of('embedding')}, {SPLITTER}"
        if derivation == "classification":
            found = self.classifier()
            return found.name if found else RULES_PRODUCER
        if derivation == "citations":
            return citation_reader().model
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
    def embeddings(self) -> EmbeddingService:
        return EmbeddingService(self.session, self._serving_model, self.cache, self._upcoming_model)

    @cached_property
    def passages(self) -> PassageService:
        models = (self._serving_model, self._upcoming_model)
        return PassageService(self.session, [model for model in models if model])

    @cached_property
    def quality(self) -> QualityService:
        return QualityService(self.session, self.cache)

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
    def thesaurus(self) -> ThesaurusService:
        return ThesaurusService(self.categories)

    @cached_property
    def review(self) -> ReviewService:
        return ReviewService(self.session)

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
    def citations(self) -> CitationService:
        return CitationService(self.session, self.ledger, file_store(), citation_reader)

    @cached_property
    def graph(self) -> GraphService:
        return GraphService(self.session, self.cache)

    @cached_property
    def authors(self) -> AuthorService:
        return AuthorService(self.session)

    @property
    def _which_vectors(self) -> tuple[str, int | None, str, int]:
        serving, model = self.builds.serving("embedding"), self._serving_model
        return (
            *(self._settings.resolved_database_url, serving.id if serving else None),
            *(model.model, model.dimensions),
        )

    @cached_property
    def _vectors(self) -> VectorIndex:
        if can_compare(self.session):
            model = self._serving_model
            return PgVectorIndex(self.session, model.model, model.dimensions)
        return vector_store(*self._which_vectors).bind(self.session)
