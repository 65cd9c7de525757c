# ruff: noqa: RUF001 - accents that stand apart are tested
from pathlib import Path

import pytest

from alexandria.adapters.extractors.limits import DEFAULT_LIMITS, Limits
from alexandria.adapters.extractors.pdf import extract_pdf
from alexandria.adapters.extractors.pdf_head import find_abstract, find_identifiers, find_year
from alexandria.adapters.extractors.pdf_text import join_accents, repair, words_of
from alexandria.errors import ExtractionError
from alexandria.protocols.extraction import Record
from pdf_files import Print, make_pdf, text_block

FIXTURES = Path(__file__).parents[1] / "fixtures" / "extractors"

BODY = text_block(
    560,
    "Abstract",
    "We treat the motion of small particles that are suspended in liquids at rest, as it",
    "is required by the molecular theory of heat. The mean displacement grows with the re-",
    "root of time, and from it follows a new determination of the size of atoms.",
    "1 Introduction",
    "In this paper it will be shown that bodies of microscopically visible size suspended",
    "in a liquid perform movements of such magnitude that they can easily be observed.",
    "References",
    "[1] An older paper. https://doi.org/10.1000/not-this-one",
)
FOOT: list[Print] = [(72, 40, 8, "F1", "Copyright 1905 by the authors. doi:10.1000/ANNALEN.17")]
HEAD: list[Print] = [
    (72, 770, 8, "F1", "ANNALEN DER PHYSIK, 17 (1905)"),
    (90, 720, 18, "F2", "On the movement of small particles"),
    (120, 698, 18, "F2", "suspended in liquids at rest"),
    (150, 660, 12, "F1", "Albert Einstein"),
    (233, 664, 7, "F1", "a"),
    (237, 660, 12, "F1", ", Marian Smoluchowski"),
    (365, 664, 7, "F1", "b"),
    (150, 640, 10, "F1", "University of Bern, Switzerland"),
    (150, 626, 10, "F1", "first@example.org"),
]


def read(data: bytes, limits: Limits = DEFAULT_LIMITS) -> Record:
    record = extract_pdf(data, limits).record
    assert record is not None
    return record


@pytest.fixture(scope="module")
def paper() -> Record:
    page = [*FOOT, *HEAD, *BODY]
    return read(
        make_pdf(
            [page],
            title="Microsoft Word - paper.doc",
            rotated=["arXiv:0512.0001v2 [x]", "Fetched from a large archive"],
        )
    )


def test_the_title_is_the_largest_print_near_the_top(paper: Record) -> None:
    assert paper.title == "On the movement of small particles suspended in liquids at rest"


def test_authors_stand_below_it_without_their_marks(paper: Record) -> None:
    assert paper.authors == ("Albert Einstein", "Marian Smoluchowski")


def test_abstract_year_and_language(paper: Record) -> None:
    assert paper.abstract is not None
    assert paper.abstract.startswith("We treat the motion")
    assert paper.abstract.endswith("size of atoms.")
    assert (paper.year, paper.language) == (1905, "en")


def test_a_doi_of_the_reference_list_is_not_taken() -> None:
    assert read(make_pdf([[*HEAD, *BODY]])).doi is None


def test_identifiers_of_the_document_itself() -> None:
    page = "A title\nhttps://doi.org/10.1000/\nabc.1\narXiv:0512.0001v2 [x] 3 Dec 2005\nReferences\n10.1000/z"
    assert find_identifiers(page) == ("10.1000/abc.1", "0512.0001")


def test_metadata_counts_where_the_page_prints_the_same() -> None:
    large: Print = (72, 740, 30, "F2", "Physics Today Weekly")
    page = [large, *HEAD[1:], *BODY]
    title = "On the movement of small particles suspended in liquids at rest"
    assert read(make_pdf([page], title=title)).title == title


@pytest.mark.parametrize(
    "declared", ["untitled", "Microsoft Word - a.doc", "paper_final.tex", "12345", "Introduction"]
)
def test_implausible_metadata_is_no_title(declared: str) -> None:
    page = text_block(700, *["plain text in one size only, line after line of it"] * 20)
    assert read(make_pdf([page], title=declared)).title is None


def test_a_heading_in_capitals_is_a_title_where_all_has_one_size() -> None:
    page = text_block(
        700, "ON THE QUANTUM THEORY OF RADIATION", "", *["and plain text below it"] * 20
    )
    assert read(make_pdf([page])).title == "ON THE QUANTUM THEORY OF RADIATION"


def test_pages_follow_one_another() -> None:
    document = extract_pdf(
        make_pdf([text_block(700, "first"), text_block(700, "second")]), DEFAULT_LIMITS
    )
    assert document.pages == 2
    assert document.record is not None
    assert document.record.text == "first\n\nsecond"


def test_limits_are_told_as_warnings() -> None:
    data = make_pdf([text_block(700, "first page"), text_block(700, "second page")])
    document = extract_pdf(data, Limits(max_pages=1))
    assert document.record is not None
    assert document.record.text == "first page"
    assert "Only the first 1 of 2 pages were read." in document.warnings
    shorter = extract_pdf(data, Limits(max_text_characters=5))
    assert "Only the first 1 of 2 pages were read." in shorter.warnings


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ((FIXTURES / "encrypted.pdf").read_bytes(), "password"),
        (make_pdf([[]]), "pictures"),
        (make_pdf([]), "damaged|no pages"),
        (b"%PDF-1.4\nnothing more", "damaged"),
    ],
)
def test_what_can_not_be_read_is_refused_with_a_remedy(data: bytes, message: str) -> None:
    with pytest.raises(ExtractionError, match=message) as raised:
        extract_pdf(data, DEFAULT_LIMITS)
    assert raised.value.remedy


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("Franc¸ois Gr´egory Mouni´e", "François Grégory Mounié"),
        ("M ´ exico F´ısica Universit¨at", "México Física Universität"),
        ("it´s 20 ˚C, ``quoted''", "it´s 20 ˚C, ``quoted''"),
        ("Ni˜no ˇCapek", "Niño Čapek"),
    ],
)
def test_accents_that_stand_apart_are_joined(raw: str, text: str) -> None:
    assert join_accents(raw) == text


def test_words_broken_at_line_ends_are_joined() -> None:
    known = words_of("a self-assembled layer is received")
    assert repair("re\ufffeceived self\ufffeassembled", known) == "received self-assembled"
    assert repair("re-\nceived Smith-\nJones", known) == "received Smith-Jones"
    assert repair("e\ufb03cient \ufb01ne", known) == "efficient fine"


def test_the_year_is_only_taken_where_it_is_a_date() -> None:
    assert find_year("Preprint, 3 May 1998\nAs Bohr (1913) says") == 1998
    assert find_year("As Bohr (1913) says\nand Pauli, 1925") is None


def test_an_abstract_ends_at_the_next_heading() -> None:
    abstract = "This is what we found in many experiments over the years. " * 3
    assert find_abstract(f"Title\nAbstract. {abstract}\nKeywords: a, b\nmore") == abstract.strip()
    assert find_abstract(f"Title\n{abstract}") is None


def test_identifiers_are_found_on_the_first_page(paper: Record) -> None:
    assert paper.doi == "10.1000/annalen.17"
    assert paper.arxiv_id == "0512.0001"
