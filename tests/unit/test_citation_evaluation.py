import gzip
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from alexandria.adapters.citations.trainer import BundledCitationTrainer
from alexandria.cli.common import app
from alexandria.errors import InvalidInputError
from alexandria.services.citations import evaluate_citations, train_model
from alexandria.services.citations.evaluation import _splits
from alexandria.services.citations.gold import read_data_set
from citation_texts import BODY, JATS, LIST, PRINTED, REFERENCES

ENTRIES = [
    {"label": f"[{n}]", "text": text}
    for n, text in enumerate(
        (
            "A. Moe, B. Roe, Tides of the northern sea, Journal of Marine Re- search 12 (1999) 45-67.",
            "C. Doe, Winds over a dry plain, Atmospheric Letters 3 (2002) 1-12.",
            (
                "D. Poe, E. Noe, Frost on high ground, in: Proceedings of the Second Conference on "
                "Ice, Springer, 2004, pp. 7-19."
            ),
        ),
        start=1,
    )
]


def write(folder: Path, name: str, records: Sequence[dict[str, Any]]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    lines = "".join(json.dumps(record) + "\n" for record in records).encode()
    (folder / name).write_bytes(gzip.compress(lines) if name.endswith("gz") else lines)
    return folder


def strings(folder: Path, name: str = "references.jsonl.gz") -> Path:
    records = [
        {"id": i, **each, "year": int(str(each["date"]))} for i, each in enumerate(REFERENCES)
    ]
    return write(folder, name, records)


def measure(dataset: Path, **how: Any) -> dict[str, Any]:
    return evaluate_citations(dataset, BundledCitationTrainer(), lambda *_: None, **how)


def test_cross_validation_reads_each_record_once_by_a_model_of_the_others(tmp_path: Path) -> None:
    predictions = tmp_path / "read.jsonl"
    report = measure(strings(tmp_path / "data"), cross_validate=True, predictions=predictions)
    assert report["reference_field_f1"] > 0.95
    assert report["records"] == len(REFERENCES)
    assert "5 random folds" in report["split"]
    read = [json.loads(line) for line in predictions.read_text().splitlines()]
    assert sorted(each["id"] for each in read) == list(range(len(REFERENCES)))
    assert {*read[0]} == {"id", "author", "title", "year", "venue", "volume", "pages"}


def test_no_fold_is_asked_what_it_has_learned(tmp_path: Path) -> None:
    seen = []
    for learned, asked in _splits(read_data_set(strings(tmp_path)), cross_validate=True):
        ids = {record["id"] for record in asked}
        assert ids.isdisjoint(record["id"] for record in learned)
        assert len(learned) + len(asked) == len(REFERENCES)
        seen += ids
    assert sorted(seen) == list(range(len(REFERENCES)))


def test_each_form_is_told_by_its_file(tmp_path: Path) -> None:
    sections = write(
        tmp_path / "sections",
        "sections.jsonl",
        [{"id": "s", "section_text": LIST, "references": ENTRIES}],
    )
    thesis = BODY * 20 + "References\n" + "\n".join(PRINTED * 3) + "\n"
    first = thesis.split("\n").index("References") + 1
    theses = write(
        tmp_path / "theses",
        "theses.jsonl",
        [{"id": "t", "text": thesis, "reference_line_ranges": [[first, first + 12]]}],
    )
    headers = write(
        tmp_path / "headers",
        "headers.jsonl",
        [
            {
                "id": "h",
                "header_text": "On the Tides of the Sea\nAda Moe and Bo Roe\nAbstract\n" + BODY,
                "title": "On the Tides of the Sea",
                "authors": ["Ada Moe and Bo Roe"],
            }
        ],
    )
    papers = write(
        tmp_path / "papers",
        "papers.jsonl",
        [
            {
                "file": "p.xml",
                "references": [
                    {"doi": "10.1000/x"},
                    {"title": "Winds over a dry plain", "year": 2002},
                    {"authors": ["Ice Group"], "title": "Frost", "year": 2004},
                ],
            }
        ],
    )
    (papers / "p.xml").write_text(JATS)
    assert measure(sections)["reference_segmentation_f1"] == 1
    assert measure(theses)["reference_line_f1"] == 1
    header = measure(headers)
    assert (header["header_title_accuracy"], header["header_author_f1"]) == (1, 1)
    paper = measure(papers)
    assert (paper["cited_recall"], paper["cited_precision"], paper["doi_recall"]) == (1, 1, 1)


def test_pdfs_are_measured_by_the_bibliography_beside_them(tmp_path: Path) -> None:
    folder = write(tmp_path, "pdfs.jsonl", [{"file": "broken.pdf"}])
    (folder / "broken.pdf").write_bytes(b"%PDF-1.4 broken")
    (folder / "broken.references.bib").write_text("@article{a, title={Tides of the sea}}")
    report = measure(folder)
    assert report["files"] == {"broken.pdf": 0}
    assert report["cited_recall"] == 0


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("other.txt", "", "no data set"),
        ("references.jsonl", "", "no record"),
        ("references.jsonl", "{", "line 1"),
        ("references.jsonl", '{"id": 1}', "line 1"),
        ("papers.jsonl", '{"file": "../p.xml", "references": []}', "missing"),
        ("papers.jsonl", '{"file": "p.xml", "references": []}', "missing"),
    ],
)
def test_a_folder_of_no_known_form_is_refused(
    tmp_path: Path, name: str, content: str, said: str
) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(InvalidInputError, match=said):
        measure(tmp_path)


def test_training_goes_before_measuring(tmp_path: Path) -> None:
    report = measure(strings(tmp_path / "asked"), train=[strings(tmp_path / "learned")])
    assert report["split"] == "trained on learned"
    assert report["reference_exact"] > 0.95


def test_a_trained_model_takes_the_place_of_the_bundled_one(tmp_path: Path) -> None:
    data = strings(tmp_path / "data")
    counts = train_model("references", [data], BundledCitationTrainer(), tmp_path / "models")
    assert counts == {"reference-strings": len(REFERENCES)}
    assert measure(data, trained=tmp_path / "models")["reference_exact"] == 1


def test_commands_train_and_measure(tmp_path: Path) -> None:
    data, library = strings(tmp_path / "data"), str(tmp_path / "library")
    run = CliRunner().invoke
    trained = run(app, ["train", "references", "--dataset", str(data), "--data", library, "--json"])
    assert trained.exit_code == 0, trained.output
    folder = Path(json.loads(trained.stdout)["folder"])
    assert sorted(path.name for path in folder.iterdir()) == [
        "names.tsv",
        "references-full.crf",
        "references-plain.crf",
    ]
    measured = run(
        app, ["evaluate", "citations", "--dataset", str(data), "--data", library, "--json"]
    )
    assert json.loads(measured.stdout)["reference_exact"] == 1
    refused = run(app, ["evaluate", "citations", "--dataset", library])
    assert refused.exit_code == 2
