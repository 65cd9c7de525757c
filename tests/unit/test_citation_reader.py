import pytest

from alexandria.adapters.citations.reader import BundledCitationReader
from alexandria.errors import ExtractionError
from alexandria.protocols.citations import Reference
from citation_texts import BODY, JATS, LIST, PRINTED


@pytest.fixture(scope="module")
def reader() -> BundledCitationReader:
    return BundledCitationReader()


@pytest.mark.parametrize("printed", PRINTED)
def test_one_reference_in_four_styles_has_the_same_parts(
    reader: BundledCitationReader, printed: str
) -> None:
    found = reader.parse_reference(printed)
    assert found.title == "Tides of the northern sea"
    assert found.venue == "Journal of Marine Research"
    assert (found.year, found.volume, found.pages) == (1999, "12", "45-67")
    assert found.doi == "10.1000/jmr.1999.45"
    assert len(found.authors) == 2
    assert ["Moe" in found.authors[0], "Roe" in found.authors[1]] == [True, True]
    assert found.raw == printed


def test_identifiers_and_addresses_come_by_rule(reader: BundledCitationReader) -> None:
    printed = (
        "A. Moe. On winds. arXiv preprint arXiv:1504.07295v2, 2015. URL http://example.org/winds."
    )
    found = reader.parse_reference(printed)
    assert found.arxiv_id == "1504.07295"
    assert found.url == "http://example.org/winds"
    assert found.doi is None


@pytest.mark.parametrize("text", ["", " \n", "---", "1", "\x00", "¶" * 50, "word " * 3_000])
def test_what_is_no_reference_does_no_harm(reader: BundledCitationReader, text: str) -> None:
    assert isinstance(reader.parse_reference(text), Reference)
    assert isinstance(reader.split_references(text), list)
    assert isinstance(reader.find_references(text), list)
    assert isinstance(reader.read_header(text).authors, tuple)


def test_a_list_is_split_and_broken_words_are_joined(reader: BundledCitationReader) -> None:
    first, second, third = reader.split_references(LIST)
    assert "Journal of Marine Research 12 (1999) 45-67." in first
    assert second.startswith("[2] C. Doe")
    assert third.endswith("2004, pp. 7-19.")


def test_a_list_without_labels_is_split_where_the_next_author_stands(
    reader: BundledCitationReader,
) -> None:
    text = (
        "Doe, C. (2002). Winds over a dry plain and the people\n"
        "who live there. Atmospheric Letters, 3, 1-12.\n"
        "Moe, A., & Roe, B. (1999). Tides of the northern sea.\n"
        "Journal of Marine Research, 12, 45-67.\n"
        "Poe, D. (2004). Frost on high ground. Ice Press.\n"
    )
    assert [each[:3] for each in reader.split_references(text)] == ["Doe", "Moe", "Poe"]


@pytest.mark.parametrize("after", ["", "\nAppendix A\n" + BODY * 12])
def test_a_list_is_found_in_a_long_text(reader: BundledCitationReader, after: str) -> None:
    entries = "".join(
        f"[{n}] A. Moe, B. Roe, Tides of sea number {n}, Journal of Marine Research {n} "
        f"({1980 + n}) {n}1-{n}9.\n"
        for n in range(1, 13)
    )
    text = BODY * 20 + "\nReferences\n" + entries + after
    found = reader.references_in_text(text)
    assert [each.year for each in found] == list(range(1981, 1993))
    first = len((BODY * 20).split("\n")) + 1
    assert reader.reference_lines(text) == list(range(first, first + 12))


def test_a_text_without_a_list_has_no_references(reader: BundledCitationReader) -> None:
    assert reader.find_references(BODY * 40) == []


def test_the_parts_that_jats_names_are_taken_and_others_parsed(
    reader: BundledCitationReader,
) -> None:
    journal, book, printed = reader.references_of(JATS.encode())
    assert journal.authors == ("A Moe",)
    assert (journal.title, journal.venue, journal.doi) == ("Tides", "J Sea", "10.1000/x")
    assert journal.pages == "45\N{EN DASH}67"
    assert journal.confidence is None
    assert (book.title, book.venue, book.authors) == ("Frost", None, ("Ice Group",))
    assert printed.title == "Winds over a dry plain"
    assert printed.confidence is not None


TEI = """<TEI xmlns="http://www.tei-c.org/ns/1.0"><teiHeader><fileDesc><titleStmt><title>T</title>
</titleStmt></fileDesc></teiHeader><text><back><div><listBibl><biblStruct><analytic>
<title>Tides</title><author><persName><forename>A</forename><surname>Moe</surname></persName>
</author></analytic><monogr><title>J Sea</title><imprint><biblScope unit="volume">12</biblScope>
<biblScope unit="page" from="45" to="67"/><date when="1999-03"/></imprint></monogr>
</biblStruct></listBibl></div></back></text></TEI>"""


def test_the_parts_that_tei_names_are_taken(reader: BundledCitationReader) -> None:
    (found,) = reader.references_of(TEI.encode())
    assert (found.title, found.venue, found.year) == ("Tides", "J Sea", 1999)
    assert (found.volume, found.pages) == ("12", "45\N{EN DASH}67")
    assert found.authors == ("A Moe",)


def test_the_list_below_the_heading_of_a_page_is_read(reader: BundledCitationReader) -> None:
    items = "".join(f"<li>{printed}</li>" for printed in PRINTED)
    page = f"<html><body><p>{BODY}</p><h2>References</h2><ol>{items}</ol></body></html>"
    found = reader.references_of(page.encode(), "text/html")
    assert [each.doi for each in found] == ["10.1000/jmr.1999.45"] * 4


def test_a_bibliography_gives_its_entries(reader: BundledCitationReader) -> None:
    bibliography = b"@article{a, title={Tides}, author={Moe, Ada}, year={1999}, doi={10.1000/X}}"
    (found,) = reader.references_of(bibliography)
    assert (found.title, found.year, found.doi) == ("Tides", 1999, "10.1000/x")


def test_a_document_that_cannot_be_read_says_so(reader: BundledCitationReader) -> None:
    with pytest.raises(ExtractionError):
        reader.references_of(b"\x00\x01\x02" * 400)


def test_a_header_names_title_authors_and_abstract(reader: BundledCitationReader) -> None:
    page = (
        "Journal of Marine Research 12 (1999) 45-67\n"
        "Tides of the Northern Sea and Their\n"
        "Influence on Coastal Settlements\n"
        "Ada Moe and Bo Roe\n"
        "Department of Oceanography, University of the Coast, Harbour City\n"
        "ada@coast.example\n"
        "Abstract\n" + BODY
    )
    header = reader.read_header(page)
    assert header.title == "Tides of the Northern Sea and Their Influence on Coastal Settlements"
    assert header.authors == ("Ada Moe", "Bo Roe")
    assert header.emails == ("ada@coast.example",)
    assert (header.abstract or "").startswith("The tide rises")


def test_the_header_ends_where_the_text_begins(reader: BundledCitationReader) -> None:
    page = "On the Tides of the Sea\nAda Moe and Bo Roe\nUniversity of the Coast\nAbstract\n" + BODY
    header = reader.read_header(page + "1. Introduction\nThe Other Title\nCleo Doe\n" + BODY)
    assert header == reader.read_header(page)
    assert header.authors == ("Ada Moe", "Bo Roe")
