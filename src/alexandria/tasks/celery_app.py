"""The Celery application: queues, routes, priorities, acknowledgement, schedule."""

from typing import Any

from celery import Celery
from celery.schedules import crontab, schedule
from kombu.entity import Queue

from alexandria.bootstrap import broker_url, result_backend_url
from alexandria.config import get_settings
from alexandria.tasks import transport

QUEUES = ("urgent", "high_priority", "default", "ml_tasks", "batch")
"""In the order in which a worker looks into them, at equal priority."""
URGENT_QUEUES = ("urgent", "high_priority")

_HOUR = 3600
_PREFIX = "alexandria.tasks."
ROUTES: dict[str, dict[str, Any]] = {
    f"{_PREFIX}{task}": {"queue": queue, "priority": priority}
    for task, queue, priority in (
        ("update_search_index_task", "urgent", 9),
        ("invalidate_cache_task", "urgent", 9),
        ("reconcile_task", "urgent", 9),
        ("ingest_task", "high_priority", 8),
        ("regenerate_embedding_task", "high_priority", 7),
        ("recompute_quality_task", "default", 5),
        ("classify_resource_task", "ml_tasks", 5),
        ("retrain_classification_model", "ml_tasks", 3),
        ("embed_passages_task", "ml_tasks", 2),
        ("find_duplicates_task", "batch", 2),
        ("extract_citations_task", "default", 5),
        ("update_graph_edges_task", "default", 5),
        ("normalize_author_names_task", "batch", 3),
        ("batch_process_resources_task", "batch", 3),
        ("refresh_recommendation_profile_task", "ml_tasks", 3),
        ("compare_readers_task", "batch", 2),
        ("look_up_task", "batch", 2),
        ("monitor_quality_degradation", "batch", 3),
        ("detect_quality_outliers", "batch", 3),
        ("cleanup_expired_cache", "batch", 3),
        ("warm_cache_task", "batch", 1),
        ("clean_up_outbox_task", "batch", 3),
        ("examine_library_task", "batch", 3),
    )
}
"""Task to the queue and priority that it has unless its caller says otherwise."""


def _configuration() -> dict[str, Any]:
    settings = get_settings()
    return {
        "broker_url": broker_url(settings),
        "result_backend": result_backend_url(settings),
        "task_serializer": "json",
        "result_serializer": "json",
        "accept_content": ["json"],
        "timezone": "UTC",
        "enable_utc": True,
        "task_queues": [Queue(name, routing_key=name) for name in QUEUES],
        "task_default_queue": "default",
        "task_default_routing_key": "default",
        "task_routes": ROUTES,
        # SPEC 3.1 asks for ten levels; on Redis it is priority_steps that makes them.
        "task_queue_max_priority": 10,
        "task_default_priority": 5,
        "task_inherit_parent_priority": False,
        "task_acks_late": True,
        "task_reject_on_worker_lost": True,
        "task_track_started": True,
        "task_send_sent_event": settings.alexandria_task_events,
        "worker_send_task_events": settings.alexandria_task_events,
        "worker_prefetch_multiplier": 4,
        "worker_disable_prefetch": settings.alexandria_disable_prefetch,
        "worker_max_tasks_per_child": 1000,
        "worker_cancel_long_running_tasks_on_connection_loss": False,
        "worker_hijack_root_logger": False,
        "result_expires": int(max(1, settings.scaled(3600))),
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        "broker_transport_options": {
            "visibility_timeout": settings.alexandria_visibility_timeout,
            "priority_steps": list(range(10)),
            "queue_order_strategy": "priority",
            "socket_timeout": 10,
            "socket_connect_timeout": 2,
            "socket_keepalive": True,
            "unacked_restore_interval": 5,
            "unacked_restore_throttle": 1,
        },
        "result_backend_transport_options": {"socket_timeout": 10},
        "redis_socket_timeout": 10,
        "redis_socket_connect_timeout": 2,
        # One quick second try: what can't be queued stays in the outbox, and the relay brings it.
        "task_publish_retry_policy": {"max_retries": 1, "interval_start": 0.05},
        "beat_scheduler": "alexandria.tasks.beat_schedule:SharedScheduler",
        "beat_schedule": _beat_schedule(settings.alexandria_time_scale),
    }


def _beat_schedule(time_scale: float) -> dict[str, dict[str, Any]]:
    """SPEC 3.2 (UTC), and the reconciler each half minute.

    Each expires, so that a week without workers leaves no heap of the same task.
    """
    return {
        "quality-degradation": {
            "task": f"{_PREFIX}monitor_quality_degradation",
            "schedule": crontab(hour=2, minute=0),
            "options": {"expires": 6 * _HOUR},
        },
        "quality-outliers": {
            "task": f"{_PREFIX}detect_quality_outliers",
            "schedule": crontab(hour=3, minute=0, day_of_week="sunday"),
            "options": {"expires": 24 * _HOUR},
        },
        "readers": {
            "task": f"{_PREFIX}compare_readers_task",
            "schedule": crontab(hour=3, minute=30),
            "options": {"expires": 6 * _HOUR},
        },
        "classifier-retraining": {
            "task": f"{_PREFIX}retrain_classification_model",
            "schedule": crontab(hour=0, minute=0, day_of_month="1"),
            "options": {"expires": 24 * _HOUR},
        },
        "outbox-cleanup": {
            "task": f"{_PREFIX}clean_up_outbox_task",
            "schedule": crontab(hour=4, minute=30),
            "options": {"expires": 6 * _HOUR},
        },
        "doctor": {
            "task": f"{_PREFIX}examine_library_task",
            "schedule": crontab(hour=5, minute=0, day_of_week="sunday"),
            "options": {"expires": 24 * _HOUR},
        },
        "cache-cleanup": {
            "task": f"{_PREFIX}cleanup_expired_cache",
            "schedule": crontab(hour=4, minute=0),
            "options": {"expires": 6 * _HOUR},
        },
        "reconcile": {
            "task": f"{_PREFIX}reconcile_task",
            "schedule": schedule(30 * time_scale),
            "options": {"expires": 60},
        },
    }


celery_app = Celery("alexandria", include=["alexandria.tasks.celery_tasks"])
transport.install(celery_app)
celery_app.add_defaults(_configuration)
