"""What each public service answers, turned into a record."""

from pathlib import Path

import pytest

from alexandria.adapters.lookups import arxiv, crossref, datacite, open_library, pubmed
from alexandria.errors import ExtractionError
from alexandria.protocols.extraction import Record
from alexandria.protocols.lookups import Identifier, read_identifier

ANSWERS = Path(__file__).parents[1] / "fixtures" / "lookups"


def answer(name: str) -> bytes:
    return (ANSWERS / name).read_bytes()


def test_crossref() -> None:
    assert crossref.read(answer("crossref.json"), "10.1038/nature14539") == Record(
        title="Deep learning",
        authors=("Yann LeCun", "Yoshua Bengio", "Geoffrey Hinton"),
        year=2015,
        venue="Nature",
        doi="10.1038/nature14539",
        language="en",
        type="article",
        extra={
            "volume": "521",
            "number": "7553",
            "pages": "436-444",
            "publisher": "Springer Science and Business Media LLC",
            "issn": "0028-0836",
        },
    )


def test_crossref_with_a_subtitle_a_group_as_author_and_an_abstract_in_jats() -> None:
    work = b"""{"message": {"title": ["On owls &amp; <i>bats</i>"], "subtitle": ["A study"],
    "author": [{"name": "The Owl Group", "sequence": "first"},
               {"given": "Ada", "family": "Moe", "suffix": "Jr.", "sequence": "additional"}],
    "posted": {"date-parts": [[2020, 1]]}, "issued": {"date-parts": [[null]]},
    "type": "posted-content", "ISBN": ["978-0-14-032872-1"],
    "abstract": "<jats:title>Abstract</jats:title><jats:p>First  one.</jats:p><jats:p>Second.</jats:p>"
    }}"""
    record = crossref.read(work, "10.5555/owls")
    assert record
    assert record.title == "On owls & bats: A study"
    assert record.authors == ("The Owl Group", "Ada Moe Jr.")
    assert (record.year, record.type, record.isbn) == (2020, "preprint", "9780140328721")
    assert record.abstract == "First one.\n\nSecond."


def test_datacite() -> None:
    assert datacite.read(answer("datacite.json"), "10.5438/0012") == Record(
        title="DataCite Metadata Schema Documentation for the Publication and Citation of "
        "Research Data v4.0",
        authors=("DataCite Metadata Working Group",),
        year=2016,
        doi="10.5438/0012",
        url="https://schema.datacite.org/meta/kernel-4.0/index.html",
        language="en",
        type="article",
        extra={"publisher": "DataCite e.V.", "version": "4.0"},
    )


def test_datacite_with_people_and_a_container() -> None:
    found = b"""{"data": {"attributes": {"titles": [{"title": "Eulen", "titleType":
    "TranslatedTitle"}, {"title": "Owls"}], "creators": [{"name": "Moe, Ada", "nameType": "Personal",
    "givenName": "Ada", "familyName": "Moe"}, {"name": "Roe, Bo"},
    {"name": "Owls, Bats and Co", "nameType": "Organizational"}], "publicationYear": "2021",
    "publisher": {"name": "Zenodo"}, "container": {"title": "Acta", "volume": "3",
    "firstPage": "1", "lastPage": "9"}, "types": {"resourceTypeGeneral": "Dataset"},
    "descriptions": [{"description": "How.", "descriptionType": "Methods"},
    {"description": "What <b>it</b> is.", "descriptionType": "Abstract"}]}}}"""
    record = datacite.read(found, "10.5555/owls")
    assert record
    assert (record.title, record.year, record.type) == ("Owls", 2021, "dataset")
    assert record.authors == ("Ada Moe", "Bo Roe", "Owls, Bats and Co")
    assert (record.venue, record.abstract) == ("Acta", "What it is.")
    assert record.extra == {"volume": "3", "pages": "1-9", "publisher": "Zenodo"}


def test_arxiv() -> None:
    record = arxiv.read(answer("arxiv.xml"), "1706.03762")
    assert record
    assert record.title == "Attention Is All You Need"
    assert record.authors[0] == "Ashish Vaswani"
    assert len(record.authors) == 8
    assert (record.year, record.type) == (2017, "preprint")
    assert record.abstract is not None
    assert "recurrent or convolutional" in record.abstract
    assert record.url == "https://arxiv.org/abs/1706.03762"
    assert record.extra == {"note": "15 pages, 5 figures", "primaryclass": "cs.CL"}
    assert arxiv.read(answer("arxiv_unknown.xml"), "1234.56789") is None


def test_arxiv_names_what_it_does_not_know_error_in_another_form() -> None:
    feed = b"""<feed xmlns="http://www.w3.org/2005/Atom"><entry>
    <id>http://arxiv.org/api/errors#incorrect_id_format_for_1706.03762</id><title>Error</title>
    </entry></feed>"""
    assert arxiv.read(feed, "1706.03762") is None


def test_old_ids_of_arxiv_are_asked_for_without_their_class() -> None:
    assert "id_list=math%2F0309136" in arxiv.address("https://a.test", "", "math.gt/0309136")
    entry = (
        b"<feed><entry><id>http://arxiv.org/abs/math/0309136v1</id><title>T</title></entry></feed>"
    )
    record = arxiv.read(entry, "math.gt/0309136")
    assert record
    assert record.title == "T"


def test_open_library() -> None:
    assert open_library.read(answer("open_library.json"), "9780140328721") == Record(
        title="Fantastic Mr. Fox",
        authors=("Roald Dahl",),
        year=1988,
        isbn="9780140328721",
        url="https://openlibrary.org/books/OL7353617M/Fantastic_Mr._Fox",
        type="book",
        extra={"publisher": "Puffin", "pagetotal": "96"},
    )
    assert open_library.read(b"{}", "9780140328721") is None


def test_pubmed() -> None:
    assert pubmed.read(answer("pubmed.xml"), "9997") == Record(
        title="Magnetic studies of Chromatium flavocytochrome C552. A mechanism for heme-flavin "
        "interaction",
        authors=("T C Strekas",),
        year=1976,
        venue="Biochimica et biophysica acta",
        doi="10.1016/0005-2795(76)90109-4",
        language="en",
        type="article",
        extra={
            "pmid": "9997",
            "volume": "446",
            "number": "1",
            "pages": "179-191",
            "issn": "0006-3002",
        },
    )
    assert pubmed.read(answer("pubmed_unknown.xml"), "1") is None


def test_pubmed_with_a_structured_abstract_and_a_group() -> None:
    found = b"""<PubmedArticleSet><PubmedArticle><MedlineCitation><PMID>5</PMID><Article>
    <ArticleTitle>Owls of <i>Asia</i></ArticleTitle><ELocationID EIdType="doi">10.5555/O</ELocationID>
    <Abstract><AbstractText Label="AIM">To  see.</AbstractText><AbstractText Label="RESULTS">Seen.
    </AbstractText></Abstract><AuthorList><Author><CollectiveName>Owl Group</CollectiveName></Author>
    </AuthorList><Journal><JournalIssue><PubDate><MedlineDate>1998 Dec-1999 Jan</MedlineDate></PubDate>
    </JournalIssue></Journal></Article></MedlineCitation></PubmedArticle></PubmedArticleSet>"""
    record = pubmed.read(found, "5")
    assert record
    assert (record.title, record.doi, record.year) == ("Owls of Asia", "10.5555/o", 1998)
    assert record.abstract == "Aim: To see.\n\nResults: Seen."
    assert record.authors == ("Owl Group",)


@pytest.mark.parametrize("form", [crossref, datacite, open_library, arxiv, pubmed])
@pytest.mark.parametrize("data", [b"", b"[]", b"{", b"<html>Busy</html>", b"\xff\x00", b"null"])
def test_what_is_no_answer_is_said_to_be_none(form: object, data: bytes) -> None:
    with pytest.raises(ExtractionError):
        form.read(data, "1")  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("10.1038/NATURE14539", "doi:10.1038/nature14539"),
        (" https://doi.org/10.1038/nature14539 ", "doi:10.1038/nature14539"),
        ("doi:10.5438/0012", "doi:10.5438/0012"),
        ("arXiv:1706.03762v5", "arxiv:1706.03762"),
        ("1706.03762", "arxiv:1706.03762"),
        ("https://doi.org/10.48550/arXiv.1706.03762", "arxiv:1706.03762"),
        ("978-0-14-032872-1", "isbn:9780140328721"),
        ("ISBN 0140328726", "isbn:9780140328721"),
        ("isbn:9780140328721", "isbn:9780140328721"),
        ("pmid:9997", "pmid:9997"),
        ("PMID 0009997", "pmid:9997"),
        ("https://pubmed.ncbi.nlm.nih.gov/9997/", "pmid:9997"),
        ("9997", "pmid:9997"),
        ("9780140328722", None),
        ("a book, ISBN 9780140328721", None),
        ("owls", None),
        ("", None),
        ("0", None),
        ("1234567890123456", None),
    ],
)
def test_what_people_type_as_an_identifier(typed: str, found: str | None) -> None:
    identifier = read_identifier(typed)
    assert (identifier and str(identifier)) == found
    if identifier:
        assert read_identifier(str(identifier)) == Identifier(identifier.scheme, identifier.value)
