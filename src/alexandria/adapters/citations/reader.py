"""Reads what documents cite, and the headers of papers, with the models in a bundle."""

from functools import cached_property
from pathlib import Path

from lxml.etree import _Element

from alexandria.adapters.citations.bundle import CLASSES, Bundle
from alexandria.adapters.citations.header_features import HeaderFeatures
from alexandria.adapters.citations.header_reader import HeaderReader
from alexandria.adapters.citations.header_training import HEADERS
from alexandria.adapters.citations.html_references import html_references
from alexandria.adapters.citations.list_features import ListFeatures
from alexandria.adapters.citations.list_finder import ListFinder
from alexandria.adapters.citations.list_splitter import ListSplitter
from alexandria.adapters.citations.list_training import FINDER, LISTS
from alexandria.adapters.citations.phrases import Phrases
from alexandria.adapters.citations.reference_features import ReferenceFeatures
from alexandria.adapters.citations.reference_parser import ReferenceParser
from alexandria.adapters.citations.reference_training import FULL, NAMES, PLAIN
from alexandria.adapters.citations.sequence_model import SequenceModel
from alexandria.adapters.citations.structured import jats_references, tei_references
from alexandria.adapters.citations.words import WordClasses
from alexandria.adapters.extractors.compression import unpack
from alexandria.adapters.extractors.html_parsing import parse_page
from alexandria.adapters.extractors.limits import DEFAULT_LIMITS
from alexandria.adapters.extractors.registry import extract
from alexandria.adapters.extractors.sniff import HTML, JATS, TEI, sniff
from alexandria.adapters.extractors.xml_reading import parse_xml
from alexandria.protocols.citations import Header, Reference
from alexandria.protocols.extraction import Record

_STRUCTURED = {JATS: jats_references, TEI: tei_references}


class BundledCitationReader:
    """Each model is loaded when it is first needed."""

    def __init__(self, trained: Path | None = None, bundle: Bundle | None = None) -> None:
        """Use the models in the folder `trained`, and of those that it lacks the bundled ones."""
        self._bundle = bundle or Bundle(trained)

    @property
    def model(self) -> str:
        return f"citations {self._bundle.version}"

    def parse_reference(self, text: str) -> Reference:
        return self._parser.parse(text)

    def split_references(self, text: str) -> list[str]:
        return self._splitter.split(text)

    def reference_lines(self, text: str) -> list[int]:
        return self._finder.lines(text)

    def find_references(self, text: str) -> list[str]:
        return [entry for part in self._finder.lists(text) for entry in self.split_references(part)]

    def references_in_text(self, text: str) -> list[Reference]:
        return [self.parse_reference(entry) for entry in self.find_references(text)]

    def references_of(self, data: bytes, media_type: str | None = None) -> list[Reference]:
        data = unpack(data, DEFAULT_LIMITS)
        kind = sniff(data, None, media_type)
        if kind in _STRUCTURED:
            root: _Element = parse_xml(data)
            return list(_STRUCTURED[kind](root, self.parse_reference))
        if kind == HTML and (found := html_references(parse_page(data, media_type))):
            return [self.parse_reference(entry) for entry in found]
        document = extract(data, declared_type=media_type)
        if document.kind == "bibliography":
            return [_entry(each.record) for each in document.records if each.record]
        return self.references_in_text(document.record.text or "") if document.record else []

    def read_header(self, text: str) -> Header:
        return self._header_reader.read(text)

    @cached_property
    def _classes(self) -> WordClasses:
        return WordClasses(self._bundle.file(CLASSES))

    @cached_property
    def _parser(self) -> ReferenceParser:
        model = SequenceModel(self._bundle.file(name) for name in (PLAIN, FULL))
        names = Phrases.load(self._bundle.file(NAMES))
        return ReferenceParser(model, ReferenceFeatures(self._classes, names))

    @cached_property
    def _splitter(self) -> ListSplitter:
        model = SequenceModel(self._bundle.file(name) for name in LISTS)
        return ListSplitter(model, ListFeatures(self._classes), self._classes)

    @cached_property
    def _finder(self) -> ListFinder:
        return ListFinder(SequenceModel([self._bundle.file(FINDER)]))

    @cached_property
    def _header_reader(self) -> HeaderReader:
        model = SequenceModel(self._bundle.file(name) for name in HEADERS)
        return HeaderReader(model, HeaderFeatures(self._classes))


def _entry(record: Record) -> Reference:
    """Give an entry of a bibliography as a reference."""
    author = ", ".join(record.authors)
    parts = (author, record.title, record.venue, str(record.year or ""))
    return Reference(
        raw=". ".join(part for part in parts if part),
        authors=record.authors,
        author=author or None,
        title=record.title,
        venue=record.venue,
        year=record.year,
        volume=record.extra.get("volume"),
        issue=record.extra.get("number"),
        pages=record.extra.get("pages"),
        publisher=record.extra.get("publisher"),
        doi=record.doi,
        arxiv_id=record.arxiv_id,
        url=record.url,
    )
