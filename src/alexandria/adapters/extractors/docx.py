"""Word documents: paragraphs as they stand, by their styles; deleted text is left out.

Read from the XML itself: the libraries for it leave out text in content controls, in boxes, in notes,
or inserted with changes tracked.
"""

import posixpath

from lxml.etree import _Element

from alexandria.adapters.extractors.bibliography import identify, split_keywords
from alexandria.adapters.extractors.dates import year_of
from alexandria.adapters.extractors.language import detect_language
from alexandria.adapters.extractors.limits import Limits
from alexandria.adapters.extractors.pdf_head import find_abstract
from alexandria.adapters.extractors.pdf_title import plausible_title
from alexandria.adapters.extractors.people import people_in
from alexandria.adapters.extractors.sniff import DOCX
from alexandria.adapters.extractors.text import clean_line
from alexandria.adapters.extractors.xml_reading import block_of, line_of, parse_xml
from alexandria.adapters.extractors.zip_files import ZipReader
from alexandria.errors import ExtractionError
from alexandria.protocols.extraction import ExtractedDocument, Record
from alexandria.protocols.languages import language_code

_HEADING = "heading"  # a paragraph of a heading's style is called so
_BLOCKS = frozenset({"p", "tr", "br", "cr", "txbxContent", "footnote", "endnote", _HEADING})
_SKIPPED = frozenset(
    """
    pPr rPr sectPr tblPr del moveFrom Fallback instrText delText separator continuationSeparator
    """.split()  # noqa: SIM905 - a table of words
)
_SPELLED = {"tab": " ", "noBreakHyphen": "-", "ptab": " "}
_NOTES = ("footnotes.xml", "endnotes.xml")
_HEAD_CHARACTERS = 20_000

Paragraphs = list[tuple[str, str]]
"""Name of the style in lower case, and text."""


def extract_docx(data: bytes, limits: Limits) -> ExtractedDocument:
    package = ZipReader(data, limits)
    place = _main_part(package)
    body = parse_xml(package.read(place)).find("body")
    if body is None:
        raise ExtractionError(
            "The Word document has no body.", "Open it in its program, save it anew, and add that."
        )
    folder = posixpath.dirname(place)
    styles = _styles(_part(package, f"{folder}/styles.xml"))
    paragraphs = _paragraphs(body, styles)
    notes = [_part(package, f"{folder}/{name}") for name in _NOTES]
    text = "\n\n".join(part for tree in (body, *notes) if (part := _text(tree)))
    if not any(c.isalnum() for c in text):
        raise ExtractionError(
            "The Word document has no words in it.",
            "If its pages are pictures, print it to a PDF, run text recognition (OCR), and add that.",
        )
    core = _part(package, "docProps/core.xml")
    return ExtractedDocument(
        media_type=DOCX, kind="document", record=_record(paragraphs, text, core)
    )


def _main_part(package: ZipReader) -> str:
    """Give the name of the part that holds the text; nearly always it is word/document.xml."""
    links = _part(package, "_rels/.rels")
    if links is not None:
        for link in links.iter("Relationship"):
            target = (link.get("Target") or "").lstrip("/")
            if (link.get("Type") or "").endswith("/officeDocument") and target in package.names():
                return target
    return "word/document.xml"


def _part(package: ZipReader, name: str) -> _Element | None:
    return parse_xml(package.read(name)) if name in package.names() else None


def _styles(tree: _Element | None) -> dict[str, str]:
    """Give the names of styles by their ids, which programs translate and number."""
    if tree is None:
        return {}
    named = ((style, style.find("name")) for style in tree.iter("style"))
    return {
        _attribute(style, "styleId"): _attribute(name, "val").lower()
        for style, name in named
        if name is not None
    }


def _paragraphs(body: _Element, styles: dict[str, str]) -> Paragraphs:
    """Make the tree ready to be read as text: only runs have text, cells are parts of a row."""
    found: Paragraphs = []
    _tidy(body)
    for paragraph in list(body.iter("p")):
        style = paragraph.find("pPr/pStyle")
        identifier = _attribute(style, "val") if style is not None else ""
        name = styles.get(identifier, identifier.lower())
        if next(paragraph.iterancestors("tc"), None) is not None:
            paragraph.tag = "td"
        elif text := line_of(paragraph, _SKIPPED):
            found.append((name, text))
            if name.startswith(("heading", "title")):
                paragraph.tag = _HEADING
    return found


def _tidy(tree: _Element) -> None:
    for element in tree.iter():
        element.tail = None
        if element.tag != "t":
            element.text = _SPELLED.get(str(element.tag))


def _text(tree: _Element | None) -> str | None:
    if tree is not None:
        _tidy(tree)
    return block_of(tree, _BLOCKS, {_HEADING}, _SKIPPED)


def _attribute(element: _Element, name: str) -> str:
    """Give an attribute whatever its namespace, which differs between kinds of Word files."""
    found = (str(v) for key, v in element.items() if str(key).rpartition("}")[2] == name)
    return next(found, "")


def _record(paragraphs: Paragraphs, text: str, core: _Element | None) -> Record:
    def declared(name: str) -> str | None:
        return line_of(core.find(name)) if core is not None else None

    def styled(*names: str) -> list[str]:
        return [words for style, words in paragraphs if style in names]

    head = text[:_HEAD_CHARACTERS]
    authors = [name for line in styled("author", "authors") for name in people_in(line)]
    abstract = clean_line(" ".join(styled("abstract")))
    identifiers = identify(doi=declared("identifier"), urls=())
    return Record(
        title=_title(paragraphs, declared("title")),
        abstract=abstract or find_abstract(head) or declared("description"),
        text=text,
        authors=tuple(dict.fromkeys(authors or people_in(declared("creator") or ""))),
        year=year_of(next(iter(styled("date")), None)),
        doi=identifiers.doi,
        language=detect_language(text) or language_code(declared("language")),
        tags=split_keywords([declared("keywords") or ""]),
        extra=_extra(declared("created"), declared("subject")),
    )


def _title(paragraphs: Paragraphs, declared: str | None) -> str | None:
    """What the page shows as its title, before the property, which templates hand on."""
    for name in ("title", "heading 1"):
        found = next((text for style, text in paragraphs if style == name), None)
        if found and (name == "title" or paragraphs[0] == (name, found)):
            return found
    heading = next((text for style, text in paragraphs if style == "heading 1"), None)
    return plausible_title(declared) or heading


def _extra(created: str | None, subject: str | None) -> dict[str, str]:
    values = {"created": created and created[:10], "subject": subject}
    return {name: value for name, value in values.items() if value}
