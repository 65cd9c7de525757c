"""Thesauri as SKOS, in RDF/XML, Turtle or JSON-LD (https://www.w3.org/TR/skos-reference/).

Nothing is fetched while a file is read, and no entity is expanded.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

import orjson
from lxml import etree
from rdflib import RDF, SKOS, Dataset, Graph, Literal, URIRef
from rdflib.term import Node

from alexandria.errors import InvalidInputError
from alexandria.protocols.thesauri import MOST_BYTES, Concept

MOST_CONCEPTS = 5_000
FORMATS = {"turtle": "turtle", "rdf-xml": "pretty-xml", "json-ld": "json-ld"}
"""Our name of a format to the writer of rdflib."""
_NOWHERE = "https://nowhere.invalid/"
"""What relative addresses are resolved against, to be found and refused."""
_XML = re.compile(rb"<(\?xml|!--|!DOCTYPE|([\w.-]+:)?RDF[\s>])")
_NO_ADDRESS = re.compile(r"""[\x00-\x20<>"{}|\\^`\ud800-\udfff]""")
_SCHEME = URIRef("urn:uuid:4f0c1a39-6f6f-5d0f-9a0e-0c6d6a1f2b71")
"""The scheme that holds a library's categories."""


class SkosFiles:
    def read(self, data: bytes) -> list[Concept]:
        """Give the concepts of a file, in the order of their addresses. Raises InvalidInputError."""
        if len(data) > MOST_BYTES:
            raise InvalidInputError(
                f"The file has more than {MOST_BYTES // 1_000_000} MB.",
                "Import a part of the thesaurus.",
            )
        graph = _parsed(data)
        subjects = sorted(set(graph.subjects(RDF.type, SKOS.Concept)), key=str)
        if not subjects:
            raise InvalidInputError(
                "The file has no concepts of SKOS.",
                "Give a thesaurus in RDF/XML, Turtle or JSON-LD.",
            )
        if len(subjects) > MOST_CONCEPTS:
            raise InvalidInputError(
                f"The file has {len(subjects):,} concepts; at most {MOST_CONCEPTS:,} can be imported.",
                "Import a part of the thesaurus.",
            )
        above: dict[Node, set[str]] = defaultdict(set)
        for below, broader in _relations(graph):
            above[below].add(str(broader))
        return [_concept(graph, one, above[one]) for one in subjects]

    def write(self, concepts: Sequence[Concept], file_format: str) -> bytes:
        """Give a file of `file_format` (a key of FORMATS) with one scheme that holds the concepts."""
        graph = Graph()
        graph.bind("skos", SKOS)
        graph.add((_SCHEME, RDF.type, SKOS.ConceptScheme))
        for one in concepts:
            for predicate, value in _statements(one):
                graph.add((URIRef(one.uri), predicate, value))
            for broader in one.broader:
                graph.add((URIRef(broader), SKOS.narrower, URIRef(one.uri)))
            if not one.broader:
                graph.add((_SCHEME, SKOS.hasTopConcept, URIRef(one.uri)))
        return graph.serialize(format=FORMATS[file_format], encoding="utf-8")


def _statements(one: Concept) -> Iterator[tuple[URIRef, Node]]:
    yield RDF.type, SKOS.Concept
    yield SKOS.inScheme, _SCHEME
    for predicate, texts in (
        (SKOS.prefLabel, one.preferred.items()),
        (SKOS.definition, one.definitions.items()),
        (SKOS.altLabel, [(tag, text) for tag, them in one.alternative.items() for text in them]),
    ):
        for language, text in texts:
            yield predicate, Literal(text, lang=language or None)
    if one.notation is not None:
        yield SKOS.notation, Literal(one.notation)
    for broader in one.broader:
        yield SKOS.broader, URIRef(broader)
    if not one.broader:
        yield SKOS.topConceptOf, _SCHEME


def _parsed(data: bytes) -> Graph:
    start = data.removeprefix(b"\xef\xbb\xbf").lstrip()
    if _XML.match(start):
        _refuse_declarations(data)
        parser = "xml"
    elif start[:1] in {b"{", b"["}:
        _refuse_remote_contexts(data)
        parser = "json-ld"
    else:
        parser = "turtle"
    try:
        return Dataset(default_union=True).parse(data=data, format=parser, publicID=_NOWHERE)
    except Exception as error:  # the parsers raise what they like
        raise InvalidInputError(
            f"The file can't be read as {parser}: {' '.join(str(error).split())[:300]}",
            "Give a thesaurus in RDF/XML, Turtle or JSON-LD.",
        ) from error


def _refuse_declarations(data: bytes) -> None:
    """Refuse a document type: it may name files and addresses, and entities that grow."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        tree = etree.fromstring(data, parser).getroottree()
    except etree.XMLSyntaxError as error:
        raise InvalidInputError(f"The XML is broken: {error}.", "Have it written anew.") from error
    if tree.docinfo.internalDTD is not None:
        raise InvalidInputError(
            "The XML declares a document type (DOCTYPE), which is not read.",
            "Save the thesaurus without it, or as Turtle.",
        )


def _refuse_remote_contexts(data: bytes) -> None:
    try:
        waiting: list[Any] = [orjson.loads(data.removeprefix(b"\xef\xbb\xbf"))]
    except orjson.JSONDecodeError as error:
        raise InvalidInputError(f"The JSON is broken: {error}.", "Have it written anew.") from error
    while waiting:
        one = waiting.pop()
        if isinstance(one, list):
            waiting += one
        elif isinstance(one, dict):
            contexts = one.get("@context")
            named = contexts if isinstance(contexts, list) else [contexts]
            if "@import" in one or any(isinstance(context, str) for context in named):
                raise InvalidInputError(
                    "The JSON-LD names a context by its address, and nothing is fetched.",
                    "Put the context itself into the file, or save the thesaurus as Turtle.",
                )
            waiting += one.values()


def _relations(graph: Graph) -> Iterator[tuple[Node, Node]]:
    """Give each pair of a concept and one above it."""
    yield from graph.subject_objects(SKOS.broader)
    for broader, below in graph.subject_objects(SKOS.narrower):
        yield below, broader


def _concept(graph: Graph, subject: Node, broader: set[str]) -> Concept:
    _require_address(subject)
    preferred = {tag: texts[0] for tag, texts in _texts(graph, subject, SKOS.prefLabel).items()}
    if not preferred:
        raise InvalidInputError(
            f"The concept {subject} has no preferred label.", "Give it a skos:prefLabel."
        )
    definitions = _texts(graph, subject, SKOS.definition)
    notations = sorted(map(_clean, graph.objects(subject, SKOS.notation)))
    return Concept(
        uri=str(subject),
        preferred=preferred,
        alternative=_texts(graph, subject, SKOS.altLabel),
        definitions={tag: "\n\n".join(texts) for tag, texts in definitions.items()},
        notation=notations[0] if notations else None,
        broader=tuple(sorted(broader)),
    )


def _require_address(subject: Node) -> None:
    if not isinstance(subject, URIRef):
        raise InvalidInputError("A concept has no address of its own.", "Give each concept an IRI.")
    if _NO_ADDRESS.search(subject):
        raise InvalidInputError(
            f"{subject[:200]!r} is no IRI.",
            "Write spaces and other such signs as %20 and the like.",
        )
    if subject.startswith(_NOWHERE):
        raise InvalidInputError(
            f"The address of the concept {subject.removeprefix(_NOWHERE)!r} is relative.",
            "Give each concept a whole IRI, or the file a base.",
        )


def _clean(text: Node) -> str:
    """Give what every database takes: no NUL, no half of a surrogate pair."""
    return str(text).replace("\x00", "").encode(errors="replace").decode().strip()


def _texts(graph: Graph, subject: Node, predicate: URIRef) -> dict[str, list[str]]:
    """Give the texts by language, each in alphabetical order."""
    found: dict[str, set[str]] = defaultdict(set)
    for one in graph.objects(subject, predicate):
        text = _clean(one)
        if isinstance(one, Literal) and text:
            plain = text if predicate == SKOS.definition else " ".join(text.split())
            found[(one.language or "").lower()].add(plain)
    return {tag: sorted(texts) for tag, texts in sorted(found.items())}
