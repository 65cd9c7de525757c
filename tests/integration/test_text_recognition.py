"""Scanned PDFs, with the real tesseract; without it the tests skip and say so, but never in CI."""

import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from alexandria.adapters.extraction import IsolatedExtractor
from alexandria.adapters.extractors.limits import Limits, Ocr
from alexandria.bootstrap import text_recognition
from alexandria.config import Settings
from alexandria.errors import ExtractionError
from alexandria.protocols.extraction import ExtractedDocument
from pdf_files import Print, make_pdf, scanned, text_block

TESSERACT = shutil.which("tesseract") or ""
PAGE = text_block(
    700, "The tide of a small harbour lags behind", "that of the open sea by forty minutes."
)

pytestmark = pytest.mark.skipif(
    not TESSERACT and "CI" not in os.environ, reason="tesseract is not installed"
)


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Callable[..., ExtractedDocument]]:
    made: list[IsolatedExtractor] = []

    def read(data: bytes, ocr: Ocr | None, **options: float) -> ExtractedDocument:
        path = tmp_path / "scan.pdf"
        path.write_bytes(data)
        made.append(IsolatedExtractor(limits=Limits(ocr=ocr), **options))  # type: ignore[arg-type]
        return made[-1].extract(path, filename=None, declared_type=None)

    yield read
    for extractor in made:
        extractor.close()


def larger(lines: list[Print]) -> list[Print]:
    return [
        (x, y - 20 * n, 2 * size, font, text) for n, (x, y, size, font, text) in enumerate(lines)
    ]


SCAN = scanned(make_pdf([larger(PAGE)]))
TWO_PAGES = scanned(make_pdf([larger(PAGE)] * 2))


def test_a_scan_is_read(reader: Callable[..., ExtractedDocument]) -> None:
    document = reader(SCAN, Ocr(TESSERACT))
    assert document.record is not None
    assert "small harbour lags behind" in (document.record.text or "")
    assert document.warnings[0] == "The text of 1 pages was recognised from pictures (OCR)."


def test_without_tesseract_the_remedy_names_it(reader: Callable[..., ExtractedDocument]) -> None:
    with pytest.raises(ExtractionError, match="pages are pictures") as raised:
        reader(SCAN, None)
    assert "Install tesseract" in raised.value.remedy


def test_pages_with_text_are_left_as_they_are(reader: Callable[..., ExtractedDocument]) -> None:
    document = reader(make_pdf([PAGE, []]), Ocr("/bin/false"))
    assert document.warnings == ()


def test_a_language_that_is_missing_is_named(reader: Callable[..., ExtractedDocument]) -> None:
    with pytest.raises(ExtractionError, match=r"recognition failed \(Error opening data") as raised:
        reader(SCAN, Ocr(TESSERACT, languages="xyz"))
    assert "ALEXANDRIA_OCR_LANGUAGES" in raised.value.remedy


def test_a_blank_scan_says_that_nothing_was_found(reader: Callable[..., ExtractedDocument]) -> None:
    with pytest.raises(ExtractionError, match="recognition found none"):
        reader(scanned(make_pdf([[]])), Ocr(TESSERACT))


def test_pages_and_time_are_bounded(reader: Callable[..., ExtractedDocument]) -> None:
    document = reader(TWO_PAGES, Ocr(TESSERACT, max_pages=1))
    assert any("1 pages are pictures that there was no time" in w for w in document.warnings)
    with pytest.raises(ExtractionError, match="no time to recognise") as raised:
        reader(TWO_PAGES, Ocr(TESSERACT, seconds=0.01))
    assert "ALEXANDRIA_EXTRACTION_SECONDS" in raised.value.remedy


def test_a_program_that_hangs_ends_with_the_reader(
    reader: Callable[..., ExtractedDocument], tmp_path: Path
) -> None:
    slow = tmp_path / "slow"
    slow.write_text(f"#!/bin/sh\necho $$ > {tmp_path}/pid\nexec sleep 60\n")
    slow.chmod(0o755)
    with pytest.raises(ExtractionError, match=r"took longer than 1 s"):
        reader(SCAN, Ocr(str(slow), seconds=50), seconds=1.0)
    pid = int((tmp_path / "pid").read_text())
    deadline = time.monotonic() + 5
    while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not Path(f"/proc/{pid}").exists()


def test_it_is_off_where_the_program_or_the_languages_are_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    found = text_recognition(Settings(alexandria_ocr_languages="eng+deu", _env_file=None))
    assert found == Ocr(TESSERACT, "eng+deu", 42.0)
    assert text_recognition(Settings(alexandria_ocr_languages="", _env_file=None)) is None
    monkeypatch.setenv("PATH", str(tmp_path))
    assert text_recognition(Settings(_env_file=None)) is None
