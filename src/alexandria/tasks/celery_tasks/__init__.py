from alexandria.tasks.celery_tasks.batch import batch_process_resources_task
from alexandria.tasks.celery_tasks.cache import (
    cleanup_expired_cache,
    invalidate_cache_task,
    warm_cache_task,
)
from alexandria.tasks.celery_tasks.classification import retrain_classification_model
from alexandria.tasks.celery_tasks.derivations import (
    classify_resource_task,
    embed_passages_task,
    extract_citations_task,
    find_duplicates_task,
    normalize_author_names_task,
    recompute_quality_task,
    regenerate_embedding_task,
    update_graph_edges_task,
    update_search_index_task,
)
from alexandria.tasks.celery_tasks.ingestion import ingest_task
from alexandria.tasks.celery_tasks.lookups import look_up_task
from alexandria.tasks.celery_tasks.recommendations import (
    compare_readers_task,
    refresh_recommendation_profile_task,
)
from alexandria.tasks.celery_tasks.upkeep import (
    clean_up_outbox_task,
    detect_quality_outliers,
    examine_library_task,
    monitor_quality_degradation,
    reconcile_task,
)

__all__ = [
    "batch_process_resources_task",
    "classify_resource_task",
    "clean_up_outbox_task",
    "cleanup_expired_cache",
    "compare_readers_task",
    "detect_quality_outliers",
    "embed_passages_task",
    "examine_library_task",
    "extract_citations_task",
    "find_duplicates_task",
    "ingest_task",
    "invalidate_cache_task",
    "look_up_task",
    "monitor_quality_degradation",
    "normalize_author_names_task",
    "recompute_quality_task",
    "reconcile_task",
    "refresh_recommendation_profile_task",
    "regenerate_embedding_task",
    "retrain_classification_model",
    "update_graph_edges_task",
    "update_search_index_task",
    "warm_cache_task",
]
