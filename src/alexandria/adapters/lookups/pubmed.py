"""PubMed through NCBI's E-utilities (efetch, XML): https://www.ncbi.nlm.nih.gov/books/NBK25499/.

`tool` and `email` name the program and whom to write to; without a key three requests a second are
allowed.
"""

from collections.abc import Iterator
from urllib.parse import urlencode

from lxml.etree import _Element

from alexandria.adapters.extractors.dates import year_of
from alexandria.adapters.extractors.text import clean_block
from alexandria.adapters.extractors.xml_reading import line_of, parse_xml
from alexandria.adapters.lookups.json_reading import without_empty
from alexandria.errors import ExtractionError
from alexandria.protocols.extraction import Record
from alexandria.protocols.identifiers import normalise_doi
from alexandria.protocols.languages import language_code

ACCEPT = "application/xml, text/xml"


def address(base: str, contact: str, pmid: str) -> str:
    asked = {"db": "pubmed", "id": pmid, "retmode": "xml", "tool": "alexandria", "email": contact}
    return f"{base}/entrez/eutils/efetch.fcgi?{urlencode(asked)}"


def read(data: bytes, pmid: str) -> Record | None:
    """Read the article; an id that is not known is answered by an empty set."""
    found = parse_xml(data)
    if found.tag != "PubmedArticleSet":
        raise ExtractionError("It is no set of PubMed's articles.")
    for item in found.iterfind("PubmedArticle"):
        citation = item.find("MedlineCitation")
        if citation is not None and line_of(citation.find("PMID")) == pmid:
            article = citation.find("Article")
            return None if article is None else _record(item, article, pmid)
    return None


def _record(item: _Element, article: _Element, pmid: str) -> Record:
    title = line_of(article.find("ArticleTitle"))
    journal = article.find("Journal")
    issue = None if journal is None else journal.find("JournalIssue")
    return Record(
        title=title.removesuffix(".") if title else None,
        abstract=_abstract(article),
        authors=tuple(dict.fromkeys(_authors(article))),
        year=_year(article, issue),
        venue=_text(journal, "Title"),
        doi=_doi(item, article),
        language=language_code(_text(article, "Language")),
        type="article",
        extra=without_empty(
            {
                "pmid": pmid,
                "volume": _text(issue, "Volume"),
                "number": _text(issue, "Issue"),
                "pages": _pages(article),
                "issn": _text(journal, "ISSN"),
            }
        ),
    )


def _text(element: _Element | None, path: str) -> str | None:
    return None if element is None else line_of(element.find(path))


def _abstract(article: _Element) -> str | None:
    """Give the parts of an abstract as paragraphs, each with its label."""
    paragraphs = []
    for part in article.iterfind("Abstract/AbstractText"):
        if text := line_of(part):
            label = part.get("Label")
            paragraphs.append(f"{label.capitalize()}: {text}" if label else text)
    return clean_block("\n\n".join(paragraphs))


def _authors(article: _Element) -> Iterator[str]:
    for author in article.iterfind("AuthorList/Author"):
        parts = (_text(author, name) for name in ("ForeName", "LastName", "Suffix"))
        if name := " ".join(part for part in parts if part) or _text(author, "CollectiveName"):
            yield name


def _year(article: _Element, issue: _Element | None) -> int | None:
    return (
        year_of(_text(issue, "PubDate/Year"))
        or year_of(_text(issue, "PubDate/MedlineDate"))
        or year_of(_text(article, "ArticleDate/Year"))
    )


def _doi(item: _Element, article: _Element) -> str | None:
    places = (
        *article.iterfind("ELocationID[@EIdType='doi']"),
        *item.iterfind("PubmedData/ArticleIdList/ArticleId[@IdType='doi']"),
    )
    return next((doi for place in places if (doi := normalise_doi(line_of(place)))), None)


def _pages(article: _Element) -> str | None:
    first, last = (_text(article, f"Pagination/{name}Page") for name in ("Start", "End"))
    if first:
        return f"{first}-{last}" if last and last != first else first
    return _text(article, "Pagination/MedlinePgn")
