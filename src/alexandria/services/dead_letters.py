"""Dead letters: tasks that failed for good, kept until they are run again or discarded."""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Result, and_, delete, func, or_, select
from sqlalchemy.orm import Session

from alexandria.db import now
from alexandria.errors import InvalidInputError, NotFoundError
from alexandria.models import DeadLetter

LARGEST_PAGE = 200
_LONGEST_SUBJECT = 64


@dataclass(frozen=True, slots=True)
class Failure:
    """How a task failed: what the dead letter says beside the task and its arguments."""

    error: str
    remedy: str | None
    traceback: str
    attempts: int
    task_id: str
    correlation_id: str | None


@dataclass(frozen=True, slots=True)
class LetterPage:
    total: int
    items: list[DeadLetter]
    next_cursor: str | None


class DeadLetterService:
    def __init__(self, session: Session) -> None:
        self._session = session

    def record(self, task: str, args: Sequence[Any], failure: Failure) -> DeadLetter:
        """Keep the failure; it takes the place of an earlier one of the same task and subject."""
        subject = subject_of(args)
        letter = self._session.scalar(
            select(DeadLetter).where(DeadLetter.task == task, DeadLetter.subject == subject)
        )
        if letter is None:
            letter = DeadLetter(task=task, subject=subject)
            self._session.add(letter)
        letter.args, letter.created_at = list(args), now()
        letter.error, letter.remedy = failure.error, failure.remedy
        letter.traceback, letter.attempts = failure.traceback, failure.attempts
        letter.task_id, letter.correlation_id = failure.task_id, failure.correlation_id
        self._session.flush()
        return letter

    def get(self, letter_id: str) -> DeadLetter:
        letter = self._session.get(DeadLetter, letter_id)
        if letter is None:
            raise NotFoundError(
                f"There is no dead letter {letter_id}.",
                "It was run again or discarded meanwhile, or its work was done another way.",
            )
        return letter

    def of_task(self, task: str | None = None) -> list[DeadLetter]:
        """Give all, or all of one kind of task, the oldest first."""
        query = select(DeadLetter).order_by(DeadLetter.created_at, DeadLetter.id)
        if task is not None:
            query = query.where(DeadLetter.task == task)
        return list(self._session.scalars(query))

    def list(
        self, task: str | None = None, limit: int = 50, cursor: str | None = None
    ) -> LetterPage:
        """Give one page, the newest first."""
        kind = [] if task is None else [DeadLetter.task == task]
        total = self._session.scalar(select(func.count()).select_from(DeadLetter).where(*kind))
        limit = max(1, min(limit, LARGEST_PAGE))
        query = select(DeadLetter).where(*kind)
        if cursor:
            query = query.where(self._after(cursor))
        order = (DeadLetter.created_at.desc(), DeadLetter.id.desc())
        rows = [*self._session.scalars(query.order_by(*order).limit(limit + 1))]
        more = len(rows) > limit
        return LetterPage(total or 0, rows[:limit], rows[limit - 1].id if more else None)

    def claim(self, letter: DeadLetter) -> bool:
        """Keep others from the letter until the transaction ends; False: one of them has it."""
        query = select(DeadLetter.id).where(DeadLetter.id == letter.id)
        return self._session.scalar(query.with_for_update(skip_locked=True)) is not None

    def discard(self, letter: DeadLetter) -> None:
        self._session.delete(letter)
        self._session.flush()

    def forget(self, task: str, subjects: Collection[str]) -> int:
        """Drop the letters of work that is done now; give how many there were."""
        gone: Result[Any] = self._session.execute(
            delete(DeadLetter).where(DeadLetter.task == task, DeadLetter.subject.in_(subjects))
        )
        return getattr(gone, "rowcount", 0)

    def _after(self, cursor: str) -> Any:
        last = self._session.get(DeadLetter, cursor)
        if last is None:
            raise InvalidInputError("This page is gone.", "Begin at the first page again.")
        return or_(
            DeadLetter.created_at < last.created_at,
            and_(DeadLetter.created_at == last.created_at, DeadLetter.id < last.id),
        )


def subject_of(args: Sequence[Any]) -> str:
    """Name what a task works on: its first argument, or a SHA-256 of all where that is no id."""
    first = args[0] if args else ""
    if isinstance(first, str) and len(first) <= _LONGEST_SUBJECT and len(args) == 1:
        return first
    return hashlib.sha256(orjson.dumps(list(args))).hexdigest()
