"""The services of one session, each with what it needs."""

from datetime import timedelta
from functools import cached_property

from alexandria.adapters.csl_formatter import CslFormatter
from alexandria.adapters.exporters import EXPORTERS
from alexandria.adapters.web_fetcher import HttpFetcher
from alexandria.bootstrap.deriving import DerivingServices
from alexandria.bootstrap.files import FILE_KEPT_SECONDS, extractor, file_store, page_sanitiser
from alexandria.bootstrap.lookups import lookup_sources
from alexandria.bootstrap.models import (
    learn_readings,
    passage_store,
)
from alexandria.services.admission import Admission
from alexandria.services.citing import CitingService
from alexandria.services.dead_letters import DeadLetterService
from alexandria.services.doctor import DoctorService
from alexandria.services.export import ExportService
from alexandria.services.ingestion import IngestionService
from alexandria.services.interactions import InteractionService
from alexandria.services.lookup_comparison import LookupComparison
from alexandria.services.lookup_rows import LookupRows
from alexandria.services.lookups import LookupService
from alexandria.services.merging import MergeService
from alexandria.services.near_duplicates import SuggestionService
from alexandria.services.originals import OriginalService
from alexandria.services.profile_ledger import ProfileLedger
from alexandria.services.quality_monitoring import QualityMonitor
from alexandria.services.quality_review import QualityReview
from alexandria.services.reading import ResourceReader
from alexandria.services.recommendations import (
    CoReadingService,
    RecommendationService,
    UserProfileService,
)
from alexandria.services.saved_searches import SavedSearchService
from alexandria.services.search import SearchService
from alexandria.services.similar import SimilarService
from alexandria.services.sources import SourceReader
from alexandria.services.trash import TrashService
from alexandria.services.users import UserService
from alexandria.services.warming import WarmingService


class Services(DerivingServices):
    """The services of one session; each is made when it is first asked for."""

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
    def suggestions(self) -> SuggestionService:
        return SuggestionService(self.session)

    @cached_property
    def search(self) -> SearchService:
        return SearchService(
            self.session,
            self.fulltext,
            self._vectors,
            self._serving_model,
            self.cache,
            self.freshness,
            passage_store(*self._which_vectors).bind(self.session),
        )

    @cached_property
    def reader(self) -> ResourceReader:
        return ResourceReader(self.session, self.resources, self.cache)

    @cached_property
    def warming(self) -> WarmingService:
        return WarmingService(
            self.session,
            self.cache,
            {
                "resource": self.reader.warm,
                "quality": self.quality.warm,
                "embedding": self.embeddings.warm,
                "graph:neighbors": self.graph.warm,
                "recommendations": self.recommendations.warm,
                "search_query": self.search.warm,
            },
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
            self.session, self.ledger, self.freshness, self.fulltext, self.cache, self.producer_of
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
    def citing(self) -> CitingService:
        own = self._settings.data_dir / "csl"
        return CitingService(self.export, CslFormatter(own), EXPORTERS)

    @cached_property
    def users(self) -> UserService:
        return UserService(self.session)

    @cached_property
    def interactions(self) -> InteractionService:
        return InteractionService(self.session, self.resources, self.ledger, self.profile_ledger)

    @cached_property
    def profile_ledger(self) -> ProfileLedger:
        return ProfileLedger(
            self.session,
            time_scale=self._settings.alexandria_time_scale,
            grace=self._settings.alexandria_stale_grace,
        )

    @cached_property
    def profiles(self) -> UserProfileService:
        return UserProfileService(self.session, self.profile_ledger)

    @cached_property
    def co_readings(self) -> CoReadingService:
        return CoReadingService(self.session, learn_readings)

    @cached_property
    def recommendations(self) -> RecommendationService:
        return RecommendationService(self.session, self.profiles, self._vectors, self.cache)

    @cached_property
    def similar(self) -> SimilarService:
        return SimilarService(
            self.session, self.resources, self._vectors, self.fulltext, self.graph
        )

    @cached_property
    def quality_monitor(self) -> QualityMonitor:
        return QualityMonitor(self.session, self.quality)

    @cached_property
    def quality_review(self) -> QualityReview:
        return QualityReview(self.session)
