"""TEI, as libraries and GROBID write it: the header's metadata, the text, the cited DOIs."""

from collections.abc import Iterator

from lxml.etree import _Element

from alexandria.adapters.extractors.dates import year_of
from alexandria.adapters.extractors.language import detect_language
from alexandria.adapters.extractors.limits import Limits
from alexandria.adapters.extractors.names import first_last
from alexandria.adapters.extractors.sniff import TEI
from alexandria.adapters.extractors.xml_reading import block_of, line_of, parse_xml
from alexandria.errors import ExtractionError
from alexandria.protocols.extraction import ExtractedDocument, Record
from alexandria.protocols.identifiers import find_arxiv, normalise_doi, normalise_isbn
from alexandria.protocols.languages import language_code

_BLOCKS = frozenset(
    """
    div p head ab l lg item list table row figure figDesc quote note sp speaker stage opener closer
    salute signed byline docTitle titlePart formula trailer lb
    """.split()  # noqa: SIM905 - a table of words
)
_HEADINGS = frozenset({"head"})
_SKIPPED = frozenset({"graphic", "listBibl", "teiHeader", "facsimile", "standOff", "fw"})
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
_SOURCE = ".//sourceDesc//biblStruct"
_SCOPES = {"volume": "volume", "issue": "number", "page": "pages"}


def extract_tei(data: bytes, _limits: Limits) -> ExtractedDocument:
    root = parse_xml(data)
    header = root.find("teiHeader")
    if header is None:
        header = root.find(".//teiHeader")
    if header is None:
        raise ExtractionError(
            "This TEI document has no header.", "Export it again with its teiHeader."
        )
    record = _record(root, header)
    if not (record.text or record.abstract or record.title):
        raise ExtractionError("This TEI document has no text.", "Export it again.")
    return ExtractedDocument(media_type=TEI, kind="document", record=record)


def _record(root: _Element, header: _Element) -> Record:
    text = _text(root)
    abstract = block_of(header.find("profileDesc/abstract"), _BLOCKS)
    identifiers = {
        (e.get("type") or "").lower(): line_of(e)
        for path in ("publicationStmt/idno", "sourceDesc//idno")
        for e in header.iterfind(f"fileDesc/{path}")
    }
    return Record(
        title=_title(header),
        abstract=abstract,
        text=text,
        authors=_authors(header),
        year=_year(header),
        venue=_first(header, f"{_SOURCE}/monogr/title", f"{_SOURCE}/series/title"),
        doi=normalise_doi(identifiers.get("doi")),
        arxiv_id=find_arxiv(f"arXiv:{identifiers.get('arxiv')}"),
        isbn=normalise_isbn(identifiers.get("isbn")),
        language=_language(root, header) or detect_language(text or abstract),
        tags=_keywords(header),
        cites=tuple(dict.fromkeys(_cites(root))),
        extra=_extra(header),
    )


def _text(root: _Element) -> str | None:
    texts = (
        block_of(part, _BLOCKS, _HEADINGS, _SKIPPED)
        for text in root.iterfind(".//text")
        for part in (text.find("front"), text.find("body"), text.find("group"))
    )
    return "\n\n".join(text for text in texts if text) or None


def _title(header: _Element) -> str | None:
    titles = header.findall("fileDesc/titleStmt/title")
    main = [e for e in titles if e.get("type") == "main"] or titles
    return next((text for e in main if (text := line_of(e))), None) or _first(
        header, f"{_SOURCE}/analytic/title", f"{_SOURCE}/monogr/title"
    )


def _authors(header: _Element) -> tuple[str, ...]:
    """The source names its authors in parts; the statement of the file may name them whole."""
    for path in (f"{_SOURCE}/analytic/author", f"{_SOURCE}/monogr/author", ".//titleStmt/author"):
        names = [name for author in header.iterfind(path) if (name := _name(author))]
        if names:
            return tuple(dict.fromkeys(names))
    return ()


def _name(author: _Element) -> str | None:
    person = author.find("persName")
    if person is None:
        whole = author.find("orgName")
        return first_last(line_of(author if whole is None else whole, {"idno", "email"}) or "")
    parts = [e for tag in ("forename", "nameLink", "surname") for e in person.iterfind(tag)]
    if parts:
        return " ".join(text for e in parts if (text := line_of(e))) or None
    return first_last(line_of(person) or "")


def _year(header: _Element) -> int | None:
    dates = (
        e
        for path in (f"{_SOURCE}//imprint/date", ".//publicationStmt/date", ".//sourceDesc//date")
        for e in header.iterfind(path)
    )
    return next(
        (year for e in dates if (year := year_of(e.get("when")) or year_of(line_of(e)))), None
    )


def _language(root: _Element, header: _Element) -> str | None:
    text = root.find(".//text")
    declared = header.find(".//langUsage/language")
    values = (
        declared.get("ident") if declared is not None else None,
        text.get(_LANGUAGE) if text is not None else None,
        root.get(_LANGUAGE),
    )
    return next((code for value in values if (code := language_code(value))), None)


def _keywords(header: _Element) -> tuple[str, ...]:
    terms = header.iterfind(".//textClass/keywords//term")
    return tuple(dict.fromkeys(text for e in terms if (text := line_of(e))))


def _cites(root: _Element) -> Iterator[str]:
    for reference in root.iterfind(".//listBibl/biblStruct"):
        for identifier in reference.iter("idno"):
            kind = (identifier.get("type") or "").lower()
            if kind == "doi" and (doi := normalise_doi(line_of(identifier))):
                yield doi


def _first(header: _Element, *paths: str) -> str | None:
    found = (e for path in paths for e in header.iterfind(path))
    return next((text for e in found if (text := line_of(e))), None)


def _extra(header: _Element) -> dict[str, str]:
    extra: dict[str, str] = {}
    for scope in header.iterfind(f"{_SOURCE}//imprint/biblScope"):
        name = _SCOPES.get(scope.get("unit") or "")
        ends = [end for end in (scope.get("from"), scope.get("to")) if end]
        if name and (text := line_of(scope) or "\N{EN DASH}".join(ends)):
            extra[name] = text
    if publisher := _first(header, f"{_SOURCE}//imprint/publisher", ".//publicationStmt/publisher"):
        extra["publisher"] = publisher
    return extra
