"""Ingestion: the way of a file, an address or a record into the library."""

import logging
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path, PurePath
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from alexandria.db import now, release
from alexandria.errors import AlexandriaError, ConflictError, NotFoundError, TransientError
from alexandria.events import SystemEvent, outbox
from alexandria.log import correlation_id
from alexandria.models import BatchRun, Ingestion
from alexandria.protocols import FileStore, WebFetcher
from alexandria.protocols.extraction import ExtractedDocument, Extractor
from alexandria.services.admission import Admission
from alexandria.services.leases import CHUNK_LEASE, is_abandoned, is_held

logger = logging.getLogger(__name__)

CHUNK = 50
"""Records in one transaction: others write in between, and a crash repeats little."""


class _OvertakenError(Exception):
    """Another attempt at the same ingestion has begun, or has ended."""


class IngestionService:
    """`lease`: so long a running ingestion is left alone; `grace`: so long a queued one."""

    def __init__(
        self,
        session: Session,
        admission: Admission,
        extractor: Extractor,
        fetcher: WebFetcher,
        files: FileStore,
        lease: timedelta,
        grace: timedelta,
    ) -> None:
        self._session = session
        self._admission = admission
        self._extractor = extractor
        self._fetcher = fetcher
        self._files = files
        self._lease = lease
        self._grace = grace

    def submit_file(
        self, path: Path, name: str, media_type: str | None = None, **options: Any
    ) -> Ingestion:
        """Keep the file's bytes and queue it. `options`: add_anyway, idempotency_key."""
        return self._known(options) or self._submit(
            Ingestion(
                source="file",
                name=PurePath(name).name or "unnamed",
                sha256=self._files.put(path),
                bytes=path.stat().st_size,
                media_type=media_type,
                **options,
            )
        )

    def submit_url(self, url: str, **options: Any) -> Ingestion:
        return self._known(options) or self._submit(
            Ingestion(source="url", name=url, url=url, **options)
        )

    def refuse(self, name: str, error: AlexandriaError) -> Ingestion:
        """Note a source that can't even be taken in, so that it does not vanish silently."""
        refused = self._submit(Ingestion(source="file", name=PurePath(name).name))
        self._fail(refused, error, duration=0)
        return refused

    def get(self, ingestion_id: str) -> Ingestion:
        ingestion = self._session.get(Ingestion, ingestion_id)
        if ingestion is None:
            raise NotFoundError(f"There is no ingestion {ingestion_id}.")
        return ingestion

    def retry(self, ingestion_id: str, *, add_anyway: bool = False) -> Ingestion:
        """Queue a failed one again; with `add_anyway` also a duplicate, which is then added."""
        ingestion = self.get(ingestion_id)
        if ingestion.state != "failed" and not (add_anyway and ingestion.state == "duplicate"):
            raise ConflictError(
                f"This ingestion is {ingestion.state}; only a failed one can be retried.",
                "To add a duplicate all the same, use add_anyway.",
            )
        if not (ingestion.sha256 or ingestion.url):
            raise ConflictError("The bytes of this file were never taken in.", "Send it again.")
        ingestion.state, ingestion.add_anyway = "queued", add_anyway
        ingestion.error = ingestion.remedy = ingestion.duplicate_of = None
        ingestion.duplicate_reason = ingestion.finished_at = ingestion.lease_until = None
        return ingestion

    def retry_failed(self, parent_id: str) -> list[str]:
        """Queue again the failed records of a file that could be read; give their ids."""
        failed = self._session.scalars(
            select(Ingestion).where(Ingestion.parent_id == parent_id, Ingestion.state == "failed")
        )
        return [self.retry(one.id).id for one in failed.all() if one.record]

    def process(self, ingestion_id: str, task_id: str) -> Ingestion | None:
        """Take one source in. Gives None when another task is at it.

        Commits between its steps. An error of the source ends in state `failed`; raises
        TransientError for what may pass, and leaves the state so that it can be tried again.
        """
        ingestion = self._start(ingestion_id, task_id)
        if ingestion is None:
            return None
        begun = monotonic()
        try:
            if ingestion.source == "record":
                self._admission.readmit(ingestion)
            else:
                self._take_in(ingestion, self._read(ingestion))
        except TransientError:
            raise
        except _OvertakenError:
            self._session.rollback()
            return None
        except AlexandriaError as error:
            self._session.rollback()
            self._fail(ingestion, error, monotonic() - begun)
            return ingestion
        self._complete(ingestion, monotonic() - begun)
        return ingestion

    def give_up(self, ingestion_id: str, error: Exception) -> None:
        """Note the failure of an ingestion whose retries are used up; one that ended stays."""
        ingestion = self.get(ingestion_id)
        if ingestion.state not in {"queued", "running"}:
            return
        self._fail(
            ingestion,
            error
            if isinstance(error, AlexandriaError)
            else AlexandriaError(
                f"An unexpected error stopped it: {type(error).__name__}: {error}",
                "Nothing is lost. Retry; if it happens again, report it with the log of the worker.",
            ),
            duration=0,
        )

    def counts(self, parent_ids: Iterable[str]) -> dict[str, dict[str, int]]:
        """Count the children of parents by outcome."""
        names = {"completed": "added", "duplicate": "duplicates", "failed": "failed"}
        found: dict[str, dict[str, int]] = {
            parent: dict.fromkeys(names.values(), 0) for parent in parent_ids
        }
        query = (
            select(Ingestion.parent_id, Ingestion.state, func.count())
            .where(Ingestion.parent_id.in_(list(found)))
            .group_by(Ingestion.parent_id, Ingestion.state)
        )
        for parent, state, count in self._session.execute(query):
            if parent and state in names:
                found[parent][names[state]] = count
        return found

    def abandoned(self, limit: int) -> list[str]:
        """Give ids of those queued a while ago, or running with an expired lease."""
        return list(
            self._session.scalars(
                select(Ingestion.id)
                .where(*is_abandoned(Ingestion, self._grace, self._lease))
                .order_by(Ingestion.created_at)
                .limit(limit)
            )
        )

    def abandoned_batches(self, limit: int) -> list[BatchRun]:
        return list(
            self._session.scalars(
                select(BatchRun)
                .where(*is_abandoned(BatchRun, self._grace, self._lease))
                .limit(limit)
            )
        )

    def _known(self, options: dict[str, Any]) -> Ingestion | None:
        """Give the ingestion that was made with the same idempotency key."""
        if (key := options.get("idempotency_key")) is None:
            return None
        return self._session.scalar(select(Ingestion).where(Ingestion.idempotency_key == key))

    def _submit(self, ingestion: Ingestion) -> Ingestion:
        ingestion.correlation_id = correlation_id.get()
        self._session.add(ingestion)
        self._session.flush()
        return ingestion

    def _start(self, ingestion_id: str, task_id: str) -> Ingestion | None:
        ingestion = self._session.get(Ingestion, ingestion_id, with_for_update=True)
        if ingestion is None or ingestion.state not in {"queued", "running"}:
            return None
        if is_held(ingestion, self._lease) and ingestion.lease_by != task_id:
            return None
        ingestion.state, ingestion.attempt = "running", ingestion.attempt + 1
        ingestion.started_at = ingestion.started_at or now()
        self._keep_lease(ingestion, task_id, self._lease)
        outbox.record(self._session, SystemEvent.INGESTION_STARTED, _data(ingestion))
        release(self._session)
        return ingestion

    def _still_ours(self, ingestion: Ingestion) -> None:
        """Lock the row. Raises _OvertakenError if another took it over while the file was read.

        A worker that was frozen may wake up after its task was given to another.
        """
        ours = ingestion.attempt
        self._session.refresh(ingestion, ["attempt", "state"], with_for_update=True)
        if (ingestion.attempt, ingestion.state) != (ours, "running"):
            raise _OvertakenError

    def _keep_lease(self, ingestion: Ingestion, task_id: str | None, lease: timedelta) -> None:
        ingestion.lease_by, ingestion.lease_until = task_id, now() + lease

    def _read(self, ingestion: Ingestion) -> ExtractedDocument:
        if ingestion.sha256 is None:
            self._fetch(ingestion)
        return self._extractor.extract(
            self._files.path(ingestion.sha256 or ""),
            filename=ingestion.name,
            declared_type=ingestion.media_type,
            url=ingestion.url,
        )

    def _fetch(self, ingestion: Ingestion) -> None:
        with TemporaryDirectory() as folder:
            fetched = self._fetcher.fetch(ingestion.url or "", Path(folder) / "body")
            ingestion.sha256 = self._files.put(fetched.path)
            ingestion.bytes = fetched.path.stat().st_size
        ingestion.url, ingestion.media_type = fetched.url, fetched.content_type
        release(self._session)

    def _take_in(self, ingestion: Ingestion, document: ExtractedDocument) -> None:
        self._still_ours(ingestion)
        ingestion.media_type = document.media_type
        if document.kind == "document":
            self._admission.admit_document(ingestion, document)
            return
        ingestion.total = len(document.records)
        there = self._admission.positions_of(ingestion)
        entries = [entry for entry in document.records if entry.position not in there]
        for start in range(0, len(entries), CHUNK):
            self._still_ours(ingestion)
            for entry in entries[start : start + CHUNK]:
                self._admission.admit_entry(ingestion, entry)
            self._keep_lease(ingestion, ingestion.lease_by, CHUNK_LEASE)
            release(self._session)

    def _complete(self, ingestion: Ingestion, duration: float) -> None:
        if ingestion.state == "running":
            ingestion.state = "completed"
        ingestion.finished_at, ingestion.lease_until = now(), None
        ingestion.error = ingestion.remedy = None
        self._session.flush()
        data = _data(ingestion) | {"success": True, "duration": round(duration, 3)}
        if ingestion.total is not None:
            data["counts"] = self.counts([ingestion.id])[ingestion.id]
        outbox.record(self._session, SystemEvent.INGESTION_COMPLETED, data)

    def _fail(self, ingestion: Ingestion, error: AlexandriaError, duration: float) -> None:
        ingestion.state, ingestion.finished_at, ingestion.lease_until = "failed", now(), None
        ingestion.error, ingestion.remedy = error.message, error.remedy
        self._session.flush()
        data = _data(ingestion) | {"success": False, "duration": round(duration, 3)}
        outbox.record(self._session, SystemEvent.INGESTION_FAILED, data | {"error": error.message})


def _data(ingestion: Ingestion) -> dict[str, Any]:
    return {
        "ingestion_id": ingestion.id,
        "resource_id": ingestion.resource_id,
        "state": ingestion.state,
        "source": ingestion.name,
    }
