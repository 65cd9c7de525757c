"""Tables of works, as programs export them and as people make them."""

from pathlib import Path

import pytest

from alexandria.adapters.extractors.limits import DEFAULT_LIMITS, Limits
from alexandria.adapters.extractors.registry import extract
from alexandria.adapters.extractors.sniff import CSV, MARKDOWN, PLAIN, sniff
from alexandria.errors import ExtractionError
from alexandria.protocols.extraction import ExtractedRecord, Record

FIXTURES = Path(__file__).parents[1] / "fixtures" / "extractors"


@pytest.fixture(scope="module")
def entries() -> list[ExtractedRecord]:
    document = extract((FIXTURES / "works.csv").read_bytes())
    assert (document.media_type, document.kind) == (CSV, "bibliography")
    return document.records


def one(table: str | bytes, **options: str) -> Record:
    data = table.encode() if isinstance(table, str) else table
    (entry,) = extract(data, **options).records
    assert entry.record, entry.error
    return entry.record


def test_the_columns_of_our_own_form(entries: list[ExtractedRecord]) -> None:
    assert entries[0].record == Record(
        title="Tides, and their lag",
        abstract="The tide lags.\nIt always does.",
        authors=("Laura Bassi", "Sofia Kovalevskaya"),
        year=2007,
        venue="Letters on Water",
        doi="10.5555/tides.7",
        language="en",
        tags=("tides", "harbours"),
        cites=("10.5555/a.1", "10.5555/a.2"),
        external_id="t1",
        extra={"shelf": "B 4"},
    )


def test_each_row_is_a_record_or_named_with_its_line(entries: list[ExtractedRecord]) -> None:
    assert [(entry.position, entry.line, bool(entry.record)) for entry in entries] == [
        (0, 2, True),
        (1, 4, True),
        (2, 5, False),
        (3, 6, False),
        (4, 8, True),
    ]
    assert "line 5 is broken" in (entries[2].error or "")
    assert entries[3].error == "The row in line 6 has 14 cells, the first line 11."
    assert all(entry.remedy for entry in entries if entry.error)


def test_a_date_without_a_year_is_kept_as_it_is(entries: list[ExtractedRecord]) -> None:
    record = entries[1].record
    assert record is not None
    assert (record.year, record.extra) == (None, {"date": "in press"})


ZOTERO = (
    '"Key","Item Type","Publication Year","Author","Title","Publication Title","DOI","Url",'
    '"Abstract Note","Date","Pages","Manual Tags","Automatic Tags"\n'
    '"AB12","journalArticle","2019","Anning, Mary; Lyell, Charles","On alum","Annals",'
    '"10.5555/a","https://example.org/a","An abstract.","2019-03-01","1-9","alum; salt","x"\n'
)
SCOPUS = (
    '\ufeff"Authors","Author full names","Title","Year","Source title","Volume","Issue","Page start",'
    '"Page end","DOI","Link","Abstract","Author Keywords","Document Type","EID"\n'
    '"Anning M.; Lyell C.","Anning, Mary (57190000001); Lyell, Charles (57190000002)","On alum",'
    '"2019","Annals","17","2","1","9","10.5555/a","https://example.org/a","An abstract.",'
    '"alum; salt","Article","AB12"\n'
)
WEB_OF_SCIENCE = (
    "PT\tAU\tAF\tTI\tSO\tDE\tAB\tBP\tEP\tVL\tIS\tPY\tDI\tUT\tDT\n"
    "J\tAnning, M; Lyell, C\tAnning, Mary; Lyell, Charles\tOn alum\tAnnals\talum; salt\tAn abstract."
    "\t1\t9\t17\t2\t2019\t10.5555/a\tAB12\tArticle\n"
)
EXCEL = (
    "sep=;\r\nTitle;Author(s);Year;Journal;DOI;Keywords;Abstract;Key;Item Type;Pages\r\n"
    "On alum;Anning, Mary and Lyell, Charles;2019;Annals;10.5555/a;alum, salt;An abstract.;AB12;"
    "Journal Article;1\N{EN DASH}9\r\n"
)


@pytest.mark.parametrize(
    "table",
    [ZOTERO, SCOPUS, WEB_OF_SCIENCE.encode("utf-16"), EXCEL.encode("cp1252"), EXCEL],
    ids=["zotero", "scopus", "web of science", "excel", "excel in UTF-8"],
)
def test_the_exports_of_programs(table: str | bytes) -> None:
    record = one(table)
    assert record.title == "On alum"
    assert record.authors == ("Mary Anning", "Charles Lyell")
    assert (record.year, record.venue, record.doi) == (2019, "Annals", "10.5555/a")
    assert (record.abstract, record.external_id) == ("An abstract.", "AB12")
    assert record.tags == ("alum", "salt")
    assert record.type == "article"
    assert record.extra["pages"].replace("-", "\N{EN DASH}") == "1\N{EN DASH}9"


@pytest.mark.parametrize(
    ("cell", "authors"),
    [
        ("Ada Lovelace", ("Ada Lovelace",)),
        ("Lovelace, Ada", ("Ada Lovelace",)),
        ("Ada Lovelace, Mary Somerville", ("Ada Lovelace", "Mary Somerville")),
        ("A. Lovelace, M. Somerville, C. Babbage", ("A. Lovelace", "M. Somerville", "C. Babbage")),
        ("Ada Lovelace, Mary Somerville and Bo Li", ("Ada Lovelace", "Mary Somerville", "Bo Li")),
        ("Lovelace, Ada & Somerville, Mary", ("Ada Lovelace", "Mary Somerville")),
        ("Lovelace, A.|Somerville, M.", ("A. Lovelace", "M. Somerville")),
        ("Ada Lovelace; et al.", ("Ada Lovelace",)),
    ],
)
def test_the_authors_of_one_cell(cell: str, authors: tuple[str, ...]) -> None:
    assert one(f'title,authors,year\nA,"{cell}",1900\n').authors == authors


def test_the_parts_of_a_row_that_a_line_break_tore_apart_are_named() -> None:
    table = "title,authors,year,doi,abstract\nA,B,1900,,An abstract\nthat goes on,\nC,D,1901,,\n"
    entries = extract(table.encode()).records
    assert [entry.error for entry in entries] == [
        None,
        "The row in line 3 has 2 cells, the first line 5.",
        None,
    ]


def test_a_row_without_title_is_named() -> None:
    (entry,) = extract(b"title,authors,year\n,B,1900\n").records
    assert entry.error == "The row in line 2 has no title."


@pytest.mark.parametrize("name", ["works.csv", "works.tsv"])
def test_a_table_without_known_columns_says_what_it_wants(name: str) -> None:
    with pytest.raises(ExtractionError, match="names no title") as raised:
        extract(b"depth,salinity\n1,35\n", filename=name)
    assert "“depth”, “salinity”" in raised.value.message
    assert "title, authors, year" in raised.value.remedy


@pytest.mark.parametrize(
    ("text", "media_type"),
    [
        ("Title;Authors\nA;B\n", CSV),
        ("title\tyear\nA\t1900\n", CSV),
        ("A title, and its authors, in a sentence.\n", PLAIN),
        ("# Title\n\n| title | year |\n| --- | --- |\n| A | [B](c) |\n", MARKDOWN),
    ],
)
def test_a_table_is_known_by_its_first_line(text: str, media_type: str) -> None:
    assert sniff(text.encode()) == media_type


def test_too_many_rows_are_refused() -> None:
    table = b"title,year\n" + b"A,1900\n" * 30
    with pytest.raises(ExtractionError, match="more than 20 records"):
        extract(table, limits=Limits(max_records=20))
    assert len(extract(table, limits=DEFAULT_LIMITS).records) == 30


def test_a_table_without_rows_is_refused() -> None:
    with pytest.raises(ExtractionError, match="no entries"):
        extract(b"title,year\n")
