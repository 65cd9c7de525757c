"""From a request or a command to a queued ingestion: keep the bytes, commit, queue."""

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO

from alexandria.bootstrap import Services
from alexandria.config import get_settings
from alexandria.errors import ExtractionError, InvalidInputError
from alexandria.models import Ingestion
from alexandria.protocols.lookups import read_identifier
from alexandria.tasks.celery_tasks.ingestion import queue_or_leave

_BLOCK = 1 << 20


def take_file(
    services: Services,
    file: BinaryIO,
    name: str,
    media_type: str | None,
    options: dict[str, Any],
) -> Ingestion:
    """Queue an uploaded file."""
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
    return _queue(services, services.ingestion.submit_url(url, **options or {}))


def take_identifier(
    services: Services, text: str, options: dict[str, Any] | None = None
) -> Ingestion:
    """Queue a DOI, arXiv id, ISBN or PMID. Raises SwitchedOffError and InvalidInputError."""
    services.lookups.require_on()
    identifier = read_identifier(text)
    if identifier is None:
        raise InvalidInputError(
            f"{text.strip()[:200]!r} is no DOI, arXiv id, ISBN or PMID.",
            "Check it for slips; give one at a time, such as 10.1038/nature14539 or "
            "arXiv:1706.03762.",
        )
    return _queue(services, services.ingestion.submit_identifier(identifier, **options or {}))


def _queue(services: Services, ingestion: Ingestion) -> Ingestion:
    fresh = ingestion.state == "queued"
    services.session.commit()
    if fresh:
        queue_or_leave([ingestion.id])
    return ingestion
