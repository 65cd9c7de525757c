# ruff: noqa: RUF001 - dashes as they are printed
from pathlib import Path

import pytest

from alexandria.adapters.extractors.limits import DEFAULT_LIMITS
from alexandria.adapters.extractors.ris import extract_ris
from alexandria.errors import ExtractionError

FIXTURES = Path(__file__).parents[1] / "fixtures" / "extractors"
ENTRIES = extract_ris((FIXTURES / "export.ris").read_text("utf-8"), DEFAULT_LIMITS).records


def test_an_article() -> None:
    article = ENTRIES[0].record
    assert article is not None
    assert ENTRIES[0].line == 3
    assert article.title == (
        "Molecular structure of nucleic acids A structure for deoxyribose nucleic acid"
    )
    assert article.authors == ("J.D. Watson", "F.H.C. Crick")
    assert (article.year, article.venue, article.doi) == (1953, "Nature", "10.1038/171737a0")
    assert article.tags == ("DNA", "double helix", "genetics")
    assert (article.language, article.type) == ("en", "article")
    assert article.extra["pages"] == "737–738"
    assert article.extra["volume"] == "171"


def test_an_entry_without_end_ends_where_the_next_begins() -> None:
    book, thesis = ENTRIES[1].record, ENTRIES[2].record
    assert book is not None
    assert thesis is not None
    assert (book.authors, book.isbn) == (("Emmy Noether",), "9780306406157")
    assert thesis.title == "Recherches sur la théorie des quanta"
    assert thesis.authors == ("Louis de Broglie",)
    assert thesis.type == "thesis"


def test_an_entry_without_fields_is_named() -> None:
    assert ENTRIES[3].record is None
    assert "line 30" in (ENTRIES[3].error or "")


def test_odd_spacing_is_read() -> None:
    text = "TY-JOUR\nTY - JOUR\nTI- One\nUS - is no tag\nAU   - Darwin, Charles\nER"
    entry = extract_ris(text, DEFAULT_LIMITS).records[0].record
    assert entry is not None
    assert entry.title == "One US - is no tag"
    assert entry.authors == ("Charles Darwin",)


def test_a_file_without_entries_is_refused() -> None:
    with pytest.raises(ExtractionError, match="no entries"):
        extract_ris("nothing here", DEFAULT_LIMITS)
