"""JATS and TEI, and what XML may not do."""

from pathlib import Path

import pytest

from alexandria.adapters.extractors.limits import DEFAULT_LIMITS
from alexandria.adapters.extractors.registry import extract
from alexandria.adapters.extractors.sniff import JATS, TEI, sniff
from alexandria.adapters.extractors.xml_reading import line_of, parse_xml
from alexandria.errors import ExtractionError
from alexandria.protocols.extraction import Record

FIXTURES = Path(__file__).parents[1] / "fixtures" / "extractors"


def record(data: bytes) -> Record:
    found = extract(data).record
    assert found is not None
    return found


@pytest.fixture(scope="module")
def article() -> Record:
    return record((FIXTURES / "article.jats.xml").read_bytes())


@pytest.fixture(scope="module")
def paper() -> Record:
    return record((FIXTURES / "paper.tei.xml").read_bytes())


def test_the_front_matter_of_an_article(article: Record) -> None:
    assert article.title == "On the slow growth of alum crystals"
    assert article.authors == ("Mary Anning", "The Lyme Survey")
    assert (article.year, article.venue) == (2019, "Annals of Imagined Geology")
    assert (article.doi, article.language) == ("10.5555/aig.2019.17", "en")
    assert article.tags == ("alum", "crystal growth")
    assert article.subjects == ("Research article",)
    assert article.extra == {
        "volume": "17",
        "number": "2",
        "pages": "101\N{EN DASH}109",
        "pmid": "99000001",
        "issn": "1234-5679",
        "publisher": "The Imagined Press",
    }


def test_the_abstract_is_the_one_without_a_purpose_of_its_own(article: Record) -> None:
    assert article.abstract == (
        "Background\nAlum grows from solution at a rate that depends on \N{GREEK SMALL LETTER ALPHA}"
        " and the depth."
    )


def test_the_text_of_an_article_by_sections(article: Record) -> None:
    assert (article.text or "").split("\n") == [
        "Introduction",
        "The growth of crystals has been watched for centuries (1).",
        "Figure 1.",
        "A crystal in its jar.",
        "",
        "Results",
        "Day Length",
        "1 0.4 mm",
        "",
        "Acknowledgements",
        "We thank the harbour master.",
    ]


def test_references_are_named_by_their_doi(article: Record, paper: Record) -> None:
    assert article.cites == ("10.5555/salt.1", "10.5555/strata.2", "10.5555/earth.3")
    assert paper.cites == ("10.5555/lags.1",)


def test_the_header_and_text_of_a_tei_document(paper: Record) -> None:
    assert paper.title == "Tides in a small harbour"
    assert paper.authors == ("Laura M. Bassi", "Sofia Kovalevskaya")
    assert (paper.year, paper.venue, paper.doi) == (2007, "Letters on Water", "10.5555/tides.7")
    assert paper.tags == ("tides", "harbours")
    assert paper.abstract == "The tide in a small harbour lags behind that of the open sea."
    assert paper.extra == {
        "volume": "4",
        "pages": "12\N{EN DASH}19",
        "publisher": "The Imagined Press",
    }
    assert (paper.text or "").split("\n")[:3] == [
        "Introduction",
        "Whoever moors a boat learns of the lag [1] within a day.",
        "",
    ]


@pytest.mark.parametrize(
    ("data", "media_type"),
    [
        (b"<article><front><article-meta/></front><body/></article>", JATS),
        (b'<?xml version="1.0"?><pmc-articleset><article><front/></article>', JATS),
        (b'<!-- a --><TEI xmlns="http://www.tei-c.org/ns/1.0"><teiHeader/></TEI>', TEI),
        (b"<article><p>An HTML article</p></article>", "text/html"),
    ],
)
def test_the_root_tells_the_kind(data: bytes, media_type: str) -> None:
    assert sniff(data) == media_type


@pytest.mark.parametrize(
    "data",
    [b"<article><front></front></article>", b"<TEI><text><body><p>x</p></body></text></TEI>"],
)
def test_a_document_without_metadata_or_text_is_refused(data: bytes) -> None:
    with pytest.raises(ExtractionError, match=r"no front matter|no header"):
        extract(data)


def bomb() -> bytes:
    levels = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    return (
        f'<!DOCTYPE TEI [<!ENTITY e0 "ha">{levels}]><TEI><teiHeader>&e9;</teiHeader></TEI>'.encode()
    )


def test_entities_of_the_file_are_not_resolved(tmp_path: Path) -> None:
    assert line_of(parse_xml(bomb())) is None
    secret = tmp_path / "secret"
    secret.write_text("secret words")
    declared = f'<!DOCTYPE a [<!ENTITY x SYSTEM "{secret.as_uri()}"><!ENTITY amp2 "y">]>'
    assert line_of(parse_xml(f"{declared}<a>1&x;2&amp2;&amp;&eacute;</a>".encode())) == "12&é"


@pytest.mark.parametrize("data", [b"<?xml version='1.0'?>", b"\x00<", b"words"])
def test_what_is_no_xml_is_called_damaged(data: bytes) -> None:
    with pytest.raises(ExtractionError, match="damaged"):
        parse_xml(data)


@pytest.mark.parametrize("name", ["w:", "a:b:c", "w::val", "x:1", "no.such:Name"])
def test_names_that_are_none_do_no_harm(name: str) -> None:
    root = parse_xml(f"<TEI><{name}>words</{name}></TEI>".encode())
    assert line_of(root) == "words"


def test_a_prefix_without_namespace_is_left_out() -> None:
    root = parse_xml(b"<package><dc:title>On tides</dc:title></package>")
    assert line_of(root.find("title")) == "On tides"


def test_a_declared_encoding_is_used() -> None:
    data = "<?xml version='1.0' encoding='iso-8859-2'?><a>žluť</a>".encode("iso-8859-2")
    assert line_of(parse_xml(data)) == "žluť"


def test_deep_nesting_ends_in_an_answer() -> None:
    deep = (
        b"<TEI><teiHeader/><text><body>" + b"<div>" * 100_000 + b"<p>Words</p></body></text></TEI>"
    )
    with pytest.raises(ExtractionError):
        extract(deep, limits=DEFAULT_LIMITS)
