"""Dead letters: tasks that failed for good; look at them, run them again, discard them."""

from datetime import datetime
from typing import Annotated, Any, Self

from fastapi import APIRouter, Query
from pydantic import BaseModel

from alexandria.access import Reading, Writing
from alexandria.models import DeadLetter
from alexandria.services.dead_letters import LARGEST_PAGE
from alexandria.tasks.dead import run_again

router = APIRouter(prefix="/tasks/dead", tags=["tasks"])

Kind = Annotated[str | None, Query(description="only of this task, by its full name")]


class DeadLetterOut(BaseModel):
    id: str
    task: str
    task_id: str
    subject: str
    args: list[Any]
    correlation_id: str | None
    error: str
    remedy: str | None
    traceback: str
    attempts: int
    created_at: datetime

    @classmethod
    def of(cls, letter: DeadLetter) -> Self:
        return cls(**{name: getattr(letter, name) for name in cls.model_fields})


class DeadLettersOut(BaseModel):
    total: int
    items: list[DeadLetterOut]
    next_cursor: str | None


class Count(BaseModel):
    count: int


@router.get("")
def dead_letters(
    services: Reading,
    task: Kind = None,
    limit: Annotated[int, Query(ge=1, le=LARGEST_PAGE)] = 50,
    cursor: str | None = None,
) -> DeadLettersOut:
    """List tasks that used up their retries or failed for good, the newest first."""
    found = services.dead_letters.list(task, limit, cursor)
    return DeadLettersOut(
        total=found.total,
        items=[DeadLetterOut.of(letter) for letter in found.items],
        next_cursor=found.next_cursor,
    )


@router.post("/retry", status_code=202)
def retry_all(services: Writing, task: Kind = None) -> Count:
    """Run all of them again, or all of one kind of task."""
    return Count(count=run_again(services, services.dead_letters.of_task(task)))


@router.delete("")
def discard_all(services: Writing, task: Kind = None) -> Count:
    """Discard all of them, or all of one kind of task."""
    letters = services.dead_letters.of_task(task)
    for letter in letters:
        services.dead_letters.discard(letter)
    services.session.commit()
    return Count(count=len(letters))


@router.get("/{letter_id}")
def dead_letter(letter_id: str, services: Reading) -> DeadLetterOut:
    """Show one, with its arguments and traceback."""
    return DeadLetterOut.of(services.dead_letters.get(letter_id))


@router.post("/{letter_id}/retry", status_code=202)
def retry(letter_id: str, services: Writing) -> Count:
    """Run it again; the letter is dropped once its task is queued."""
    return Count(count=run_again(services, [services.dead_letters.get(letter_id)]))


@router.delete("/{letter_id}")
def discard(letter_id: str, services: Writing) -> Count:
    """Discard it. What it should have computed stays as it is, and is shown as failed."""
    services.dead_letters.discard(services.dead_letters.get(letter_id))
    services.session.commit()
    return Count(count=1)
