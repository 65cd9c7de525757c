"""Everything that speaks Celery."""

from alexandria.tasks.base import DatabaseTask
from alexandria.tasks.celery_app import celery_app
from alexandria.tasks.celery_tasks import (
    batch_process_resources_task,
    invalidate_cache_task,
    recompute_quality_task,
    regenerate_embedding_task,
    update_search_index_task,
)
from alexandria.tasks.hooks import EXTRA_HOOKS, register_all_hooks
from alexandria.tasks.spec_hooks import (
    HOOKS,
    on_content_changed_regenerate_embedding,
    on_metadata_changed_recompute_quality,
    on_resource_updated_invalidate_caches,
    on_resource_updated_sync_search_index,
    on_user_interaction_refresh_profile,
)

__all__ = [
    "EXTRA_HOOKS",
    "HOOKS",
    "DatabaseTask",
    "batch_process_resources_task",
    "celery_app",
    "invalidate_cache_task",
    "on_content_changed_regenerate_embedding",
    "on_metadata_changed_recompute_quality",
    "on_resource_updated_invalidate_caches",
    "on_resource_updated_sync_search_index",
    "on_user_interaction_refresh_profile",
    "recompute_quality_task",
    "regenerate_embedding_task",
    "register_all_hooks",
    "update_search_index_task",
]
