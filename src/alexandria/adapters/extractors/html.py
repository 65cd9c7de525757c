"""Web pages: the main text in blocks, and who wrote what, when and where."""

import re
from collections.abc import Mapping
from urllib.parse import urljoin, urlsplit

import lxml.html
from lxml.etree import ParserError
from lxml.html import HtmlElement

from alexandria.adapters.extractors.bibliography import identify
from alexandria.adapters.extractors.dates import year_of
from alexandria.adapters.extractors.html_metadata import (
    PageMetadata,
    ld_names,
    ld_text,
    read_metadata,
)
from alexandria.adapters.extractors.html_text import SHORTEST, main_text
from alexandria.adapters.extractors.html_title import find_title, site_name
from alexandria.adapters.extractors.language import detect_language, language_code
from alexandria.adapters.extractors.names import first_last
from alexandria.adapters.extractors.people import leading_people, people_in
from alexandria.adapters.extractors.sniff import HTML
from alexandria.adapters.extractors.text import clean_line, clean_text, decode
from alexandria.errors import ExtractionError
from alexandria.protocols.extraction import ExtractedDocument, Record
from alexandria.protocols.identifiers import canonical_url, normalise_doi, normalise_isbn

_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)
_HEADER_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE)
_MAX_TAGS = 20
_DATE_IN_URL = re.compile(r"/(20\d{2}|19\d{2})/(?:0?[1-9]|1[0-2])/")
_BY = re.compile(r"^(?:by|von|par|por|di|door|af|av)\b:?\s+", re.IGNORECASE)
_BYLINE_END = re.compile(
    r"\s*(?:\||·|•|—|\n|\b(?:updated?|published|posted|last)\b"
    r"|\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?\s+\d|\d).*$",
    re.IGNORECASE | re.DOTALL,
)
_BYLINE_CLASS = re.compile(r"(?:^|[\s_-])(?:byline|authors?)(?:[_-]+name)?(?=\s|$)", re.IGNORECASE)
_EXTRA = {
    "citation_volume": "volume",
    "citation_issue": "number",
    "citation_issn": "issn",
    "citation_publisher": "publisher",
    "citation_pdf_url": "pdf_url",
    "citation_pmid": "pmid",
    "citation_dissertation_institution": "institution",
    "citation_technical_report_institution": "institution",
}


def extract_html(
    data: bytes, *, declared_type: str | None = None, url: str | None = None
) -> ExtractedDocument:
    tree = parse_html(data, declared_type)
    page = read_metadata(tree)
    record_url = _url(tree, page, url)
    site = site_name(page)
    title = find_title(tree, page, site, record_url)
    language = _declared_language(tree, page)
    authors = _authors(tree, page, site)
    text = main_text(tree)
    if len(text) < SHORTEST:
        raise ExtractionError(
            "The page has no main text: it may need a browser to fill it, or only link elsewhere.",
            "Open it in a browser, save it as a complete page or PDF, and add that file.",
        )
    date = _date(tree, page)
    identifiers = identify(
        doi=_doi(page), urls=[record_url or ""], arxiv=page.first("citation_arxiv_id")
    )
    record = Record(
        title=title,
        abstract=_abstract(page),
        text=text,
        authors=authors,
        year=year_of(date) or year_of(_year_in_url(record_url)),
        venue=_venue(page) or site,
        doi=identifiers.doi,
        arxiv_id=identifiers.arxiv_id,
        isbn=normalise_isbn(page.first("citation_isbn", "books:isbn")),
        url=identifiers.url,
        language=detect_language(text) or language,
        tags=_tags(page),
        type="article" if page.first("citation_title", "citation_journal_title") else "webpage",
        extra=_extra(page, date),
    )
    return ExtractedDocument(media_type=HTML, kind="document", record=record)


def parse_html(data: bytes, declared_type: str | None) -> HtmlElement:
    in_page = _CHARSET.search(data[:8192])
    in_header = _HEADER_CHARSET.search(declared_type or "")
    name = in_page.group(1).decode("ascii", "ignore") if in_page else None
    text, _ = decode(data, name or (in_header.group(1) if in_header else None))
    source = clean_text(text).encode("utf-8", errors="ignore")
    try:
        return lxml.html.document_fromstring(source, parser=lxml.html.HTMLParser(encoding="utf-8"))
    except ParserError as error:
        raise ExtractionError(
            "The page is empty.", "Open it in a browser and save it again."
        ) from error


def _url(tree: HtmlElement, page: PageMetadata, url: str | None) -> str | None:
    """A canonical address that leads to the front page of a site is a slip of its maker."""
    canonical = next(
        (
            link.get("href")
            for link in tree.iter("link")
            if (link.get("rel") or "").lower() == "canonical"
        ),
        None,
    )
    for found in (canonical, page.first("og:url")):
        address = canonical_url(urljoin(url or "", found) if _is_joinable(found) else None)
        if address and (
            url is None or urlsplit(address).path != "/" or urlsplit(url).path in {"", "/"}
        ):
            return address
    return canonical_url(url)


def _is_joinable(address: str | None) -> bool:
    try:
        urlsplit(address or "")
    except ValueError:
        return False
    return bool(address)


def _authors(tree: HtmlElement, page: PageMetadata, site: str | None) -> tuple[str, ...]:
    scholarly = page.all(
        "citation_author", "dc.creator", "dcterms.creator", "eprints.creators_name"
    )
    if scholarly:
        parts = [part for value in scholarly for part in value.split(";")]
        return tuple(name for part in parts if (name := first_last(part)))
    declared = (
        ld_names(page.article.get("author")),
        page.all("author", "article:author", "parsely-author", "sailthru.author", "byl"),
    )
    for values in declared:
        names = [
            name for value in values for name in _bylines(value) if name != site or people_in(name)
        ]
        if names:
            return tuple(dict.fromkeys(names))
    return tuple(_by_markup(tree))


def _by_markup(tree: HtmlElement) -> list[str]:
    """Give the names from the first element that is marked as the byline and holds some."""
    for element in tree.xpath("//*[@rel='author' or @itemprop='author' or @class]"):
        marked = "author" in {element.get("rel"), element.get("itemprop")}
        if marked or _BYLINE_CLASS.search(element.get("class") or ""):
            text = _BY.sub("", clean_line(element.text_content()) or "")
            if names := leading_people(_BYLINE_END.sub("", text)):
                return names
    return []


def _bylines(value: str) -> list[str]:
    line = _BY.sub("", clean_line(value) or "")
    if "://" in line or "@" in line:
        return []
    line = _BYLINE_END.sub("", line)
    parts = re.split(r"\s*(?:,|;|&|\band\b|\bund\b|\bet\b)\s*", line)
    return [part for part in parts if 3 <= len(part) <= 60 and len(part.split()) <= 5]


def _date(tree: HtmlElement, page: PageMetadata) -> str | None:
    """Only what the page declares; dates somewhere in its text prove nothing."""
    declared = page.first(
        "citation_publication_date",
        "citation_date",
        "citation_online_date",
        "citation_year",
        "dc.date",
        "dcterms.issued",
        "dc.date.issued",
        "dcterms.date",
        "article:published_time",
        "datepublished",
        "parsely-pub-date",
        "date",
        "pubdate",
        "sailthru.date",
        "dcterms.created",
    )
    in_script = ld_text(page.article.get("datePublished") or page.article.get("dateCreated"))
    if declared or in_script:
        return declared or in_script
    times = tree.xpath("//*[@itemprop='datePublished' or self::time[@pubdate]]") or tree.xpath(
        "(//article//time | //header//time | //time)[@datetime]"
    )
    return next(
        (clean_line(t.get("datetime") or t.get("content") or t.text_content()) for t in times), None
    )


def _year_in_url(url: str | None) -> str | None:
    match = _DATE_IN_URL.search(url or "")
    return match.group(1) if match else None


def _venue(page: PageMetadata) -> str | None:
    return page.first(
        "citation_journal_title",
        "citation_conference_title",
        "citation_inbook_title",
        "prism.publicationname",
        "dc.source",
    ) or ld_text(page.article.get("isPartOf"))


def _doi(page: PageMetadata) -> str | None:
    for name in (
        "citation_doi",
        "prism.doi",
        "dc.identifier",
        "dc.identifier.doi",
        "dcterms.identifier",
    ):
        for value in page.meta.get(name, []):
            if doi := normalise_doi(value):
                return doi
    return normalise_doi(
        ld_text(page.article.get("identifier")) or ld_text(page.article.get("sameAs"))
    )


def _abstract(page: PageMetadata) -> str | None:
    return page.first(
        "citation_abstract",
        "dc.description.abstract",
        "dcterms.abstract",
        "dc.description",
        "og:description",
        "description",
        "twitter:description",
    ) or ld_text(page.article.get("description"))


def _declared_language(tree: HtmlElement, page: PageMetadata) -> str | None:
    declared = (
        tree.get("lang"),
        page.first("citation_language", "dc.language", "og:locale", "content-language"),
    )
    return next((code for value in declared if (code := language_code(value))), None)


def _tags(page: PageMetadata) -> tuple[str, ...]:
    values = page.all("citation_keywords", "article:tag", "keywords", "news_keywords", "dc.subject")
    parts = [clean_line(part) for value in values for part in re.split(r"[;,]", value)]
    return tuple(dict.fromkeys(part for part in parts if part and len(part) <= 60))[:_MAX_TAGS]


def _extra(page: PageMetadata, date: str | None) -> Mapping[str, str]:
    extra = {ours: value for theirs, ours in _EXTRA.items() if (value := page.first(theirs))}
    pages = [p for name in ("citation_firstpage", "citation_lastpage") if (p := page.first(name))]
    if pages:
        extra["pages"] = "\N{EN DASH}".join(pages)
    if date:
        extra["date"] = date
    return extra
