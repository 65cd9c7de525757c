"""`alexandria train`: the models behind derived data, from data sets with known answers."""

from pathlib import Path
from typing import Annotated

import typer

from alexandria.bootstrap import citation_models, citation_trainer
from alexandria.cli.common import DataOption, JsonOption, app, handle_errors, out, print_json
from alexandria.services.citations import train_model

train = typer.Typer(help="Train a model.", no_args_is_help=True)
app.add_typer(train, name="train")

DatasetOption = Annotated[
    list[Path], typer.Option(help="Folder to learn from; may be given again.")
]
OutputOption = Annotated[
    Path | None, typer.Option(help="Folder for the model, instead of the library's own.")
]


@train.command("references")
@handle_errors
def references(
    dataset: DatasetOption,
    output: OutputOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Train what takes printed references apart, on reference strings."""
    del data
    _train("references", dataset, output, as_json=as_json)


@train.command("lists")
@handle_errors
def lists(
    dataset: DatasetOption,
    output: OutputOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Train what splits lists of references, on reference sections and strings."""
    del data
    _train("lists", dataset, output, as_json=as_json)


@train.command("finder")
@handle_errors
def finder(
    dataset: DatasetOption,
    output: OutputOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Train what finds lists in long texts, on sections, strings and whole articles."""
    del data
    _train("finder", dataset, output, as_json=as_json)


@train.command("headers")
@handle_errors
def headers(
    dataset: DatasetOption,
    output: OutputOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Train what reads title and authors from a first page, on paper headers."""
    del data
    _train("headers", dataset, output, as_json=as_json)


def _train(model: str, datasets: list[Path], output: Path | None, *, as_json: bool) -> None:
    folder = output or citation_models()
    records = train_model(model, datasets, citation_trainer(), folder)
    report = {"model": model, "folder": str(folder), "records": records}
    if as_json:
        print_json(report)
        return
    learned = ", ".join(f"{count} {form}" for form, count in records.items())
    out.print(f"Trained {model} on {learned}. The model is in {folder}.", highlight=False)
