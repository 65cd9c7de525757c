"""Messages that a dead worker had taken and not acknowledged go back to their queues.

Celery's Redis transport waits for the visibility timeout, an hour here, before it delivers them
again. So each worker process keeps what it took under keys of its own, and when its heartbeat
ends, or another process has its name, any other worker gives its messages back.
"""

import logging
from uuid import uuid4

from alexandria.bootstrap import broker_client
from alexandria.tasks.celery_app import celery_app
from alexandria.tasks.status import dead_incarnations, forget_incarnation

logger = logging.getLogger(__name__)

RECOVER_SECONDS = 5.0
_UNACKED = "unacked:"
_INDEX = "unacked_index:"

incarnation = uuid4().hex[:12]
"""Names this worker process; one that is started again under the same name has another."""


def keep_apart() -> None:
    """Have this process keep what it takes under its own keys; call it before it connects."""
    celery_app.conf.broker_transport_options |= {
        "unacked_key": f"{_UNACKED}{incarnation}",
        "unacked_index_key": f"{_INDEX}{incarnation}",
        "unacked_mutex_key": f"unacked_mutex:{incarnation}",
    }


def give_back() -> int:
    """Put back what dead workers had taken; give how many messages. Any number may do it at once."""
    count = 0
    for dead in dead_incarnations():
        if dead != incarnation:
            count += give_back_of(dead)
            forget_incarnation(dead)
    return count


def give_back_of(dead: str) -> int:
    """Put back what one worker process had taken; give how many messages."""
    if not broker_client().exists(f"{_UNACKED}{dead}"):
        return 0
    with celery_app.connection_for_write() as connection:
        channel = connection.channel()
        channel.unacked_key = f"{_UNACKED}{dead}"
        channel.unacked_index_key = f"{_INDEX}{dead}"
        tags = [
            str(tag, "utf-8") if isinstance(tag, bytes) else tag
            for tag in broker_client().hkeys(channel.unacked_key)
        ]
        for tag in tags:
            channel.qos.restore_by_tag(tag)
        channel.close()
    if tags:
        logger.warning("Gave back %d messages of a worker that ended", len(tags))
    return len(tags)
