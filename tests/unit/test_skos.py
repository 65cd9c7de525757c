"""Thesauri are read whole, and nothing is fetched or grows while they are."""

import socket

import pytest

from alexandria.adapters.skos import FORMATS, SkosFiles
from alexandria.errors import InvalidInputError
from alexandria.protocols.thesauri import Concept

PREFIX = "@prefix skos: <http://www.w3.org/2004/02/skos/core#> .\n@prefix e: <http://e.org/> .\n"
ANIMALS = Concept(
    "http://e.org/animals",
    {"en": "Animals", "de": "Tiere"},
    {"en": ["Beasts", "Fauna"], "": ["Animalia"]},
    {"de": "Lebewesen"},
    "590",
)
OWLS = Concept(
    "http://e.org/owls",
    {"": "Owls & “others” <b>"},
    notation="598.9",
    broader=("http://e.org/animals",),
)


@pytest.mark.parametrize("file_format", sorted(FORMATS))
def test_what_is_written_is_read_as_it_was(file_format: str) -> None:
    data = SkosFiles().write([OWLS, ANIMALS], file_format)
    assert SkosFiles().read(data) == [ANIMALS, OWLS]


def test_narrower_says_the_same_as_broader() -> None:
    text = PREFIX + (
        'e:a a skos:Concept; skos:prefLabel "A"; skos:narrower e:b.'
        ' e:b a skos:Concept; skos:prefLabel "B".'
    )
    assert [one.broader for one in SkosFiles().read(text.encode())] == [(), ("http://e.org/a",)]


XML = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
 xmlns:skos="http://www.w3.org/2004/02/skos/core#"><skos:Concept rdf:about="http://e.org/a">
 <skos:prefLabel>{}</skos:prefLabel></skos:Concept></rdf:RDF>"""
CONTEXT = '{"skos": "http://www.w3.org/2004/02/skos/core#"}'


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "no concepts"),
        ("this is no thesaurus", "can't be read"),
        ("{", "JSON is broken"),
        ("<?xml version='1.0'?><rdf:RDF", "XML is broken"),
        (PREFIX + "e:a a skos:Concept.", "no preferred label"),
        (PREFIX + '[] a skos:Concept; skos:prefLabel "A".', "no address"),
        (PREFIX + '<a> a skos:Concept; skos:prefLabel "A".', "relative"),
        ('<!DOCTYPE r [<!ENTITY x "y">]>' + XML.format("&x;"), "document type"),
        (
            '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + XML.format("&x;"),
            "document type",
        ),
        ('{"@context": "http://127.0.0.1:9/c.jsonld"}', "nothing is fetched"),
        (f'{{"@context": [{CONTEXT}, "http://127.0.0.1:9/c"]}}', "nothing is fetched"),
        ('{"@graph": [{"@context": {"@import": "http://127.0.0.1:9/c"}}]}', "nothing is fetched"),
        ('{"@context": {"a": {"@id": "e:a", "@context": "http://127.0.0.1:9/"}}}', "fetched"),
    ],
)
def test_what_cannot_be_read_is_said(text: str, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def connect(*_: object) -> None:
        pytest.fail("something was fetched")

    monkeypatch.setattr(socket.socket, "connect", connect)
    with pytest.raises(InvalidInputError, match=told):
        SkosFiles().read(text.encode())


def test_xml_and_json_are_known_by_their_content() -> None:
    json = f'{{"@context": {CONTEXT}, "@id": "http://e.org/a", "@type": "skos:Concept",'
    json += '"skos:prefLabel": {"@value": "Ä", "@language": "de"}}'
    for text, tag in ((XML.format("Ä"), ""), (json, "de")):
        (found,) = SkosFiles().read(text.encode())
        assert found.preferred == {tag: "Ä"}


def test_too_many_concepts_are_refused() -> None:
    text = PREFIX + "".join(f'e:c{n} a skos:Concept; skos:prefLabel "{n}".\n' for n in range(5001))
    with pytest.raises(InvalidInputError, match="5,001"):
        SkosFiles().read(text.encode())


def test_a_file_that_is_too_large_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="20 MB"):
        SkosFiles().read(b" " * 20_000_001)
