"""Files within files: each is an ingestion of its own, under that of the archive or e-mail."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from alexandria.db import now
from alexandria.errors import ExtractionError
from alexandria.models import Ingestion
from alexandria.protocols import FileStore
from alexandria.protocols.extraction import Member

DEEPEST = 2
"""So many archives or e-mails may lie in one another."""
_OPEN = ("queued", "running")

Kept = Mapping[int, tuple[str, int]]
"""By position the SHA-256 and size of what is in the file store."""


class Members:
    def __init__(self, session: Session, files: FileStore) -> None:
        self._session = session
        self._files = files

    def keep(self, members: Sequence[Member], folder: Path) -> Kept:
        """Put the members' bytes, which lie in the folder, into the file store."""
        places = ((member.position, folder / str(member.position)) for member in members)
        return {
            position: (self._files.put(place), place.stat().st_size)
            for position, place in places
            if place.is_file()
        }

    def check_depth(self, parent: Ingestion) -> None:
        """Raise ExtractionError if this archive lies too deep within others."""
        if self._depth(parent) >= DEEPEST:
            raise ExtractionError(
                f"More than {DEEPEST} archives or e-mails lie in one another here.",
                "Unpack the outer ones, and add what was in them.",
            )

    def submit(self, parent: Ingestion, member: Member, kept: Kept) -> Ingestion:
        """Queue a member, or note that it could not be read."""
        child = Ingestion(
            parent_id=parent.id,
            position=member.position,
            source="file",
            name=member.name,
            media_type=member.media_type,
            add_anyway=parent.add_anyway,
            correlation_id=parent.correlation_id,
        )
        if member.position in kept:
            child.sha256, child.bytes = kept[member.position]
        else:
            child.state, child.finished_at = "failed", now()
            child.error, child.remedy = member.error, member.remedy
        self._session.add(child)
        self._session.flush()
        return child

    def waiting(self, parent_id: str, grace: timedelta) -> list[str]:
        """Give the members that were just made; the reconciler looks after those that wait longer."""
        return list(
            self._session.scalars(
                select(Ingestion.id)
                .where(
                    Ingestion.parent_id == parent_id,
                    Ingestion.state == "queued",
                    Ingestion.created_at > now() - grace,
                )
                .order_by(Ingestion.position)
            )
        )

    def completed_files_of_files(self, parent_id: str, limit: int) -> list[Ingestion]:
        """Give the members that hold others themselves, and have ended."""
        query = select(Ingestion).where(
            Ingestion.parent_id == parent_id,
            Ingestion.state == "completed",
            Ingestion.total.is_not(None),
        )
        return list(self._session.scalars(query.order_by(Ingestion.position).limit(limit)))

    def all_known(self, parent: Ingestion) -> bool:
        """Tell whether each member or record of the file has its ingestion, so that it was read."""
        return parent.total is not None and parent.total == self._count(parent.id)

    def all_ended(self, parent: Ingestion) -> bool:
        return not self._count(parent.id, *_OPEN)

    def _count(self, parent_id: str, *states: str) -> int:
        query = select(func.count()).where(Ingestion.parent_id == parent_id)
        if states:
            query = query.where(Ingestion.state.in_(states))
        return self._session.scalar(query) or 0

    def _depth(self, ingestion: Ingestion) -> int:
        depth, above = 0, ingestion.parent_id
        while above is not None:
            depth += 1
            above = self._session.scalar(select(Ingestion.parent_id).where(Ingestion.id == above))
        return depth
