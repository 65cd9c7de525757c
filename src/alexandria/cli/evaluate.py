"""`alexandria evaluate`: how good the answers are, on collections with known answers."""

from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress, TaskID

from alexandria.bootstrap import open_empty_library
from alexandria.cli.common import DataOption, JsonOption, app, err, handle_errors, out, print_json
from alexandria.services.evaluation import evaluate_search

evaluate = typer.Typer(help="Measure the quality of answers.", no_args_is_help=True)
app.add_typer(evaluate, name="evaluate")


@evaluate.command("search")
@handle_errors
def search(
    dataset: Annotated[Path, typer.Option(help="Folder of a test collection.")],
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Measure nDCG@10 and recall@100 of the three ways to search."""
    del data
    with Progress(console=err, transient=True) as bar:
        tasks: dict[str, TaskID] = {}

        def tell(step: str, done: int, total: int) -> None:
            if step not in tasks:
                tasks[step] = bar.add_task(step, total=total)
            bar.update(tasks[step], completed=done)

        report = evaluate_search(dataset, open_empty_library, tell)
    if as_json:
        print_json(report)
        return
    for name, value in report.items():
        out.print(f"{name}: {value}", highlight=False)
