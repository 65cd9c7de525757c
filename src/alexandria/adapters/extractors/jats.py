"""JATS, the XML of journal articles: metadata, text by sections, and the references with a DOI."""

import re
from collections.abc import Iterator

from lxml.etree import _Element

from alexandria.adapters.extractors.dates import year_of
from alexandria.adapters.extractors.language import detect_language
from alexandria.adapters.extractors.limits import Limits
from alexandria.adapters.extractors.sniff import JATS
from alexandria.adapters.extractors.text import clean_block
from alexandria.adapters.extractors.xml_reading import block_of, line_of, parse_xml
from alexandria.errors import ExtractionError
from alexandria.protocols.extraction import ExtractedDocument, Record
from alexandria.protocols.identifiers import canonical_url, find_arxiv, find_doi, normalise_doi
from alexandria.protocols.languages import language_code

_BLOCKS = frozenset(
    """
    sec p title label caption fig table-wrap table tr list list-item def-list def-item disp-quote
    disp-formula boxed-text statement verse-group verse-line ack app fn attrib break
    """.split()  # noqa: SIM905 - a table of words
)
_HEADINGS = frozenset({"title"})
_SKIPPED = frozenset(
    """
    object-id graphic media inline-graphic tex-math annotation supplementary-material
    sub-article response permissions
    """.split()  # noqa: SIM905 - a table of words
)
_NOT_NAMED = frozenset(
    {"contrib-group", "xref", "fn", "sup", "degrees", "bio", "contrib-id", "label"}
)
_NO_SUMMARY = frozenset(
    {"toc", "graphical", "teaser", "executive-summary", "key-points", "plain-language-summary"}
)
_OWN_DOI = re.compile(r"^\s*DOI:?\s*\S+$", re.MULTILINE | re.IGNORECASE)
"""Some journals print the DOI of each part below it."""
_DATES = ("ppub", "collection", "pub", "epub", "publication")
"""The date of the issue is the one that citations give."""
_EXTRA = {
    "volume": "volume",
    "issue": "number",
    "elocation-id": "article_number",
}


def extract_jats(data: bytes, _limits: Limits) -> ExtractedDocument:
    root = parse_xml(data)
    article = root if root.tag == "article" else root.find(".//article")
    meta = article.find("front/article-meta") if article is not None else None
    if article is None or meta is None:
        raise ExtractionError(
            "This article in XML has no front matter.", "Export or fetch it again as JATS."
        )
    record = _record(article, meta)
    if not (record.text or record.abstract or record.title):
        raise ExtractionError("This article in XML has no text.", "Export or fetch it again.")
    return ExtractedDocument(media_type=JATS, kind="document", record=record)


def _record(article: _Element, meta: _Element) -> Record:
    title = meta.find("title-group/article-title")
    abstract = _abstract(meta)
    text = _text(article)
    link = meta.find("self-uri")
    return Record(
        title=line_of(title, {"xref", "fn"}),
        abstract=abstract,
        text=text,
        authors=tuple(dict.fromkeys(_authors(meta))),
        year=_year(meta),
        venue=line_of(article.find("front/journal-meta//journal-title")),
        doi=normalise_doi(_article_id(meta, "doi")),
        arxiv_id=find_arxiv(_article_id(meta, "arxiv") or ""),
        url=canonical_url(_href(link)) if link is not None else None,
        language=language_code(_language(article)) or detect_language(text or abstract),
        tags=_lines(meta, "kwd-group/kwd | kwd-group/compound-kwd | kwd-group/nested-kwd/kwd"),
        subjects=_lines(meta, "article-categories//subject"),
        cites=tuple(dict.fromkeys(_cites(article))),
        type="article",
        extra=_extra(article, meta),
    )


def _text(article: _Element) -> str | None:
    parts = [article.find("body"), article.find("back/ack"), article.find("back/app-group")]
    texts = (block_of(part, _BLOCKS, _HEADINGS, _SKIPPED) for part in parts)
    return clean_block(_OWN_DOI.sub("", "\n\n".join(text for text in texts if text)))


def _abstract(meta: _Element) -> str | None:
    """Give the abstract proper, not the digest for the press or the figure."""
    for abstract in meta.iterfind("abstract"):
        if abstract.get("abstract-type") not in _NO_SUMMARY:
            heading = abstract.find("title")
            text = block_of(abstract, _BLOCKS, (), {*_SKIPPED, "label"})
            name = line_of(heading) if heading is not None else None
            return clean_block(_OWN_DOI.sub("", (text or "").removeprefix(name or "")))
    return None


def _authors(meta: _Element) -> Iterator[str]:
    for contributor in meta.iterfind("contrib-group/contrib"):
        if contributor.get("contrib-type", "author") != "author":
            continue
        name = contributor.find("name")
        if name is None:
            name = contributor.find("name-alternatives/name")
        if name is not None:
            parts = (name.find(part) for part in ("given-names", "surname", "suffix"))
            whole = " ".join(text for part in parts if (text := line_of(part)))
        else:
            other = contributor.find("string-name")
            whole = (
                line_of(contributor.find("collab") if other is None else other, _NOT_NAMED) or ""
            )
        if whole:
            yield whole


def _year(meta: _Element) -> int | None:
    dates = {
        date.get("pub-type") or date.get("date-type") or "": year
        for date in meta.iterfind("pub-date")
        if (year := year_of(line_of(date.find("year")) or date.get("iso-8601-date")))
    }
    return next(
        (dates[kind] for kind in _DATES if kind in dates), min(dates.values(), default=None)
    )


def _cites(article: _Element) -> Iterator[str]:
    """Give the DOI of each reference that has one."""
    for reference in article.iterfind("back//ref-list//ref"):
        if doi := _reference_doi(reference):
            yield doi


def _reference_doi(reference: _Element) -> str | None:
    for identifier in reference.iter("pub-id", "object-id", "article-id"):
        if identifier.get("pub-id-type") == "doi" and (doi := normalise_doi(line_of(identifier))):
            return doi
    for link in reference.iter("ext-link", "uri"):
        if "doi.org/" in (href := _href(link) or "") and (doi := normalise_doi(href)):
            return doi
    whole = line_of(reference.find("mixed-citation")) or ""
    return find_doi(whole) if "doi" in whole.lower() else None


def _article_id(meta: _Element, kind: str) -> str | None:
    found = (e for e in meta.iterfind("article-id") if e.get("pub-id-type") == kind)
    return next((text for e in found if (text := line_of(e))), None)


def _lines(meta: _Element, path: str) -> tuple[str, ...]:
    found: list[_Element] = [e for part in path.split(" | ") for e in meta.iterfind(part)]
    return tuple(dict.fromkeys(text for e in found if (text := line_of(e))))


def _href(element: _Element) -> str | None:
    return element.get("{http://www.w3.org/1999/xlink}href")


def _language(article: _Element) -> str | None:
    return article.get("{http://www.w3.org/XML/1998/namespace}lang")


def _extra(article: _Element, meta: _Element) -> dict[str, str]:
    extra = {ours: text for tag, ours in _EXTRA.items() if (text := line_of(meta.find(tag)))}
    pages = [text for tag in ("fpage", "lpage") if (text := line_of(meta.find(tag)))]
    if pages:
        extra["pages"] = "\N{EN DASH}".join(dict.fromkeys(pages))
    for kind in ("pmid", "pmc", "pmcid"):
        if number := _article_id(meta, kind):
            extra[kind.replace("pmcid", "pmc")] = number
    journal = article.find("front/journal-meta")
    for tag, name in (("issn", "issn"), ("publisher/publisher-name", "publisher")):
        if journal is not None and (text := line_of(journal.find(tag))):
            extra[name] = text
    return extra
