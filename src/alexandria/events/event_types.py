"""Every event of the system, in one registry. Names are `{entity}.{action}`, in the past."""

from enum import StrEnum


class SystemEvent(StrEnum):
    RESOURCE_CREATED = "resource.created"
    RESOURCE_UPDATED = "resource.updated"
    RESOURCE_DELETED = "resource.deleted"
    RESOURCE_CONTENT_CHANGED = "resource.content_changed"
    RESOURCE_METADATA_CHANGED = "resource.metadata_changed"

    INGESTION_STARTED = "ingestion.started"
    INGESTION_COMPLETED = "ingestion.completed"
    INGESTION_FAILED = "ingestion.failed"

    EMBEDDING_GENERATED = "embedding.generated"
    EMBEDDING_FAILED = "embedding.failed"
    QUALITY_COMPUTED = "quality.computed"
    QUALITY_DEGRADATION_DETECTED = "quality.degradation_detected"
    QUALITY_OUTLIER_DETECTED = "quality.outlier_detected"
    CLASSIFICATION_COMPLETED = "classification.completed"
    CLASSIFICATION_MODEL_TRAINED = "classification.model_trained"

    DUPLICATES_COMPUTED = "duplicates.computed"

    SEARCH_EXECUTED = "search.executed"
    SEARCH_INDEX_UPDATED = "search.index_updated"
    GRAPH_EDGE_ADDED = "graph.edge_added"
    GRAPH_CACHE_INVALIDATED = "graph.cache_invalidated"
    CITATIONS_EXTRACTED = "citations.extracted"
    AUTHORS_EXTRACTED = "authors.extracted"
    AUTHORS_NORMALIZED = "authors.normalized"

    USER_INTERACTION_TRACKED = "user.interaction_tracked"
    USER_PROFILE_UPDATED = "user.profile_updated"

    CACHE_HIT = "cache.hit"
    CACHE_MISS = "cache.miss"
    CACHE_INVALIDATED = "cache.invalidated"

    BACKGROUND_TASK_STARTED = "background_task.started"
    BACKGROUND_TASK_COMPLETED = "background_task.completed"
    BACKGROUND_TASK_FAILED = "background_task.failed"

    SYSTEM_STARTUP = "system.startup"
    SYSTEM_SHUTDOWN = "system.shutdown"
