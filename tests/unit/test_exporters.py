"""What is written as a file of another program is read by our importer as it was."""
# ruff: noqa: RUF001 - dashes and quotation marks are what is written here

import string
from dataclasses import replace

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from alexandria.adapters.exporters import EXPORTERS
from alexandria.adapters.exporters.names import family_and_given
from alexandria.adapters.extractors.registry import extract
from alexandria.protocols.extraction import Record

NAMES = {"bibtex": "a.bib", "ris": "a.ris", "csl-json": "a.json", "jsonl": "a.jsonl"}
WHOLE = Record(
    title="Über 100 % of the $n^2$ cases & {more}: a -- b_c ~ #1 `` '' \\emph",
    abstract="First paragraph, with “quotes”.\n\nAnd a second one.",
    authors=(
        "Jane Q. Doe",
        "Ludwig van Beethoven",
        "Martin Luther King Jr.",
        "Plato",
        "World Health Organization",
        "Council on Cats, Dogs and Birds",
        "Ålesund Ørsted",
    ),
    year=2021,
    venue="Journal of A & B",
    doi="10.1000/a_b(c)",
    arxiv_id="2101.01234",
    isbn="9780306406157",
    url="https://example.org/~a/b_c?d=%20e;f#g",
    language="de",
    tags=("one, two", "three; four", "naïve"),
    subjects=("Physics", "Maths; pure"),
    cites=("10.1000/other", "Doe 1999; Moe 2000"),
    external_id="doe:2021",
    type="article",
    extra={"volume": "12", "pages": "1–9", "odd:name": "a: b\nc", "date": "2021-03", "note": "N"},
)
RECORDS = [
    WHOLE,
    Record(title="Nothing but a title"),
    replace(WHOLE, type="conference-paper", external_id=None, arxiv_id=None),
    replace(WHOLE, type="a kind of our own", external_id="an id, with {odd} signs", url=None),
    replace(WHOLE, type=None, authors=("SR Research",), tags=("a, b",)),
    replace(WHOLE, type="misc", extra={}, abstract=None, venue=None),
]


def again(name: str, records: list[Record]) -> list[Record | None]:
    data = "".join(EXPORTERS[name](records)).encode()
    return [entry.record for entry in extract(data, filename=NAMES[name]).records]


@pytest.mark.parametrize("name", EXPORTERS)
def test_what_is_written_is_read_again(name: str) -> None:
    found = again(name, RECORDS)
    assert [one and one.to_dict() for one in found] == [one.to_dict() for one in RECORDS]


def test_json_lines_hold_the_text() -> None:
    record = replace(WHOLE, text="A text.\n\nOf two paragraphs.")
    assert again("jsonl", [record]) == [record]


LINE = some.text(
    alphabet=[c for c in string.printable if c not in "<>&\t\n\r\x0b\x0c"] + list("äßéŁ–“中ไ"),
    max_size=40,
).map(lambda words: " ".join(words.split()))


@settings(deadline=None, max_examples=300)
@given(LINE.filter(bool), some.lists(LINE.filter(bool), max_size=3), LINE)
@pytest.mark.parametrize("name", EXPORTERS)
def test_no_sign_is_lost(name: str, title: str, tags: list[str], note: str) -> None:
    record = Record(
        title=f"A {title} Z",
        tags=tuple(dict.fromkeys(tags)),
        external_id="key",
        type="book",
        extra={"x": f"A {note} Z"},
    )
    (found,) = again(name, [record])
    assert found == record


def test_a_line_that_looks_like_a_tag_ends_no_record_of_ris() -> None:
    record = replace(WHOLE, abstract="First.\n\nTY - no tag\nER - nor this")
    (found,) = again("ris", [record])
    assert found == replace(record, abstract="First. TY - no tag ER - nor this")


def test_keys_of_bibtex_are_told_apart() -> None:
    text = "".join(EXPORTERS["bibtex"]([Record(title="On Owls", external_id="a")] * 3))
    assert [line for line in text.split("\n") if line.startswith("@")] == [
        "@misc{a,",
        "@misc{a-2,",
        "@misc{a-3,",
    ]


def test_csl_names_what_processors_know() -> None:
    (item,) = orjson.loads("".join(EXPORTERS["csl-json"]([WHOLE])))
    assert item["type"] == "article-journal"
    assert item["author"][1] == {"family": "van Beethoven", "given": "Ludwig"}
    assert item["author"][4] == {"literal": "World Health Organization"}
    assert item["issued"] == {"date-parts": [[2021]]}
    assert (item["page"], item["volume"], item["DOI"]) == ("1–9", "12", WHOLE.doi)


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("Jane Q. Doe", ("Doe", "Jane Q.")),
        ("Ludwig van Beethoven", ("van Beethoven", "Ludwig")),
        ("Juan de la Cruz", ("de la Cruz", "Juan")),
        ("Plato", None),
        ("University of Nowhere", None),
        ("SR Research", None),
    ],
)
def test_names_are_taken_apart(name: str, parts: tuple[str, str] | None) -> None:
    assert family_and_given(name) == parts
