"""The expected figures are those of independent scoring scripts on the same few records."""

import pytest

from alexandria.services.citations.matching import paper_score
from alexandria.services.citations.metrics import (
    field_form,
    header_score,
    line_score,
    reference_score,
    segmentation_score,
)

STRINGS = [
    {
        "id": 1,
        "raw": "-",
        "author": "Moe, A.; Roe, B.",
        "title": "Tides of the sea",
        "year": 1999,
        "journal": "J. Tides",
        "volume": "29(8",
        "pages": "pp. 12–19",  # noqa: RUF001
    },
    {"id": 2, "raw": "-", "title": "On winds", "booktitle": "Proc. of Winds", "year": 2001},
    {"id": 3, "raw": "-", "author": "C. Doe", "title": "Frost"},
]
READ = {
    1: {
        "author": "Moe, A., Roe, B.",
        "title": "Tides of the  Sea.",
        "year": "(1999)",
        "venue": "J Tides",
        "volume": "29",
        "pages": "12-19",
    },
    2: {"title": "On winds", "venue": "Proc. of Winds", "year": 2001, "pages": "7"},
}


def test_reference_scores() -> None:
    score = reference_score(STRINGS, READ)
    assert score["reference_field_f1"] == 0.7619
    assert score["reference_exact"] == 0.0
    assert score["fields"]["author"] == pytest.approx(0.6667)
    assert score["fields"]["pages"] == pytest.approx(0.6667)


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("pages", "pp. 12 — 19.", "12-19"),
        ("year", "May 2001a", "2001"),
        ("year", "12001", ""),
        ("author", "Moe, A.; Roe, B.", "moea.roeb"),
        ("volume", "XII (3)", "xii"),
        ("title", "«Straße»", "strasse"),
        ("venue", None, ""),
    ],
)
def test_fields_are_compared_in_one_form(field: str, value: str | None, expected: str) -> None:
    assert field_form(field, value) == expected


def test_segmentation_counts_each_reference_once_with_or_without_its_label() -> None:
    section = {
        "id": "s",
        "references": [
            {"text": "A. Moe, Tides, 1999.", "label": "[1]"},
            {"text": "B. Roe, Winds, 2001.", "label": "[2]"},
            {"text": "B. Roe, Winds, 2001.", "label": "[3]"},
        ],
    }
    found = {"references": ["[1] A. Moe, Ti- des, 1999", "B. Roe, Winds, 2001.", "Frost"]}
    score = segmentation_score([section], {"s": found})
    assert score["precision"] == pytest.approx(0.6667)
    assert score["recall"] == pytest.approx(0.6667)
    assert score["labelled_f1"] == score["reference_segmentation_f1"]
    assert score["unlabelled_f1"] == 0


def test_lines_without_a_letter_or_digit_do_not_count() -> None:
    text = "body\nReferences\nA. Moe 1999\n--\nB. Roe 2001\nend"
    gold = [{"id": "t", "text": text, "reference_line_ranges": [[2, 5]]}]
    score = line_score(gold, {"t": {"lines": [1, 2, 3, 4]}})
    assert score["precision"] == pytest.approx(0.6667)
    assert score["recall"] == 1


def test_headers_count_exact_titles_and_the_words_of_names() -> None:
    gold = [
        {
            "id": "a",
            "header_text": "",
            "title": "Tides-of the sea",
            "authors": ["Ada Moe 1, B Roe"],
        },
        {"id": "b", "header_text": "", "title": "Frost"},
    ]
    read = {"a": {"title": "Tides of the Sea", "authors": "Ada Moe and Carl Roe"}, "b": {}}
    score = header_score(gold, read)
    assert score["header_title_accuracy"] == 0.5
    assert score["author_precision"] == 0.75
    assert score["author_recall"] == 1


def test_cited_papers_are_paired_one_to_one_by_doi_title_and_author() -> None:
    gold = [
        {
            "file": "p.xml",
            "references": [
                {"doi": "10.1000/A", "title": "One thing"},
                {"title": "A rather long title of a work", "year": 2001},
                {"title": "A rather long title of a book", "year": 2004},
                {"authors": ["A Moe"], "year": 1999},
            ],
        }
    ]
    found = [
        {"doi": "https://doi.org/10.1000/a"},
        {"title": "A rather long title of a work.", "year": 2001},
        {"title": "A rather long title of a work", "year": 2002},
        {"authors": [{"family": "Moe"}], "year": "1999"},
    ]
    score = paper_score(gold, {"p.xml": {"references": found}})
    assert (score["cited_recall"], score["cited_precision"]) == (0.75, 0.75)
    assert (score["doi_recall"], score["doi_precision"]) == (1, 1)
