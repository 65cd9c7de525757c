"""`alexandria dead`: list tasks that failed for good, run them again, discard them."""

from difflib import get_close_matches
from typing import Annotated

import typer
from rich.table import Table

from alexandria.bootstrap import Services
from alexandria.cli.common import (
    DataOption,
    JsonOption,
    app,
    handle_errors,
    out,
    print_json,
    require_library,
)
from alexandria.cli.completion import choices
from alexandria.db import reading, writing
from alexandria.errors import InvalidInputError
from alexandria.models import DeadLetter
from alexandria.tasks.celery_app import ROUTES
from alexandria.tasks.dead import run_again

dead = typer.Typer(help="Tasks that failed for good.", no_args_is_help=True)
app.add_typer(dead, name="dead")

Chosen = Annotated[str | None, typer.Argument(metavar="[ID]", help="One letter.")]
Kind = Annotated[
    str | None,
    typer.Option(help="All of this task, by its full name.", autocompletion=choices(ROUTES)),
]
All = Annotated[bool, typer.Option("--all", help="All letters.")]


@dead.command("list")
@handle_errors
def list_letters(task: Kind = None, data: DataOption = None, as_json: JsonOption = False) -> None:
    """List dead letters, the oldest first."""
    del data
    require_library()
    with reading() as session:
        letters = _of_task(Services(session), task)
    if as_json:
        print_json({"total": len(letters), "items": [_facts(letter) for letter in letters]})
        return
    table = Table("id", "task", "subject", "error", "attempts")
    for one in letters:
        name = one.task.rpartition(".")[2]
        table.add_row(one.id, name, one.subject, one.error, str(one.attempts))
    out.print(table if letters else "No dead letters.")


@dead.command()
@handle_errors
def retry(
    letter_id: Chosen = None,
    task: Kind = None,
    every: All = False,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Run one again, all of one kind of task, or all; the library must run."""
    del data
    require_library()
    with writing() as session:
        services = Services(session)
        count = run_again(services, _chosen(services, letter_id, task, every=every))
    _tell("queued again", count, as_json)


@dead.command()
@handle_errors
def discard(
    letter_id: Chosen = None,
    task: Kind = None,
    every: All = False,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Discard one, all of one kind of task, or all."""
    del data
    require_library()
    with writing() as session:
        services = Services(session)
        letters = _chosen(services, letter_id, task, every=every)
        for letter in letters:
            services.dead_letters.discard(letter)
    _tell("discarded", len(letters), as_json)


def _chosen(
    services: Services, letter_id: str | None, task: str | None, *, every: bool
) -> list[DeadLetter]:
    if [letter_id is not None, task is not None, every].count(True) != 1:
        raise InvalidInputError(
            "Which dead letters?", "Give the id of one, --task with a task's name, or --all."
        )
    return _of_task(services, task) if letter_id is None else [services.dead_letters.get(letter_id)]


def _of_task(services: Services, task: str | None) -> list[DeadLetter]:
    """Give the letters of a task, or all. Raises InvalidInputError for a name that no task has."""
    letters = services.dead_letters.of_task(task)
    if not letters and task is not None and task not in ROUTES:
        near = get_close_matches(task, ROUTES, n=1) or sorted(ROUTES)
        raise InvalidInputError(
            f"No task has the name {task!r}.", f"Its full name is wanted, such as {near[0]}."
        )
    return letters


def _tell(what: str, count: int, as_json: bool) -> None:
    if as_json:
        print_json({"count": count})
    else:
        out.print(f"{count} {what}", highlight=False)


def _facts(letter: DeadLetter) -> dict[str, object]:
    names = ("id", "task", "task_id", "subject", "args", "correlation_id", "error", "remedy")
    more = ("traceback", "attempts", "created_at")
    return {name: getattr(letter, name) for name in (*names, *more)}
