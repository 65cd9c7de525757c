"""Measures how well references and headers are read, on data sets with known answers."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import orjson

from alexandria.errors import ExtractionError
from alexandria.protocols.citations import CitationReader, CitationTrainer, Reference
from alexandria.services.citations.gold import (
    ARTICLES,
    HEADERS,
    PDFS,
    SECTIONS,
    STRINGS,
    THESES,
    DataSet,
    Record,
    read_data_set,
)
from alexandria.services.citations.matching import matched, paper_score
from alexandria.services.citations.metrics import (
    Tally,
    header_score,
    line_score,
    reference_score,
    rounded,
    segmentation_score,
)

FOLDS = 5
MODELS = {STRINGS: ("references",), SECTIONS: ("lists",), HEADERS: ("headers",)}
"""The models that a data set of this form can teach."""
_SCORES: Mapping[str, Callable[..., dict[str, Any]]] = {
    STRINGS: reference_score,
    SECTIONS: segmentation_score,
    THESES: line_score,
    HEADERS: header_score,
    ARTICLES: paper_score,
}
_SHIPPED = (
    "the model as it is, bundled or trained for this library; the bundled one has learned from "
    "data like these, so cross-validate for figures on unseen data"
)
_UNSEEN = "the model as it is; it has learned from no data of this form"

Progress = Callable[[str, int, int], None]
"""Called with the step's name, how many are done, and how many there are."""


def evaluate_citations(
    dataset: Path,
    trainer: CitationTrainer,
    progress: Progress,
    *,
    train: Sequence[Path] = (),
    trained: Path | None = None,
    cross_validate: bool = False,
    predictions: Path | None = None,
) -> dict[str, Any]:
    """Measure on a folder, with the models in `trained`, or with those that `train` teaches.

    With `cross_validate` the folder itself is folded: each part is read by models that learned
    from the others, and from `train`. Raises InvalidInputError for a folder of no known form.
    """
    gold = read_data_set(dataset)
    others = [read_data_set(folder) for folder in train]
    with TemporaryDirectory(prefix="alexandria-evaluate-") as folder:
        splits = _splits(gold, cross_validate=cross_validate and gold.form in MODELS)
        answers: list[dict[str, Any]] = []
        for number, (learned, asked) in enumerate(splits):
            place = trained
            if learned or others:
                place = Path(folder) / str(number)
                _train(trainer, gold.form, learned, asked, others, place)
            reader = trainer.reader(place)
            for record in asked:
                answers.append(_answer(reader, gold.form, record))
                progress("read", len(answers), len(gold.records))
    if predictions is not None:
        lines = (orjson.dumps(answer) + b"\n" for answer in answers)
        predictions.write_bytes(b"".join(lines))
    return {
        "dataset": dataset.name,
        "form": gold.form,
        "records": len(gold.records),
        "split": _split_name(gold.form, train, cross_validate),
        **_score(gold, answers, trainer.reader(trained)),
    }


def train_model(
    model: str, datasets: Sequence[Path], trainer: CitationTrainer, folder: Path
) -> Mapping[str, int]:
    """Train a model on all of the folders; give how many records of each form it had."""
    gold = _by_form([read_data_set(dataset) for dataset in datasets])
    trainer.train(model, gold, folder)
    return {form: len(records) for form, records in gold.items()}


def _splits(gold: DataSet, *, cross_validate: bool) -> Iterator[tuple[list[Record], list[Record]]]:
    """Give what is learned from and what is asked: five random parts, always the same ones."""
    if not cross_validate:
        yield [], list(gold.records)
        return
    numbers = list(range(len(gold.records)))
    Random(0).shuffle(numbers)  # noqa: S311 - no secret
    for fold in range(FOLDS):
        asked = set(numbers[fold::FOLDS])
        yield (
            [record for i, record in enumerate(gold.records) if i not in asked],
            [record for i, record in enumerate(gold.records) if i in asked],
        )


def _train(
    trainer: CitationTrainer,
    form: str,
    learned: Sequence[Record],
    asked: Sequence[Record],
    others: Sequence[DataSet],
    folder: Path,
) -> None:
    gold = _by_form(others)
    gold[form] = [*gold.get(form, ()), *learned]
    asked_ids = {str(record.get("id")) for record in asked}
    gold[STRINGS] = [
        record
        for record in gold.get(STRINGS, ())
        if form == STRINGS or str(record.get("source", "")).rpartition("/")[2] not in asked_ids
    ]
    taught = [model for each in gold if gold[each] for model in MODELS.get(each, ())]
    for model in MODELS.get(form) or (["finder"] if form == THESES else taught):
        trainer.train(model, gold, folder)


def _by_form(datasets: Sequence[DataSet]) -> dict[str, list[Record]]:
    gold: dict[str, list[Record]] = {}
    for each in datasets:
        gold.setdefault(each.form, []).extend(each.records)
    return gold


def _answer(reader: CitationReader, form: str, record: Record) -> dict[str, Any]:
    """Read one record, in the form of a line of predictions."""
    if form == STRINGS:
        found = reader.parse_reference(record["raw"])
        names = ("author", "title", "year", "venue", "volume", "pages")
        return {"id": record["id"], **{name: getattr(found, name) for name in names}}
    if form == SECTIONS:
        return {
            "id": record["id"],
            "references": reader.split_references(record["section_text"]),
        }
    if form == THESES:
        return {"id": record["id"], "lines": reader.reference_lines(record["text"])}
    if form == HEADERS:
        header = reader.read_header(record["header_text"])
        return {
            "id": record["id"],
            "title": header.title or "",
            "authors": list(header.author_lines),
        }
    return {"file": record["file"], "references": _references(reader, record)}


def _references(reader: CitationReader, record: Record) -> list[dict[str, Any]]:
    try:
        found = reader.references_of(record["data"])
    except ExtractionError:
        return []
    return [_paper_form(each) for each in found]


def _paper_form(found: Reference) -> dict[str, Any]:
    return {
        "doi": found.doi,
        "title": found.title,
        "year": found.year,
        "authors": list(found.authors) or found.author,
    }


def _score(gold: DataSet, answers: Sequence[Record], reader: CitationReader) -> dict[str, Any]:
    if gold.form == PDFS:
        return _pdf_score(gold, answers, reader)
    key = "file" if gold.form == ARTICLES else "id"
    return _SCORES[gold.form](gold.records, {answer[key]: answer for answer in answers})


def _pdf_score(gold: DataSet, answers: Sequence[Record], reader: CitationReader) -> dict[str, Any]:
    """Count what was found; measure where a bibliography `NAME.references.bib` lies beside."""
    counts = {answer["file"]: len(answer["references"]) for answer in answers}
    tally = Tally()
    for answer in answers:
        path = gold.folder / f"{Path(answer['file']).stem}.references.bib"
        if path.is_file():
            wanted = [_paper_form(each) for each in reader.references_of(path.read_bytes())]
            found = answer["references"]
            tally.add(matched(wanted, found), len(found), len(wanted))
    report: dict[str, Any] = {"references_found": sum(counts.values()), "files": counts}
    if tally.wanted:
        report |= {
            "cited_recall": rounded(tally.recall),
            "cited_precision": rounded(tally.precision),
        }
    return report


def _split_name(form: str, train: Sequence[Path], cross_validate: bool) -> str:
    also = f", and from {', '.join(folder.name for folder in train)}" if train else ""
    if cross_validate and form in MODELS:
        return f"{FOLDS} random folds (seed 0), each read by a model of the other folds{also}"
    if train:
        return f"trained on {', '.join(folder.name for folder in train)}"
    return _SHIPPED if form in MODELS else _UNSEEN
