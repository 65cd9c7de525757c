"""Forgets what Redis holds of a library whose database was replaced."""

from alexandria.bootstrap import broker_client, cache, embedded_broker, embedded_cache
from alexandria.config import get_settings
from alexandria.events.history import STREAM
from alexandria.tasks.celery_app import QUEUES
from alexandria.tasks.status import SEPARATOR
from alexandria.tasks.transport import DELAYED_KEY

_PATTERNS = (
    *("pending:*", "unacked*", "alexandria:began:*", "celery-task-meta-*"),
    *(f"{queue}{SEPARATOR}*" for queue in QUEUES),
)


def forget_redis() -> None:
    """Empty cache and broker; of a broker that is not our own only what is Alexandria's.

    Nothing is lost that the database does not have queued again.
    """
    settings = get_settings()
    if settings.embedded_redis:
        for server in (embedded_broker(settings), embedded_cache(settings)):
            server.forget()
        return
    cache().delete_pattern("*")
    client = broker_client()
    client.delete(STREAM, DELAYED_KEY, *QUEUES)
    for pattern in _PATTERNS:
        for key in client.scan_iter(pattern, count=1000):
            client.delete(key)
