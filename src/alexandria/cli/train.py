"""`alexandria train`: the models behind derived data, from data sets with known answers."""

from pathlib import Path
from typing import Annotated

import typer

from alexandria.bootstrap import Services, citation_models, citation_trainer
from alexandria.cli.common import (
    DataOption,
    JsonOption,
    app,
    handle_errors,
    out,
    print_json,
    require_library,
)
from alexandria.db import writing
from alexandria.services.citations import train_model
from alexandria.services.classification.evaluation import read_examples

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


@train.command("classifier")
@handle_errors
def classifier(
    dataset: Annotated[
        Path | None, typer.Option(help="Folder to learn from, instead of the library's subjects.")
    ] = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Train what predicts subjects; the old model stays unless the new one is better."""
    del data
    require_library()
    with writing() as session:
        training = Services(session).training
        examples = (
            training.examples()
            if dataset is None
            else training.with_categories(read_examples(dataset)[0])
        )
        done = training.train(examples)
        names = ("producer", "is_accepted", "reason", "examples", "held_back", "macro_f1", "ece")
        report = {name: getattr(done, name) for name in (*names, "old_macro_f1")}
    if as_json:
        print_json(report)
        return
    out.print(
        f"Trained {done.producer} on {done.examples} examples; on {done.held_back} held back its "
        f"macro F1 is {done.macro_f1:.3f}, its calibration error {done.ece:.3f}. {done.reason}",
        highlight=False,
    )


def _train(model: str, datasets: list[Path], output: Path | None, *, as_json: bool) -> None:
    folder = output or citation_models()
    records = train_model(model, datasets, citation_trainer(), folder)
    report = {"model": model, "folder": str(folder), "records": records}
    if as_json:
        print_json(report)
        return
    learned = ", ".join(f"{count} {form}" for form, count in records.items())
    out.print(f"Trained {model} on {learned}. The model is in {folder}.", highlight=False)
