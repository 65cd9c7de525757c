"""What was deleted stays in the trash until somebody deletes it for good; nothing does so by itself."""

import logging
from datetime import datetime, timedelta

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from alexandria.db import now
from alexandria.errors import ConflictError, NotFoundError
from alexandria.models import (
    DeadLetter,
    FileRemoval,
    Ingestion,
    LedgerRow,
    Merge,
    Resource,
    ResourceFile,
)
from alexandria.protocols import FileStore, FullTextIndex
from alexandria.services.ledger import RESOURCE
from alexandria.services.vector_rows import forget_vectors

logger = logging.getLogger(__name__)

_ENDED = ("completed", "duplicate", "failed")
_FILES_AT_ONCE = 500


class TrashService:
    """`kept`: so long after a file was last brought it stays, since what refers to it may follow."""

    def __init__(
        self,
        session: Session,
        files: FileStore,
        fulltext: FullTextIndex,
        kept: timedelta,
    ) -> None:
        self._session = session
        self._files = files
        self._fulltext = fulltext
        self._kept = kept

    def ids(self, moment: datetime | None = None) -> list[str]:
        """Give all that is in the trash, or was at that moment."""
        query = select(Resource.id).where(Resource.deleted_at.is_not(None)).order_by(Resource.id)
        if moment is not None:
            query = query.where(Resource.deleted_at <= moment)
        return list(self._session.scalars(query))

    def merged_into(self, resource_ids: list[str]) -> dict[str, Merge]:
        """Give, of those that are in the trash because they were merged, the merge."""
        query = select(Merge).where(Merge.other_id.in_(resource_ids), Merge.undone_at.is_(None))
        return {
            one.other_id: one for one in self._session.scalars(query.order_by(Merge.created_at))
        }

    def erase(self, resource_id: str) -> None:
        """Delete a resource in the trash for good, with all that belongs to it.

        Its event went out when it was deleted. Files that nothing else refers to go with
        `remove_files`, which is to be called once this is committed.
        """
        resource = self._session.get(
            Resource, resource_id, with_for_update=True, populate_existing=True
        )
        if resource is None:
            raise NotFoundError(
                f"There is no resource {resource_id}.", "It may have been deleted for good already."
            )
        if resource.deleted_at is None:
            raise ConflictError(
                "This resource is not in the trash.", "Delete it first; then it can go for good."
            )
        self._give_up_files(resource_id)
        forget_vectors(self._session, [resource_id])
        self._fulltext.remove([resource_id])
        for gone in (
            delete(LedgerRow).where(
                LedgerRow.subject_type == RESOURCE, LedgerRow.subject_id == resource_id
            ),
            delete(DeadLetter).where(DeadLetter.subject == resource_id),
            delete(Resource).where(Resource.id == resource_id),  # all else goes with it
        ):
            self._session.execute(gone, execution_options={"synchronize_session": False})
        self._session.expunge(resource)
        logger.info("Resource %s is deleted for good", resource_id)

    def remove_files(self) -> int:
        """Remove the files of what was deleted for good, but for those still in use; give how many."""
        removed = 0
        query = select(FileRemoval).order_by(FileRemoval.sha256).limit(_FILES_AT_ONCE)
        rows = self._session.scalars(query.with_for_update(skip_locked=True)).all()
        for row in rows:
            in_use = self._is_in_use(row.sha256)
            if in_use or self._files.remove(row.sha256, self._kept):
                removed += not in_use
                self._session.delete(row)
        self._session.flush()
        return removed

    def _give_up_files(self, resource_id: str) -> None:
        """Note the files to remove, and let the ingestions of the resource forget what they held."""
        brought = (
            or_(Ingestion.resource_id == resource_id, Ingestion.duplicate_of == resource_id),
            Ingestion.state.in_(_ENDED),
        )
        files = set(
            self._session.scalars(
                select(ResourceFile.sha256).where(ResourceFile.resource_id == resource_id)
            )
        )
        of_files = select(Ingestion.sha256).where(*brought, Ingestion.source != "record")
        files |= {one for one in self._session.scalars(of_files) if one}
        for sha256 in sorted(files):
            self._session.merge(FileRemoval(sha256=sha256, since=now()))
        self._session.execute(
            update(Ingestion)
            .where(*brought)
            .values(resource_id=None, duplicate_of=None, sha256=None, record=None)
        )
        self._session.flush()

    def _is_in_use(self, sha256: str) -> bool:
        ingestion = select(Ingestion.id).where(
            Ingestion.sha256 == sha256, Ingestion.source != "record"
        )
        resource = select(ResourceFile.resource_id).where(ResourceFile.sha256 == sha256)
        return any(self._session.scalar(query.limit(1)) for query in (ingestion, resource))
