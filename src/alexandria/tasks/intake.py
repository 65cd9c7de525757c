"""From a request or a command to a queued ingestion: keep the bytes, commit, queue."""

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO

import redis

from alexandria.bootstrap import Services
from alexandria.config import get_settings
from alexandria.errors import BusyError, ExtractionError, InvalidInputError
from alexandria.models import Ingestion
from alexandria.protocols.lookups import read_identifier
from alexandria.tasks.celery_tasks.ingestion import queue_or_leave
from alexandria.tasks.status import queue_depths

_BLOCK = 1 << 20


def take_file(
    services: Services,
    file: BinaryIO,
    name: str,
    media_type: str | None,
    options: dict[str, Any],
) -> Ingestion:
    """Queue an uploaded file. Raises BusyError, as all that takes something in does."""
    require_room()
    with TemporaryDirectory() as folder:
        path = Path(folder) / "upload"
        with path.open("wb") as copy:
            shutil.copyfileobj(file, copy, _BLOCK)
        return take_path(services, path, name, media_type, options)


def take_path(
    services: Services,
    path: Path,
    name: str,
    media_type: str | None = None,
    options: dict[str, Any] | None = None,
) -> Ingestion:
    """Queue a file of this machine; one that is too large fails at once, and is noted so."""
    require_room()
    largest = get_settings().alexandria_max_file_mb
    if path.stat().st_size > largest * 1_000_000:
        refused = services.ingestion.refuse(
            name,
            ExtractionError(
                f"This file has more than {largest} MB.",
                "Split it, or raise ALEXANDRIA_MAX_FILE_MB.",
            ),
        )
        services.session.commit()
        return refused
    return _queue(services, services.ingestion.submit_file(path, name, media_type, **options or {}))


def take_url(services: Services, url: str, options: dict[str, Any] | None = None) -> Ingestion:
    require_room()
    return _queue(services, services.ingestion.submit_url(url, **options or {}))


def take_identifier(
    services: Services, text: str, options: dict[str, Any] | None = None
) -> Ingestion:
    """Queue a DOI, arXiv id, ISBN or PMID. Raises SwitchedOffError and InvalidInputError."""
    services.lookups.require_on()
    require_room()
    identifier = read_identifier(text)
    if identifier is None:
        raise InvalidInputError(
            f"{text.strip()[:200]!r} is no DOI, arXiv id, ISBN or PMID.",
            "Check it for slips; give one at a time, such as 10.1038/nature14539 or "
            "arXiv:1706.03762.",
        )
    return _queue(services, services.ingestion.submit_identifier(identifier, **options or {}))


def require_room() -> None:
    """Raise BusyError while more tasks wait than ALEXANDRIA_MOST_WAITING allows.

    While the broker is away nobody can tell; what is taken in then waits in the database.
    """
    most = get_settings().alexandria_most_waiting
    try:
        waiting = sum(queue_depths().values()) if most else 0
    except (redis.ConnectionError, redis.TimeoutError):
        return
    if waiting > most:
        raise BusyError(
            f"{waiting:,} tasks wait already, so this was not taken in.",
            "Try again in a while; more workers get there sooner.",
        )


def _queue(services: Services, ingestion: Ingestion) -> Ingestion:
    fresh = ingestion.state == "queued"
    services.session.commit()
    if fresh:
        queue_or_leave([ingestion.id])
    return ingestion
