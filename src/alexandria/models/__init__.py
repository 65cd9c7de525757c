"""The tables. A row knows nothing but itself; what happens to it stands in the services."""

from alexandria.models.build import Build
from alexandria.models.dead_letter import DeadLetter
from alexandria.models.derived import EmbeddingRow, LedgerRow, QualityScore
from alexandria.models.duplicate import (
    DuplicateDismissal,
    DuplicateKey,
    DuplicatePair,
    DuplicateSignature,
)
from alexandria.models.file_removal import FileRemoval
from alexandria.models.ingestion import BatchRun, Ingestion
from alexandria.models.merge import Merge
from alexandria.models.outbox import OutboxEvent
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
from alexandria.models.user import Credential, Interaction, User

__all__ = [
    "BatchRun",
    "Build",
    "Credential",
    "DeadLetter",
    "DuplicateDismissal",
    "DuplicateKey",
    "DuplicatePair",
    "DuplicateSignature",
    "EmbeddingRow",
    "FileRemoval",
    "Ingestion",
    "Interaction",
    "LedgerRow",
    "Merge",
    "OutboxEvent",
    "QualityScore",
    "Resource",
    "ResourceAuthor",
    "ResourceCite",
    "ResourceContent",
    "ResourceFile",
    "ResourceIdentifier",
    "ResourceRevision",
    "ResourceSubject",
    "ResourceTag",
    "User",
]
