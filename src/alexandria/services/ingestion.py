"""Ingestion: the way of a file, an address, an identifier or a record into the library."""

import logging
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path, PurePath
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from alexandria.db import now, release
from alexandria.errors import AlexandriaError, ConflictError, NotFoundError, TransientError
from alexandria.events import SystemEvent, outbox
from alexandria.log import correlation_id
from alexandria.models import BatchRun, Ingestion
from alexandria.protocols import FileStore
from alexandria.protocols.extraction import ExtractedDocument, ExtractedRecord, Member
from alexandria.protocols.lookups import Identifier
from alexandria.services.admission import Admission
from alexandria.services.attempts import Attempts, OvertakenError
from alexandria.services.ingestion_list import count_children
from alexandria.services.leases import CHUNK_LEASE, is_abandoned
from alexandria.services.members import Kept, Members
from alexandria.services.sources import SourceReader, can_be_read_again

logger = logging.getLogger(__name__)

CHUNK = 50
"""Records in one transaction: others write in between, and a crash repeats little."""


class IngestionService:
    """`lease`: so long a running ingestion is left alone; `grace`: so long a queued one."""

    def __init__(
        self,
        session: Session,
        admission: Admission,
        reader: SourceReader,
        files: FileStore,
        lease: timedelta,
        grace: timedelta,
    ) -> None:
        self._session = session
        self._admission = admission
        self._reader = reader
        self._files = files
        self._grace, self._lease = grace, lease
        self._attempts = Attempts(session, lease)
        self._members = Members(session, files)

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

    def submit_identifier(self, identifier: Identifier, **options: Any) -> Ingestion:
        """Queue what public services are to be asked for; the resource is made of their answer."""
        return self._known(options) or self._submit(
            Ingestion(source="identifier", name=str(identifier), **options)
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
        if not can_be_read_again(ingestion):
            raise ConflictError("The bytes of this file were never taken in.", "Send it again.")
        ingestion.state, ingestion.add_anyway = "queued", add_anyway
        ingestion.error = ingestion.remedy = ingestion.duplicate_of = None
        ingestion.duplicate_reason = ingestion.finished_at = ingestion.lease_until = None
        ingestion.resource_id = ingestion.total = None
        return ingestion

    def retry_failed(self, parent_id: str) -> list[str]:
        """Queue again what failed in a file and could be read; give their ids."""
        failed = self._session.scalars(
            select(Ingestion).where(Ingestion.parent_id == parent_id, Ingestion.state == "failed")
        )
        return [self.retry(one.id).id for one in failed.all() if one.sha256]

    def process(self, ingestion_id: str, task_id: str) -> Ingestion | None:
        """Take one source in. Gives None when another task is at it.

        Commits between its steps. An error of the source ends in state `failed`; raises
        TransientError for what may pass, and leaves the state so that it can be tried again. A file
        with others in it runs until these, which `waiting_members` gives to be queued, have ended.
        """
        ingestion = self._start(ingestion_id, task_id)
        if ingestion is None:
            return None
        begun = monotonic()
        try:
            if ingestion.source == "record":
                self._admission.readmit(ingestion)
            elif not self._members.all_known(ingestion):
                self._read_and_take_in(ingestion)
            if ingestion.state == "running":
                self._attempts.check(ingestion)
        except TransientError:
            raise
        except OvertakenError:
            self._session.rollback()
            return None
        except AlexandriaError as error:
            self._session.rollback()
            self._fail(ingestion, error, monotonic() - begun)
            return ingestion
        self._complete(ingestion, monotonic() - begun)
        return ingestion

    def waiting_members(self, ingestion_id: str) -> list[str]:
        return self._members.waiting(ingestion_id, self._grace)

    def files_of_files_in(self, parent_id: str, limit: int) -> list[Ingestion]:
        return self._members.completed_files_of_files(parent_id, limit)

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
        return count_children(self._session, parent_ids)

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
                .with_for_update(skip_locked=True)
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
        ingestion = self._attempts.begin(ingestion_id, task_id)
        if ingestion is None:
            return None
        if not self._members.all_known(ingestion):  # else it has only waited for its members
            outbox.record(self._session, SystemEvent.INGESTION_STARTED, _data(ingestion))
        release(self._session)
        return ingestion

    def _read_and_take_in(self, ingestion: Ingestion) -> None:
        with TemporaryDirectory(prefix="alexandria-members-") as folder:
            document = self._reader.read(ingestion, Path(folder))
            kept = self._members.keep(document.members, Path(folder))
        self._take_in(ingestion, document, kept)

    def _take_in(self, ingestion: Ingestion, document: ExtractedDocument, kept: Kept) -> None:
        self._attempts.check(ingestion)
        ingestion.media_type = document.media_type or None
        if document.kind == "document" and ingestion.resource_id is None:
            self._admission.admit_document(ingestion, document)
        entries: list[ExtractedRecord | Member] = [*document.records, *document.members]
        if document.kind == "document" and not entries:
            return
        if document.members:
            self._members.check_depth(ingestion)
        ingestion.state, ingestion.total = "running", len(entries)
        there = self._admission.positions_of(ingestion)
        entries = [entry for entry in entries if entry.position not in there]
        for start in range(0, len(entries), CHUNK):
            self._attempts.check(ingestion)
            for entry in entries[start : start + CHUNK]:
                if isinstance(entry, Member):
                    self._members.submit(ingestion, entry, kept)
                else:
                    self._admission.admit_entry(ingestion, entry)
            self._attempts.keep_lease(ingestion, ingestion.lease_by, CHUNK_LEASE)
            release(self._session)

    def _complete(self, ingestion: Ingestion, duration: float) -> None:
        """End it, or let it wait for its members: the last of them to end ends it as well."""
        if ingestion.state == "running":
            if not self._members.all_ended(ingestion):
                self._attempts.keep_lease(ingestion, None)
                release(self._session)
                return
            ingestion.state = "duplicate" if ingestion.duplicate_of else "completed"
        ingestion.finished_at, ingestion.lease_until = now(), None
        ingestion.error = ingestion.remedy = None
        self._session.flush()
        data = _data(ingestion) | {"success": True, "duration": round(duration, 3)}
        if ingestion.total is not None:
            data["counts"] = self.counts([ingestion.id])[ingestion.id]
        outbox.record(self._session, SystemEvent.INGESTION_COMPLETED, data)
        self._settle(ingestion)

    def _settle(self, member: Ingestion) -> None:
        """End the file that a member was in, if it has waited for this one only."""
        if member.parent_id is None or member.source != "file":
            return
        parent = self.get(member.parent_id)
        self._session.refresh(parent, with_for_update=True)
        if parent.state == "running" and self._members.all_known(parent):
            begun = parent.started_at or parent.created_at
            self._complete(parent, (now() - begun).total_seconds())

    def _fail(self, ingestion: Ingestion, error: AlexandriaError, duration: float) -> None:
        ingestion.state, ingestion.finished_at, ingestion.lease_until = "failed", now(), None
        ingestion.error, ingestion.remedy = error.message, error.remedy
        self._session.flush()
        data = _data(ingestion) | {"success": False, "duration": round(duration, 3)}
        outbox.record(self._session, SystemEvent.INGESTION_FAILED, data | {"error": error.message})
        self._settle(ingestion)


def _data(ingestion: Ingestion) -> dict[str, Any]:
    return {
        "ingestion_id": ingestion.id,
        "resource_id": ingestion.resource_id,
        "state": ingestion.state,
        "source": ingestion.name,
    }
