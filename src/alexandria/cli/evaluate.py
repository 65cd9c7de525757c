"""`alexandria evaluate`: how good the answers are, on collections with known answers."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import Progress, TaskID

from alexandria.bootstrap import (
    citation_models,
    citation_trainer,
    classifier_trainer,
    embedder,
    learn_readings,
    open_empty_graph,
    open_empty_library,
)
from alexandria.cli.common import DataOption, JsonOption, app, err, handle_errors, out, print_json
from alexandria.services.authors.evaluation import evaluate_authors
from alexandria.services.citations import evaluate_citations
from alexandria.services.citations.gold import ARTICLES, read_data_set
from alexandria.services.classification.evaluation import evaluate_classifier
from alexandria.services.evaluation import evaluate_search
from alexandria.services.graph.evaluation import (
    evaluate_article_links,
    evaluate_citation_graph,
    is_citation_graph,
)
from alexandria.services.recommendations.evaluation import evaluate_recommendations

evaluate = typer.Typer(help="Measure the quality of answers.", no_args_is_help=True)
app.add_typer(evaluate, name="evaluate")

Tell = Callable[[str, int, int], None]


@evaluate.command("search")
@handle_errors
def search(
    dataset: Annotated[Path, typer.Option(help="Folder of a test collection.")],
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Measure nDCG@10 and recall@100 of the three ways to search."""
    del data
    with _progress() as tell:
        report = evaluate_search(dataset, open_empty_library, tell)
    _print(report, as_json=as_json)


@evaluate.command("citations")
@handle_errors
def citations(
    dataset: Annotated[
        Path,
        typer.Option(
            help="Folder of references, lists, theses, headers, articles, PDFs, or a citation graph."
        ),
    ],
    train: Annotated[
        list[Path] | None, typer.Option(help="Folder to train on first; may be given again.")
    ] = None,
    cross_validate: Annotated[
        bool, typer.Option("--cross-validate", help="Train on four fifths, read the other fifth.")
    ] = False,
    predictions: Annotated[
        Path | None, typer.Option(help="File for what was read, as JSON lines.")
    ] = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Measure how well references and headers are read, and references are linked."""
    del data
    with _progress() as tell:
        if is_citation_graph(dataset):
            report = evaluate_citation_graph(
                dataset, open_empty_graph, citation_trainer().reader(citation_models()), tell
            )
            _print(report, as_json=as_json)
            return
        report = evaluate_citations(
            dataset,
            citation_trainer(),
            tell,
            train=train or (),
            trained=citation_models(),
            cross_validate=cross_validate,
            predictions=predictions,
        )
        if report["form"] == ARTICLES:
            articles = read_data_set(dataset).records
            reader = citation_trainer().reader(citation_models())
            report |= evaluate_article_links(articles, open_empty_graph, reader, tell)
    _print(report, as_json=as_json)


@evaluate.command("recommendations")
@handle_errors
def recommendations(
    dataset: Annotated[Path, typer.Option(help="Folder of readers' libraries.")],
    predictions: Annotated[
        Path | None, typer.Option(help="File for what was recommended, as JSON lines.")
    ] = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Measure how many withheld items the nightly comparison of readers finds."""
    del data
    with _progress() as tell:
        report = evaluate_recommendations(dataset, learn_readings, tell, predictions)
    _print(report, as_json=as_json)


@evaluate.command("authors")
@handle_errors
def authors(
    dataset: Annotated[
        Path, typer.Option(help="Folder of author names, beside the papers that bear them.")
    ],
    predictions: Annotated[
        Path | None, typer.Option(help="File for the person of each name, as JSON lines.")
    ] = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Measure how well the names of one person are found among the names of many."""
    del data
    with _progress() as tell:
        report = evaluate_authors(dataset, tell, predictions)
    _print(report, as_json=as_json)


@evaluate.command("classifier")
@handle_errors
def classifier(
    dataset: Annotated[Path, typer.Option(help="Folder of texts whose subjects are known.")],
    train: Annotated[
        list[Path] | None, typer.Option(help="Folder to train on; may be given again.")
    ] = None,
    cross_validate: Annotated[
        bool, typer.Option("--cross-validate", help="Train on four fifths, answer the other fifth.")
    ] = False,
    predictions: Annotated[
        Path | None, typer.Option(help="File for the probabilities, as JSON lines.")
    ] = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Measure how well subjects are predicted, and how far the confidences can be trusted."""
    del data
    with _progress() as tell:
        report = evaluate_classifier(
            dataset,
            classifier_trainer(),
            embedder(),
            tell,
            train=train or (),
            cross_validate=cross_validate,
            predictions=predictions,
        )
    _print(report, as_json=as_json)


@contextmanager
def _progress() -> Iterator[Tell]:
    with Progress(console=err, transient=True) as bar:
        tasks: dict[str, TaskID] = {}

        def tell(step: str, done: int, total: int) -> None:
            if step not in tasks:
                tasks[step] = bar.add_task(step, total=total)
            bar.update(tasks[step], completed=done)

        yield tell


def _print(report: Any, *, as_json: bool) -> None:
    if as_json:
        print_json(report)
        return
    for name, value in report.items():
        out.print(f"{name}: {value}", highlight=False)
