"""EPUB books: the chapters in the order of their spine, and the metadata of the package."""

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote

from lxml.etree import _Element

from alexandria.adapters.extractors.bibliography import plain_block
from alexandria.adapters.extractors.dates import year_of
from alexandria.adapters.extractors.language import detect_language
from alexandria.adapters.extractors.limits import Limits
from alexandria.adapters.extractors.markup import markup_text
from alexandria.adapters.extractors.names import first_last
from alexandria.adapters.extractors.sniff import EPUB
from alexandria.adapters.extractors.text import decode
from alexandria.adapters.extractors.xml_reading import line_of, parse_xml
from alexandria.adapters.extractors.zip_files import ZipReader
from alexandria.errors import ExtractionError
from alexandria.protocols.extraction import ExtractedDocument, Record
from alexandria.protocols.identifiers import normalise_doi, normalise_isbn
from alexandria.protocols.languages import language_code

_CONTAINER = "META-INF/container.xml"
_ENCRYPTION = "META-INF/encryption.xml"
_OPF = "{http://www.idpf.org/2007/opf}"
_WROTE = frozenset({"", "aut", "cre", "dis"})  # roles of those who wrote it: author, creator
_REMEDY = "Open it in a program for books, save it anew as EPUB or PDF, and add that."


@dataclass(slots=True)
class _Book:
    package: _Element
    metadata: _Element
    folder: str
    files: ZipReader


def extract_epub(data: bytes, limits: Limits) -> ExtractedDocument:
    book = _open(ZipReader(data, limits))
    _refuse_protected(book)
    warnings: list[str] = []
    text = "\n\n".join(_chapters(book, limits, warnings))
    if not any(c.isalnum() for c in text):
        raise ExtractionError(
            "The book has no text: its pages may be pictures.",
            "Convert it to a PDF, run text recognition (OCR) on that, and add the result.",
        )
    return ExtractedDocument(
        media_type=EPUB, kind="document", record=_record(book, text), warnings=tuple(warnings)
    )


def _open(files: ZipReader) -> _Book:
    if _CONTAINER not in files.names():
        raise ExtractionError("The EPUB book has no table of its files.", _REMEDY)
    container = parse_xml(files.read(_CONTAINER))
    places = [unquote(e.get("full-path") or "") for e in container.iter("rootfile")]
    place = next((place for place in places if place in files.names()), None)
    if place is None:
        raise ExtractionError("The EPUB book does not say where its chapters are.", _REMEDY)
    package = parse_xml(files.read(place))
    metadata = package.find("metadata")
    return _Book(
        package, package if metadata is None else metadata, posixpath.dirname(place), files
    )


def _refuse_protected(book: _Book) -> None:
    """Raise ExtractionError for chapters under copy protection; fonts may be scrambled."""
    if _ENCRYPTION not in book.files.names():
        return
    encrypted = parse_xml(book.files.read(_ENCRYPTION)).iter("CipherReference")
    if {unquote(e.get("URI") or "") for e in encrypted} & set(_places(book)):
        raise ExtractionError(
            "The book is under copy protection (DRM).",
            "Ask its publisher for a copy without it, and add that.",
        )


def _places(book: _Book) -> list[str]:
    """Give the names of the chapters in the order of reading, each once."""
    hrefs = {
        item.get("id"): unquote((item.get("href") or "").partition("#")[0])
        for item in book.package.iterfind("manifest/item")
        if "html" in (item.get("media-type") or "")
    }
    spine = (item.get("idref") for item in book.package.iterfind("spine/itemref"))
    found = [hrefs[name] for name in spine if name in hrefs] or list(hrefs.values())
    return list(dict.fromkeys(posixpath.normpath(posixpath.join(book.folder, h)) for h in found))


def _chapters(book: _Book, limits: Limits, warnings: list[str]) -> Iterator[str]:
    names, characters = book.files.names(), 0
    for place in _places(book):
        if place not in names:
            warnings.append(f"The chapter “{place}” is missing in the file.")
            continue
        try:
            source = book.files.read(place)
        except ExtractionError as error:
            warnings.append(error.message)
            continue
        if text := markup_text(decode(source)[0]):
            yield text
            characters += len(text)
        if characters > limits.max_text_characters:
            return


def _record(book: _Book, text: str) -> Record:
    identifiers = _values(book, "identifier")
    dates = book.metadata.findall("date")
    published = [e for e in dates if e.get(f"{_OPF}event") == "publication"] or dates
    publisher = _values(book, "publisher")
    language = next((code for v in _values(book, "language") if (code := language_code(v))), None)
    return Record(
        title=_title(book),
        abstract=plain_block(next(iter(_values(book, "description")), None)),
        text=text,
        authors=_authors(book),
        year=next((year for e in published if (year := year_of(line_of(e)))), None),
        doi=next((doi for v in identifiers if (doi := normalise_doi(v))), None),
        isbn=next((isbn for v in identifiers if (isbn := normalise_isbn(v))), None),
        language=detect_language(text) or language,
        tags=tuple(dict.fromkeys(_values(book, "subject"))),
        type="book",
        extra={"publisher": publisher[0]} if publisher else {},
    )


def _title(book: _Book) -> str | None:
    titles = book.metadata.findall("title")
    main = [e for e in titles if _refined(book, e, "title-type") == "main"] or titles
    return next((text for e in main if (text := line_of(e))), None)


def _authors(book: _Book) -> tuple[str, ...]:
    names = (
        first_last(line_of(creator) or "")
        for creator in book.metadata.iterfind("creator")
        if (creator.get(f"{_OPF}role") or _refined(book, creator, "role")) in _WROTE
    )
    return tuple(dict.fromkeys(name for name in names if name))


def _refined(book: _Book, element: _Element, name: str) -> str:
    """Give what EPUB 3 says of an element in another: its role, its kind."""
    wanted = f"#{element.get('id')}"
    for meta in book.metadata.iterfind("meta"):
        if meta.get("refines") == wanted and meta.get("property") == name:
            return line_of(meta) or ""
    return ""


def _values(book: _Book, name: str) -> list[str]:
    return [text for e in book.metadata.iterfind(name) if (text := line_of(e))]
