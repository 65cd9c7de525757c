"""The tasks that compute derived data, each of a resource and of others of its kind that are due."""

import logging
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from celery import Task

from alexandria.db import LibrarySession
from alexandria.events import SystemEvent
from alexandria.tasks.celery_app import celery_app
from alexandria.tasks.celery_tasks.derivation_runs import DerivationTask, run

logger = logging.getLogger(__name__)


def _name(task: str) -> str:
    return f"alexandria.tasks.{task}"


@celery_app.task(
    bind=True,
    base=DerivationTask,
    name=_name("regenerate_embedding_task"),
    max_retries=3,
    default_retry_delay=60,
    derivation="embedding",
    failed_event=SystemEvent.EMBEDDING_FAILED,
)
def regenerate_embedding_task(
    self: Task, resource_id: str, *, db: LibrarySession
) -> dict[str, Any]:
    """Compute the embedding of a resource, and of others that are due."""
    return run(
        self,
        db,
        resource_id,
        lambda services, ids: services.embeddings.generate_and_store_embeddings(ids),
        SystemEvent.EMBEDDING_GENERATED,
    )


@celery_app.task(
    bind=True,
    base=DerivationTask,
    name=_name("embed_passages_task"),
    max_retries=3,
    default_retry_delay=60,
    derivation="passages",
    failed_event=SystemEvent.EMBEDDING_FAILED,
)
def embed_passages_task(self: Task, resource_id: str, *, db: LibrarySession) -> dict[str, Any]:
    """Embed passages of a resource's content, and of others that are due: some in each run."""
    return run(
        self,
        db,
        resource_id,
        lambda services, ids: services.passages.embed_passages(ids),
    )


@celery_app.task(
    bind=True,
    base=DerivationTask,
    name=_name("recompute_quality_task"),
    max_retries=2,
    derivation="quality",
)
def recompute_quality_task(self: Task, resource_id: str, *, db: LibrarySession) -> dict[str, Any]:
    """Compute the quality of a resource, and of others that are due."""
    return run(
        self,
        db,
        resource_id,
        lambda services, ids: services.quality.compute_qualities(ids),
        SystemEvent.QUALITY_COMPUTED,
    )


@celery_app.task(
    bind=True,
    base=DerivationTask,
    name=_name("update_search_index_task"),
    max_retries=3,
    default_retry_delay=5,
    derivation="search",
)
def update_search_index_task(self: Task, resource_id: str, *, db: LibrarySession) -> dict[str, Any]:
    """Write the index entry of a resource, and of others that are due, where they are not fresh."""
    return run(
        self,
        db,
        resource_id,
        lambda services, ids: services.search.update_fts5_index(ids),
        SystemEvent.SEARCH_INDEX_UPDATED,
    )


@celery_app.task(
    bind=True,
    base=DerivationTask,
    name=_name("find_duplicates_task"),
    max_retries=3,
    derivation="duplicates",
)
def find_duplicates_task(self: Task, resource_id: str, *, db: LibrarySession) -> dict[str, Any]:
    """Find what a resource may be a duplicate of, and the same for others that are due."""
    return run(
        self,
        db,
        resource_id,
        lambda services, ids: services.near_duplicates.compute_duplicates(ids),
        SystemEvent.DUPLICATES_COMPUTED,
    )


@celery_app.task(
    bind=True,
    base=DerivationTask,
    name=_name("extract_citations_task"),
    max_retries=3,
    derivation="citations",
    lease=timedelta(seconds=60),  # a thesis takes up to half a minute
)
def extract_citations_task(self: Task, resource_id: str, *, db: LibrarySession) -> dict[str, Any]:
    """Read what a resource cites, and the same for others that are due."""
    return run(
        self,
        db,
        resource_id,
        lambda services, ids: services.citations.extract_citations(ids),
    )


@celery_app.task(
    bind=True,
    base=DerivationTask,
    name=_name("update_graph_edges_task"),
    max_retries=3,
    derivation="graph",
)
def update_graph_edges_task(
    self: Task,
    resource_id: str,
    citations: Sequence[Mapping[str, Any]] = (),
    *,
    db: LibrarySession,
) -> dict[str, Any]:
    """Match what a resource cites, and who cites it, and the same for others that are due.

    `citations`, as the event tells them, may be cut short; what counts stands in the table.
    """
    logger.info("Edges of %s: told of %d references", resource_id, len(citations))
    return run(
        self,
        db,
        resource_id,
        lambda services, ids: services.graph.add_citation_edges(ids),
    )


@celery_app.task(
    bind=True,
    base=DerivationTask,
    name=_name("classify_resource_task"),
    max_retries=2,
    derivation="classification",
)
def classify_resource_task(self: Task, resource_id: str, *, db: LibrarySession) -> dict[str, Any]:
    """Predict the subjects of a resource, and of others that are due."""
    return run(
        self,
        db,
        resource_id,
        lambda services, ids: services.classification.classify_resources(ids),
        SystemEvent.CLASSIFICATION_COMPLETED,
    )


@celery_app.task(
    bind=True,
    base=DerivationTask,
    name=_name("normalize_author_names_task"),
    max_retries=3,
    derivation="authors",
)
def normalize_author_names_task(
    self: Task, resource_id: str, authors: Sequence[str] = (), *, db: LibrarySession
) -> dict[str, Any]:
    """Say who the authors of a resource are, and the same for others that are due.

    `authors`, as the event tells them, may be cut short or old; what counts stands in the record.
    """
    logger.info("Authors of %s: told of %d names", resource_id, len(authors))
    return run(
        self,
        db,
        resource_id,
        lambda services, ids: services.authors.normalize_names(ids),
        SystemEvent.AUTHORS_NORMALIZED,
    )


TASK_OF: Mapping[str, Task] = {
    "search": update_search_index_task,
    "embedding": regenerate_embedding_task,
    "passages": embed_passages_task,
    "quality": recompute_quality_task,
    "classification": classify_resource_task,
    "duplicates": find_duplicates_task,
    "citations": extract_citations_task,
    "graph": update_graph_edges_task,
    "authors": normalize_author_names_task,
}
"""Derivation to the task that computes it."""
