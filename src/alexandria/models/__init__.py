"""The tables. A row knows nothing but itself; what happens to it stands in the services."""

from alexandria.models.author import (
    Author,
    AuthorDecision,
    AuthorDecisionMention,
    AuthorLink,
    AuthorList,
    AuthorMention,
    AuthorNameKey,
)
from alexandria.models.build import Build
from alexandria.models.cache import CacheEpoch
from alexandria.models.category import (
    Category,
    ClassificationDecision,
    ClassificationPrediction,
    ClassificationRun,
    ClassifierTraining,
)
from alexandria.models.citation import (
    Citation,
    CitationDecision,
    CitationKey,
    CitationList,
    GraphKey,
    GraphNode,
)
from alexandria.models.dead_letter import DeadLetter
from alexandria.models.derived import EmbeddingRow, LedgerRow, PassageRow, QualityScore
from alexandria.models.duplicate import (
    DuplicateDismissal,
    DuplicateKey,
    DuplicatePair,
    DuplicateSignature,
)
from alexandria.models.file_removal import FileRemoval
from alexandria.models.ingestion import BatchRun, Ingestion
from alexandria.models.lookup import Lookup
from alexandria.models.merge import Merge
from alexandria.models.outbox import OutboxEvent
from alexandria.models.quality_finding import QualityFinding
from alexandria.models.reader import (
    CoReading,
    QualityLook,
    ReaderProfile,
    RecommendationDismissal,
)
from alexandria.models.resource import (
    Resource,
    ResourceAuthor,
    ResourceCite,
    ResourceContent,
    ResourceFile,
    ResourceIdentifier,
    ResourceRevision,
    ResourceSubject,
    ResourceTag,
)
from alexandria.models.saved_search import SavedSearch
from alexandria.models.user import Credential, Interaction, User

__all__ = [
    "Author",
    "AuthorDecision",
    "AuthorDecisionMention",
    "AuthorLink",
    "AuthorList",
    "AuthorMention",
    "AuthorNameKey",
    "BatchRun",
    "Build",
    "CacheEpoch",
    "Category",
    "Citation",
    "CitationDecision",
    "CitationKey",
    "CitationList",
    "ClassificationDecision",
    "ClassificationPrediction",
    "ClassificationRun",
    "ClassifierTraining",
    "CoReading",
    "Credential",
    "DeadLetter",
    "DuplicateDismissal",
    "DuplicateKey",
    "DuplicatePair",
    "DuplicateSignature",
    "EmbeddingRow",
    "FileRemoval",
    "GraphKey",
    "GraphNode",
    "Ingestion",
    "Interaction",
    "LedgerRow",
    "Lookup",
    "Merge",
    "OutboxEvent",
    "PassageRow",
    "QualityFinding",
    "QualityLook",
    "QualityScore",
    "ReaderProfile",
    "RecommendationDismissal",
    "Resource",
    "ResourceAuthor",
    "ResourceCite",
    "ResourceContent",
    "ResourceFile",
    "ResourceIdentifier",
    "ResourceRevision",
    "ResourceSubject",
    "ResourceTag",
    "SavedSearch",
    "User",
]
