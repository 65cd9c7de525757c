from pathlib import Path

import pytest

from alexandria.adapters.extractors.limits import DEFAULT_LIMITS
from alexandria.adapters.extractors.markdown import extract_markdown
from alexandria.adapters.extractors.plain import extract_plain
from alexandria.errors import ExtractionError
from alexandria.protocols.extraction import Record

FIXTURES = Path(__file__).parents[1] / "fixtures" / "extractors"


def plain(text: str) -> Record:
    record = extract_plain(text, DEFAULT_LIMITS).record
    assert record is not None
    return record


def markdown(text: str) -> Record:
    record = extract_markdown(text, DEFAULT_LIMITS).record
    assert record is not None
    return record


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("On the Heavens\n\nThe question is this.", "On the Heavens"),
        ("Dear reader, this goes on,\n\nand on.", None),
        ("This is a sentence that ends here.\n\nAnother.", None),
        ("The first line\ngoes straight on.", None),
        ("* * *\n\nText", None),
    ],
)
def test_the_first_line_is_the_title_if_it_stands_alone(text: str, title: str | None) -> None:
    assert plain(text).title == title


def test_header_lines_are_read() -> None:
    record = plain(
        "Title: The Origin of Species\nAuthor: Darwin, Charles\nDate: 24 November 1859\n\nText"
    )
    assert record.title == "The Origin of Species"
    assert (record.authors, record.year) == (("Charles Darwin",), 1859)


def test_text_is_kept_clean() -> None:
    assert plain("a \x00 b  \r\n\r\n\r\n\r\nc").text == "a b\n\nc"


@pytest.mark.parametrize("text", ["...", "\x00\x01"])
def test_a_file_without_words_is_refused(text: str) -> None:
    with pytest.raises(ExtractionError, match="no words"):
        extract_plain(text, DEFAULT_LIMITS)


def test_front_matter_and_text_of_markdown() -> None:
    record = markdown((FIXTURES / "notes.md").read_text("utf-8"))
    assert record.title == "Notes on the theory of sound"
    assert record.authors == ("John William Strutt",)
    assert (record.year, record.tags) == (1877, ("acoustics", "waves"))
    assert record.text == (
        "A first heading\n\nThe velocity of sound depends on temperature, and so on:\n\n"
        "in air\nin water\nspeed = 343"
    )


def test_without_front_matter_the_highest_heading_is_the_title() -> None:
    assert markdown("## Small\n\n# Large *title*\n\ntext").title == "Large title"
    assert markdown("Setext\n======\n\ntext").title == "Setext"
    assert markdown("only text").title is None


def test_tables_and_html_lose_their_marks() -> None:
    record = markdown("| a | b |\n|---|---|\n| 1 | 2 |\n\n<div>inside</div>\n\nx <b>y</b>")
    assert record.text is not None
    assert "<" not in record.text
    assert "|" not in record.text
    assert "inside" in record.text


def test_a_rule_is_no_front_matter() -> None:
    record = markdown("---\n\nwords\n\n---\n\nmore")
    assert record.text == "words\n\nmore"


def test_absurd_nesting_does_no_harm() -> None:
    assert "x" in (markdown(">" * 5_000 + " x").text or "")
    assert "[" in (markdown("[" * 20_000).text or "")
