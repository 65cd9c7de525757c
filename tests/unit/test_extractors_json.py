# ruff: noqa: RUF001 - dashes as they are printed
from pathlib import Path

import pytest

from alexandria.adapters.extractors.json_files import (
    extract_csl_json,
    extract_json,
    extract_json_lines,
)
from alexandria.adapters.extractors.limits import DEFAULT_LIMITS, Limits
from alexandria.errors import ExtractionError
from alexandria.protocols.extraction import ExtractedRecord

FIXTURES = Path(__file__).parents[1] / "fixtures" / "extractors"


def lines(text: str) -> list[ExtractedRecord]:
    return extract_json_lines(text, DEFAULT_LIMITS).records


@pytest.fixture(scope="module")
def papers() -> list[ExtractedRecord]:
    return lines((FIXTURES / "papers.jsonl").read_text("utf-8"))


def test_all_fields_of_a_line(papers: list[ExtractedRecord]) -> None:
    paper = papers[0].record
    assert paper is not None
    assert paper.external_id == "P-1"
    assert paper.authors == ("Alan M. Turing",)
    assert (paper.year, paper.venue, paper.language) == (1950, "Mind", "en")
    assert paper.doi == "10.1093/mind/lix.236.433"
    assert (paper.tags, paper.subjects) == (("imitation game",), ("philosophy",))
    assert paper.cites == ("P-2",)
    assert paper.extra == {"pages": "433-460"}


def test_numbers_and_turned_names_are_understood(papers: list[ExtractedRecord]) -> None:
    paper = papers[3].record
    assert paper is not None
    assert (paper.external_id, paper.year) == ("4", 1970)
    assert paper.authors == ("Jacques Monod",)
    assert paper.text is not None


def test_each_broken_line_is_named(papers: list[ExtractedRecord]) -> None:
    errors = {entry.line or 0: entry.error or "" for entry in papers if entry.record is None}
    assert sorted(errors) == [2, 4, 6, 7]
    assert errors[2] == "In line 2 the field “authors” must be a list, but is text."
    assert "Line 4 is not valid JSON" in errors[4]
    assert "not an object" in errors[6]
    assert errors[7] == "In line 7 the field “year” must be a number, but is a list."


def test_csl_records() -> None:
    document = extract_csl_json((FIXTURES / "items.csl.json").read_text("utf-8"), DEFAULT_LIMITS)
    first, second, third = document.records
    assert first.record is not None
    assert first.record.title == "Sketch of the Analytical Engine & notes"
    assert first.record.authors == ("Ada Lovelace", "Royal Society")
    assert (first.record.year, first.record.doi) == (1843, "10.1000/lovelace")
    assert first.record.type == "article"
    assert first.record.extra == {
        "editor": "Richard Taylor",
        "pages": "666–731",
        "issued": "1843-8",
    }
    assert second.error == "In record 2 the field “title” must be text, but is a number."
    assert third.record is not None
    assert third.record.year == 1900


def test_one_line_may_hold_all_records() -> None:
    assert len(lines('{"items": [{"title": "A"}, {"title": "B"}]}\n')) == 2
    assert [entry.record.title for entry in lines('{"title": "A"}') if entry.record] == ["A"]


def test_records_under_a_name_and_by_key() -> None:
    listed = extract_json('{"items": [{"title": "A"}, {"title": "B"}]}', DEFAULT_LIMITS)
    keyed = extract_json('{"a": {"title": "A"}, "b": {"title": "B"}}', DEFAULT_LIMITS)
    assert [e.record.title for e in listed.records if e.record] == ["A", "B"]
    assert [e.record.external_id for e in keyed.records if e.record] == ["a", "b"]


def test_a_damaged_list_gives_what_can_be_read() -> None:
    text = '[\n{"title": "A"},\n{"title": "B",,},\n{"title": "C"}\n'
    entries = extract_json(text, DEFAULT_LIMITS).records
    assert [entry.record.title for entry in entries if entry.record] == ["A", "C"]
    assert entries[1].line == 3


@pytest.mark.parametrize("text", ["{", "[" * 100_000, '{"a":' * 100_000, "[1, 2", "nothing"])
def test_what_is_no_json_is_refused(text: str) -> None:
    with pytest.raises(ExtractionError, match="not valid JSON"):
        extract_json(text, DEFAULT_LIMITS)


def test_lines_that_are_all_broken_are_refused() -> None:
    with pytest.raises(ExtractionError, match="None of the 2 lines"):
        lines("{1}\n{2}")


def test_too_many_lines_are_refused() -> None:
    with pytest.raises(ExtractionError, match="more than 2 records"):
        extract_json_lines('{"title": "A"}\n' * 5, Limits(max_records=2))


def test_lone_surrogates_are_dropped() -> None:
    record = lines('{"title": "a\\ud800b"}')[0].record
    assert record is not None
    assert record.title == "ab"
