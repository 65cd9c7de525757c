import gzip
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alexandria.adapters.extractors.limits import Limits
from alexandria.adapters.extractors.registry import extract
from alexandria.errors import ExtractionError
from alexandria.protocols.extraction import ExtractedDocument, ExtractedRecord, Record

FIXTURES = Path(__file__).parents[1] / "fixtures" / "extractors"
READABLE = sorted(path for path in FIXTURES.iterdir() if path.name != "encrypted.pdf")

STARTS = st.sampled_from(
    [b"", b"%PDF-1.4\n", b"<html>", b"@article{", b"TY  - JOUR\n", b'{"', b"[{", b"# ", b"\x1f\x8b"]
)


@pytest.mark.parametrize("path", READABLE, ids=lambda path: path.name)
def test_the_name_of_a_file_does_not_matter(path: Path) -> None:
    data = path.read_bytes()
    named = extract(data, filename=path.name)
    assert extract(data, filename="download.bin") == named


@pytest.mark.parametrize("path", READABLE, ids=lambda path: path.name)
def test_a_document_survives_being_written_as_json(path: Path) -> None:
    document = extract(path.read_bytes())
    assert ExtractedDocument.from_json(document.to_json()) == document


def test_records_are_written_without_what_they_lack() -> None:
    assert Record(title="A", year=1900).to_dict() == {"title": "A", "year": 1900}
    broken = ExtractedRecord(position=2, line=9, error="It is broken.", remedy="Mend it.")
    assert ExtractedRecord.from_dict(broken.to_dict()) == broken


def test_packed_lines_are_read() -> None:
    packed = gzip.compress((FIXTURES / "papers.jsonl").read_bytes())
    assert extract(packed) == extract((FIXTURES / "papers.jsonl").read_bytes())


def test_the_language_of_records_is_told_from_their_abstract() -> None:
    abstract = "Wir zeigen, dass die Verteilung der Primzahlen einer einfachen Regel folgt."
    line = f'{{"title": "Primzahlen", "abstract": "{abstract}"}}'.encode()
    record = extract(line).records[0].record
    assert record is not None
    assert record.language == "de"


def test_a_document_without_address_gets_the_one_it_came_from() -> None:
    record = extract(b"Some words.", url="HTTPS://Example.org/a.txt#x").record
    assert record is not None
    assert record.url == "https://example.org/a.txt"


def test_limits() -> None:
    with pytest.raises(ExtractionError, match="larger than 1 MB"):
        extract(b"x" * 1_000_001, limits=Limits(max_bytes=1_000_000))
    document = extract(b"word " * 100, limits=Limits(max_text_characters=20))
    assert document.record is not None
    assert document.record.text == "word " * 4
    assert document.warnings == ("Only the first 20 characters were kept.",)


def refusal(data: bytes) -> ExtractionError | None:
    try:
        extract(data).to_json()
    except ExtractionError as error:
        return error
    return None


@given(STARTS, st.binary(max_size=400))
def test_any_bytes_are_read_or_refused_with_a_remedy(start: bytes, rest: bytes) -> None:
    error = refusal(start + rest)
    assert error is None or (error.message.endswith(".") and error.remedy.endswith("."))


@given(STARTS, st.text(alphabet="{}[]()<>\"'=,:@\\-\n aTYER1#", max_size=200))
def test_odd_text_is_read_or_refused_with_a_remedy(start: bytes, rest: str) -> None:
    error = refusal(start + rest.encode())
    assert error is None or (error.message.endswith(".") and error.remedy.endswith("."))
