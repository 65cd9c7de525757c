from alexandria.tasks.celery_tasks.batch import batch_process_resources_task
from alexandria.tasks.celery_tasks.cache import clean_up_cache_task, invalidate_cache_task
from alexandria.tasks.celery_tasks.classification import retrain_classification_model
from alexandria.tasks.celery_tasks.derivations import (
    classify_resource_task,
    embed_passages_task,
    find_duplicates_task,
    recompute_quality_task,
    regenerate_embedding_task,
    update_search_index_task,
)
from alexandria.tasks.celery_tasks.ingestion import ingest_task
from alexandria.tasks.celery_tasks.lookups import look_up_task
from alexandria.tasks.celery_tasks.upkeep import (
    clean_up_outbox_task,
    examine_library_task,
    find_quality_degradation_task,
    find_quality_outliers_task,
    reconcile_task,
)

__all__ = [
    "batch_process_resources_task",
    "classify_resource_task",
    "clean_up_cache_task",
    "clean_up_outbox_task",
    "embed_passages_task",
    "examine_library_task",
    "find_duplicates_task",
    "find_quality_degradation_task",
    "find_quality_outliers_task",
    "ingest_task",
    "invalidate_cache_task",
    "look_up_task",
    "recompute_quality_task",
    "reconcile_task",
    "regenerate_embedding_task",
    "retrain_classification_model",
    "update_search_index_task",
]
