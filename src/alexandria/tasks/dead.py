"""Running dead letters again, or discarding them: one, or all of one kind of task."""

from collections.abc import Iterable

from alexandria.bootstrap import Services
from alexandria.errors import InvalidInputError
from alexandria.models import DeadLetter
from alexandria.tasks.base import DatabaseTask
from alexandria.tasks.celery_app import ROUTES, celery_app
from alexandria.tasks.celery_tasks import batch_process_resources_task
from alexandria.tasks.queueing import TaskRequest, queue_all


def run_again(services: Services, letters: Iterable[DeadLetter]) -> int:
    """Queue the tasks again and drop their letters; give how many.

    Raises TransientError while the broker is away: the letters stay. A letter is dropped only
    once its task is queued, so a crash in between runs the task twice, and loses nothing.
    """
    count = 0
    for letter in letters:
        task = _task_of(letter)
        if not services.dead_letters.claim(letter):
            continue
        task.revive(services, letter)
        services.session.commit()
        _queue(task, letter)
        if services.dead_letters.claim(letter):
            services.dead_letters.discard(letter)
        services.session.commit()
        count += 1
    return count


def _queue(task: DatabaseTask, letter: DeadLetter) -> None:
    if task.name == batch_process_resources_task.name:
        # A batch is known by its task's id.
        task.apply_async(args=letter.args, task_id=letter.task_id, priority=3)
        return
    whole = letter.args == [letter.subject]
    queue_all(
        [
            TaskRequest(
                task=task,
                args=tuple(letter.args),
                countdown=0,
                subject=letter.subject if whole else f"dead:{letter.id}",
                correlation_id=letter.correlation_id,
                **ROUTES[task.name],
            )
        ]
    )


def _task_of(letter: DeadLetter) -> DatabaseTask:
    task = celery_app.tasks.get(letter.task)
    if not isinstance(task, DatabaseTask) or letter.task not in ROUTES:
        raise InvalidInputError(
            f"This version has no task {letter.task}.", "Discard the letter; it can't be run."
        )
    return task
