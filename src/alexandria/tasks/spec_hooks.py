"""SPEC's own hooks (5.1 to 5.8): what it says follows from a change, and how soon."""

from alexandria.events import SystemEvent
from alexandria.services.profile_ledger import DELAY_SECONDS
from alexandria.tasks.celery_tasks import (
    classify_resource_task,
    invalidate_cache_task,
    normalize_author_names_task,
    recompute_quality_task,
    refresh_recommendation_profile_task,
    regenerate_embedding_task,
    update_graph_edges_task,
    update_search_index_task,
)
from alexandria.tasks.hook import (
    Hook,
    authors,
    citations,
    every_tenth,
    stale_keys,
    user,
)

HOOKS: tuple[Hook, ...] = (
    Hook(
        SystemEvent.RESOURCE_CONTENT_CHANGED,
        "on_content_changed_regenerate_embedding",
        regenerate_embedding_task,
        priority=7,
        countdown=5,
        queue="high_priority",
    ),
    Hook(
        SystemEvent.RESOURCE_METADATA_CHANGED,
        "on_metadata_changed_recompute_quality",
        recompute_quality_task,
        priority=5,
        countdown=10,
        queue="default",
    ),
    Hook(
        SystemEvent.RESOURCE_UPDATED,
        "on_resource_updated_sync_search_index",
        update_search_index_task,
        priority=9,
        countdown=1,
        queue="urgent",
    ),
    Hook(
        SystemEvent.RESOURCE_UPDATED,
        "on_resource_updated_invalidate_caches",
        invalidate_cache_task,
        priority=9,
        countdown=0,
        queue="urgent",
        arguments=stale_keys,
    ),
    Hook(
        SystemEvent.CITATIONS_EXTRACTED,
        "on_citation_extracted_update_graph",
        update_graph_edges_task,
        priority=5,
        countdown=30,
        queue="default",
        arguments=citations,
    ),
    Hook(
        SystemEvent.USER_INTERACTION_TRACKED,
        "on_user_interaction_refresh_profile",
        refresh_recommendation_profile_task,
        priority=3,
        countdown=DELAY_SECONDS,
        queue="ml_tasks",
        arguments=user,
        when=every_tenth,
    ),
    Hook(
        SystemEvent.RESOURCE_CREATED,
        "on_resource_created_suggest_classification",
        classify_resource_task,
        priority=5,
        countdown=20,
        queue="ml_tasks",
    ),
    Hook(
        SystemEvent.AUTHORS_EXTRACTED,
        "on_author_extracted_normalize_names",
        normalize_author_names_task,
        priority=3,
        countdown=60,
        queue="batch",
        arguments=authors,
    ),
)

(
    on_content_changed_regenerate_embedding,
    on_metadata_changed_recompute_quality,
    on_resource_updated_sync_search_index,
    on_resource_updated_invalidate_caches,
    on_citation_extracted_update_graph,
    on_user_interaction_refresh_profile,
    on_resource_created_suggest_classification,
    on_author_extracted_normalize_names,
) = HOOKS
