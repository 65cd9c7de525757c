"""What follows from events beside SPEC's own hooks, and how all of them are registered."""

import logging

from alexandria.bootstrap import invalidate_at_once, share_history
from alexandria.events import SystemEvent, event_emitter, outbox
from alexandria.tasks.celery_tasks import (
    embed_passages_task,
    extract_citations_task,
    find_duplicates_task,
    invalidate_cache_task,
    look_up_task,
)
from alexandria.tasks.hook import (
    Hook,
    all_recommendation_keys,
    also,
    embedding_keys,
    graph_keys,
    quality_keys,
    recommendation_keys,
    resource,
    what_is_due,
)
from alexandria.tasks.queueing import queue_all
from alexandria.tasks.spec_hooks import (
    HOOKS,
    on_author_extracted_normalize_names,
    on_citation_extracted_update_graph,
    on_content_changed_regenerate_embedding,
    on_metadata_changed_recompute_quality,
    on_resource_created_suggest_classification,
    on_resource_updated_invalidate_caches,
    on_resource_updated_sync_search_index,
)

logger = logging.getLogger(__name__)

_TITLE_OR_ABSTRACT = frozenset({"title", "abstract"})
_WHAT_REFERENCES_NAME = frozenset(
    {"title", "authors", "year", "external_id", "doi", "arxiv_id", "isbn", "extra"}
)
_WHAT_DUPLICATES_SHARE = _TITLE_OR_ABSTRACT | {"authors", "year", "doi", "arxiv_id", "isbn"}

_on_content_changed_embed_passages = Hook(
    SystemEvent.RESOURCE_CONTENT_CHANGED,
    "on_content_changed_embed_passages",
    embed_passages_task,
    priority=2,
    countdown=15,
    queue="ml_tasks",
)

_find_duplicates = Hook(
    SystemEvent.RESOURCE_CONTENT_CHANGED,
    "on_content_changed_find_duplicates",
    find_duplicates_task,
    priority=2,
    countdown=15,
    queue="batch",
)

_on_content_changed_extract_citations = Hook(
    SystemEvent.RESOURCE_CONTENT_CHANGED,
    "on_content_changed_extract_citations",
    extract_citations_task,
    priority=5,
    countdown=5,
    queue="default",
)

EXTRA_HOOKS: tuple[Hook, ...] = (
    *(
        also(on_resource_updated_sync_search_index, event, f"on_resource_{name}_sync_search_index")
        for event, name in (
            (SystemEvent.RESOURCE_CREATED, "created"),
            (SystemEvent.RESOURCE_DELETED, "deleted"),
        )
    ),
    *(
        also(on_resource_updated_invalidate_caches, event, f"on_resource_{name}_invalidate_caches")
        for event, name in (
            (SystemEvent.RESOURCE_CREATED, "created"),
            (SystemEvent.RESOURCE_DELETED, "deleted"),
        )
    ),
    also(
        on_content_changed_regenerate_embedding,
        SystemEvent.RESOURCE_METADATA_CHANGED,
        "on_metadata_changed_regenerate_embedding",
        fields=_TITLE_OR_ABSTRACT,
    ),
    _on_content_changed_embed_passages,
    also(
        on_metadata_changed_recompute_quality,
        SystemEvent.RESOURCE_CONTENT_CHANGED,
        "on_content_changed_recompute_quality",
    ),
    also(
        on_metadata_changed_recompute_quality,
        SystemEvent.USER_INTERACTION_TRACKED,
        "on_interaction_tracked_recompute_quality",
    ),
    also(
        on_resource_created_suggest_classification,
        SystemEvent.RESOURCE_CONTENT_CHANGED,
        "on_content_changed_suggest_classification",
    ),
    also(
        on_resource_created_suggest_classification,
        SystemEvent.RESOURCE_METADATA_CHANGED,
        "on_metadata_changed_suggest_classification",
        fields=_TITLE_OR_ABSTRACT,
    ),
    _find_duplicates,
    also(
        _find_duplicates,
        SystemEvent.RESOURCE_METADATA_CHANGED,
        "on_metadata_changed_find_duplicates",
        fields=_WHAT_DUPLICATES_SHARE,
    ),
    _on_content_changed_extract_citations,
    also(
        _on_content_changed_extract_citations,
        SystemEvent.RESOURCE_METADATA_CHANGED,
        "on_metadata_changed_extract_citations",
        fields=frozenset({"cites"}),
    ),
    also(
        on_citation_extracted_update_graph,
        SystemEvent.RESOURCE_METADATA_CHANGED,
        "on_metadata_changed_update_graph",
        fields=_WHAT_REFERENCES_NAME,
        arguments=resource,
    ),
    also(
        on_citation_extracted_update_graph,
        SystemEvent.RESOURCE_DELETED,
        "on_resource_deleted_update_graph",
        arguments=resource,
    ),
    also(
        on_author_extracted_normalize_names,
        SystemEvent.RESOURCE_METADATA_CHANGED,
        "on_metadata_changed_normalize_names",
        fields=frozenset({"year", "venue"}),
        arguments=resource,
    ),
    also(
        on_author_extracted_normalize_names,
        SystemEvent.RESOURCE_DELETED,
        "on_resource_deleted_normalize_names",
        arguments=resource,
    ),
    also(
        on_resource_updated_invalidate_caches,
        SystemEvent.GRAPH_CACHE_INVALIDATED,
        "on_graph_changed_invalidate_caches",
        arguments=graph_keys,
    ),
    also(
        on_resource_updated_invalidate_caches,
        SystemEvent.EMBEDDING_GENERATED,
        "on_embedding_generated_invalidate_caches",
        arguments=embedding_keys,
    ),
    also(
        on_resource_updated_invalidate_caches,
        SystemEvent.QUALITY_COMPUTED,
        "on_quality_computed_invalidate_caches",
        arguments=quality_keys,
    ),
    *(
        also(hook, SystemEvent.RESOURCE_DELETED, f"on_resource_deleted_remove_{name}")
        for name, hook in (
            ("embedding", on_content_changed_regenerate_embedding),
            ("passages", _on_content_changed_embed_passages),
            ("quality", on_metadata_changed_recompute_quality),
            ("classification", on_resource_created_suggest_classification),
            ("duplicates", _find_duplicates),
            ("citations", _on_content_changed_extract_citations),
        )
    ),
    *(
        also(
            on_resource_updated_invalidate_caches,
            event,
            f"on_{name}_invalidate_recommendations",
            arguments=keys,
        )
        for event, name, keys in (
            (SystemEvent.USER_INTERACTION_TRACKED, "interaction_tracked", recommendation_keys),
            (SystemEvent.USER_PROFILE_UPDATED, "profile_updated", recommendation_keys),
            (SystemEvent.RESOURCE_CREATED, "resource_created", all_recommendation_keys),
            (SystemEvent.RESOURCE_DELETED, "resource_deleted", all_recommendation_keys),
            (SystemEvent.EMBEDDING_GENERATED, "embedding_generated", all_recommendation_keys),
            (SystemEvent.GRAPH_CACHE_INVALIDATED, "graph_changed", all_recommendation_keys),
        )
    ),
    Hook(
        SystemEvent.RESOURCE_METADATA_CHANGED,
        "on_identifier_changed_look_up",
        look_up_task,
        priority=2,
        countdown=10,
        queue="batch",
        arguments=what_is_due,
        fields=frozenset({"doi", "arxiv_id", "isbn", "extra"}),
        setting="alexandria_lookups",
    ),
)


NOT_SHARED = frozenset(
    {
        SystemEvent.BACKGROUND_TASK_STARTED,
        SystemEvent.BACKGROUND_TASK_COMPLETED,
        SystemEvent.CACHE_HIT,
        SystemEvent.CACHE_MISS,
    }
)
"""Too many: they would drive all else out of the shared history."""


def register_all_hooks() -> int:
    """Register every hook with the emitter; give how many. Each process that emits calls it."""
    for hook in (*HOOKS, *EXTRA_HOOKS):
        event_emitter.on(hook.event, hook)
    for event in set(SystemEvent) - NOT_SHARED:
        event_emitter.on(event, share_history)
    for event in dict.fromkeys(
        hook.event for hook in (*HOOKS, *EXTRA_HOOKS) if hook.task is invalidate_cache_task
    ):
        event_emitter.on(event, invalidate_at_once)
    outbox.set_queue(queue_all)
    logger.info("%d hooks and %d more registered", len(HOOKS), len(EXTRA_HOOKS))
    return len(HOOKS) + len(EXTRA_HOOKS)
