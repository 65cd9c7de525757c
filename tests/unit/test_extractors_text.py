# ruff: noqa: RUF001 - dashes as they are printed
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alexandria.adapters.extractors.dates import year_of
from alexandria.adapters.extractors.language import detect_language
from alexandria.adapters.extractors.names import first_last
from alexandria.adapters.extractors.people import leading_people, people_in
from alexandria.adapters.extractors.text import clean_block, clean_line, clean_text, decode
from alexandria.protocols.languages import language_code

RUSSIAN = "Доказательство этой теоремы основано на свойствах простых чисел и делителей. " * 3


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Größe", "utf-8"),
        ("Größe", "utf-8-sig"),
        ("Größe", "utf-16"),
        ("Größe und mehr", "utf-16-le"),
        ("Größe und mehr", "utf-16-be"),
        ("Größe", "utf-32"),
        ("Die Größe der Straße, naïvement", "latin-1"),
        ("“quoted” – and so on", "cp1252"),
        (RUSSIAN, "cp1251"),
    ],
)
def test_the_encoding_is_found(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding))[0] == text


def test_a_declared_encoding_counts_where_bytes_leave_it_open() -> None:
    assert decode("Łódź".encode("iso8859-2"), "iso-8859-2")[0] == "Łódź"
    assert decode("Größe".encode("latin-1"), "utf-8")[0] == "Größe"
    assert decode("Größe".encode("latin-1"), "no such name")[0] == "Größe"


def test_one_damaged_character_does_not_change_the_encoding() -> None:
    data = "Größe ".encode() * 60 + b"\xff"
    assert decode(data)[1] == "utf-8"


def test_text_is_cleaned() -> None:
    assert clean_text("a\x00b\ud800c\u00add\r\ne\x0cf\u0308") == "abcd\ne\nf\u0308"
    assert clean_text("u\u0308") == "ü"
    assert clean_line("  a \n b\t") == "a b"
    assert clean_line(" \n ") is None
    assert clean_block("a  \n\n\n\n  b ") == "a\n\nb"


@given(st.binary(max_size=300))
def test_any_bytes_become_text_that_can_be_stored(data: bytes) -> None:
    text = clean_text(decode(data)[0])
    assert "\x00" not in text
    text.encode("utf-8")


@pytest.mark.parametrize(
    ("written", "turned"),
    [
        ("Turing, Alan", "Alan Turing"),
        ("Alan Turing", "Alan Turing"),
        ("King, Jr., Martin Luther", "Martin Luther King Jr."),
        ("King, Martin Luther, Jr.", "Martin Luther King Jr."),
        ("Sammy Davis, Jr.", "Sammy Davis Jr."),
        (" , ", None),
    ],
)
def test_names_are_turned_round(written: str, turned: str | None) -> None:
    assert first_last(written) == turned


@pytest.mark.parametrize(
    ("line", "names"),
    [
        (
            "Emmy Noether1*, David Hilbert2 and Felix Klein",
            ["Emmy Noether", "David Hilbert", "Felix Klein"],
        ),
        ("L.Fernandes dos Santos, A.K.Bakarov", ["L. Fernandes dos Santos", "A. K. Bakarov"]),
        ("Ludwig van Beethoven, Ph.D., Senior Member, IEEE", ["Ludwig van Beethoven"]),
        ("JOHN VON NEUMANN", ["JOHN VON NEUMANN"]),
        ("Department of Physics, Leiden University", []),
        ("UC San Diego", []),
        ("IBM Almaden", []),
        ("Göttingen, Germany", []),
        ("someone@example.org", []),
        ("We show that every field is finite", []),
        ("January 3, 2024", []),
    ],
)
def test_lines_of_names_are_told_from_others(line: str, names: list[str]) -> None:
    assert people_in(line) == names


def test_a_byline_begins_with_names() -> None:
    assert leading_people("Marie Curie, Senior Staff Chemist, Paris") == ["Marie Curie"]


@pytest.mark.parametrize(
    ("date", "year"),
    [
        ("2005/07/15", 2005),
        ("31.12.1999", 1999),
        ("20010915", 2001),
        ("c. 1859 (first edition)", 1859),
        ("2011-05-25/2012-06-26", 2011),
        ("12345", None),
        ("99", None),
        ("in press", None),
        (None, None),
    ],
)
def test_the_year_of_a_date(date: str | None, year: int | None) -> None:
    assert year_of(date) == year


def test_a_language_is_told_only_from_enough_text() -> None:
    german = "Die Untersuchung der Zellen zeigte, dass sich beide Gruppen deutlich unterscheiden."
    assert detect_language(german) == "de"
    assert detect_language("Short") is None
    assert detect_language("1 2 3 " * 100) is None
    assert detect_language(None) is None


def test_declared_languages_become_codes() -> None:
    assert [language_code(x) for x in ("en-US", "eng", "German", "pt_BR", "klingon", None)] == [
        "en",
        "en",
        "de",
        "pt",
        None,
        None,
    ]
