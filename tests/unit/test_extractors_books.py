"""Word documents and EPUB books, whole, odd and hostile."""

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from alexandria.adapters.extractors.limits import DEFAULT_LIMITS, Limits
from alexandria.adapters.extractors.registry import extract
from alexandria.adapters.extractors.sniff import DOCX, EPUB
from alexandria.adapters.extractors.zip_files import ZipReader
from alexandria.errors import ExtractionError
from alexandria.protocols.extraction import Record

FIXTURES = Path(__file__).parents[1] / "fixtures" / "extractors"
CONTAINER = (
    '<container><rootfiles><rootfile full-path="a/book.opf"/><rootfile/></rootfiles></container>'
)
CHAPTER = "<html><body><p>Some words of the chapter.</p></body></html>"


def record(data: bytes) -> Record:
    found = extract(data).record
    assert found is not None
    return found


def pack(parts: Mapping[str, str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def word(body: str, styles: str = "", core: str = "") -> bytes:
    return pack(
        {
            "[Content_Types].xml": "<Types/>",
            "word/document.xml": f'<w:document xmlns:w="urn:w"><w:body>{body}</w:body></w:document>',
            "word/styles.xml": f'<w:styles xmlns:w="urn:w">{styles}</w:styles>',
            "docProps/core.xml": f'<c:core xmlns:c="urn:c" xmlns:dc="urn:dc">{core}</c:core>',
        }
    )


def paragraph(text: str, style: str = "") -> str:
    named = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
    return f"<w:p>{named}<w:r><w:t>{text}</w:t></w:r></w:p>"


def book(opf: str, **parts: str) -> bytes:
    return pack({"META-INF/container.xml": CONTAINER, "a/book.opf": opf} | parts)


def test_a_word_document() -> None:
    document = extract((FIXTURES / "report.docx").read_bytes())
    assert document.media_type == DOCX
    found = document.record
    assert found is not None
    assert found.title == "The tides of a small harbour"
    assert found.authors == ("Ada Lovelace",)
    assert (found.abstract or "").startswith("We watched the water of a small harbour for a month")
    assert found.tags == ("tides", "harbours")
    assert found.extra == {"created": "2011-05-06", "subject": "Harbours"}
    assert (found.text or "").split("\n")[5:] == [
        "Introduction",
        "Whoever moors a boat learns of the lag within a day.",
        "The keeper wrote it down each hour.",
        "A line in a content control.",
        "Day Height",
        "1 2.4 m",
        "",
        "Measurements",
        "First line.",
        "Second line. After a tab.",
        "",
        "Keeper of the light, that is.",
    ]


@pytest.mark.parametrize(
    ("body", "core", "title"),
    [
        (paragraph("On tides", "T1"), "<dc:title>A template's title</dc:title>", "On tides"),
        (paragraph("Tides", "H1"), "<dc:title>A template's title</dc:title>", "Tides"),
        (
            paragraph("Words before") + paragraph("Tides", "H1"),
            "<dc:title>On the tides</dc:title>",
            "On the tides",
        ),
        (
            paragraph("Words before") + paragraph("Tides", "H1"),
            "<dc:title>Microsoft Word - a.doc</dc:title>",
            "Tides",
        ),
        (paragraph("Words alone"), "", None),
    ],
)
def test_the_title_of_a_word_document(body: str, core: str, title: str | None) -> None:
    styles = (
        '<w:style w:styleId="T1"><w:name w:val="Title"/></w:style>'
        '<w:style w:styleId="H1"><w:name w:val="heading 1"/></w:style>'
    )
    assert record(word(body, styles, core)).title == title


def test_a_word_document_without_words_is_refused() -> None:
    with pytest.raises(ExtractionError, match="no words in it"):
        extract(word(paragraph(" ")))
    with pytest.raises(ExtractionError, match="no body"):
        extract(pack({"word/document.xml": "<w:document xmlns:w='urn:w'/>"}))


def test_a_book() -> None:
    document = extract((FIXTURES / "book.epub").read_bytes())
    assert document.media_type == EPUB
    found = document.record
    assert found is not None
    assert found.title == "The Harbour and the Sea"
    assert found.authors == ("Mary Somerville",)
    assert (found.year, found.isbn, found.type) == (1848, "9780306406157", "book")
    assert found.abstract == "How a town learned from its tides."
    assert found.tags == ("Harbours", "Tides")
    assert found.extra == {"publisher": "The Imagined Press"}
    assert (found.text or "").split("\n") == [
        "The town",
        "The town lay between a hill and the water.",
        "Its people lived by both.",
        "",
        "The sea",
        "The sea came twice a day, and left the boats on the mud.",
        "High 4 m",
    ]


OPF = """<package xmlns:opf="http://www.idpf.org/2007/opf" xmlns:dc="urn:dc"><metadata>
<dc:title>Old</dc:title><dc:creator opf:role="aut">North, Marianne</dc:creator>
<dc:creator opf:role="trl">Someone Else</dc:creator>
<dc:date opf:event="creation">2001</dc:date><dc:date opf:event="publication">1892</dc:date>
</metadata><manifest><item id="x" href="../b/x%20y.html#top" media-type="text/html"/>
<item id="z" href="z.html" media-type="text/html"/></manifest>
<spine><itemref idref="x"/><itemref idref="z"/></spine></package>"""


def test_an_older_book_and_a_chapter_that_is_missing() -> None:
    document = extract(book(OPF, **{"b/x y.html": CHAPTER}))
    assert document.record is not None
    assert document.record.authors == ("Marianne North",)
    assert document.record.year == 1892
    assert document.record.text == "Some words of the chapter."
    assert document.warnings == ("The chapter “a/z.html” is missing in the file.",)


def test_copy_protection_is_named_and_scrambled_fonts_are_none() -> None:
    def encrypted(uri: str) -> str:
        return f'<encryption><EncryptedData><CipherReference URI="{uri}"/></EncryptedData></encryption>'

    parts = {"b/x y.html": CHAPTER, "META-INF/encryption.xml": encrypted("font.otf")}
    assert extract(book(OPF, **parts)).record
    with pytest.raises(ExtractionError, match="copy protection"):
        extract(book(OPF, **parts | {"META-INF/encryption.xml": encrypted("b/x%20y.html")}))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (book(OPF), "no text"),
        (pack({"META-INF/container.xml": CONTAINER}), "does not say where"),
        (pack({"META-INF/container.xml": "words"}), "damaged"),
    ],
)
def test_a_broken_book_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(ExtractionError, match=message) as raised:
        extract(data)
    assert raised.value.remedy


def test_a_zip_file_that_unpacks_to_too_much_is_refused_before_it_is_unpacked() -> None:
    bomb = pack({"word/document.xml": "0" * 2_000_000})
    assert len(bomb) < 20_000
    with pytest.raises(ExtractionError, match="unpacks to more than 1 MB"):
        extract(bomb, limits=Limits(max_unpacked_bytes=1_000_000))
    many = pack({f"word/document{n}": "" for n in range(30)})
    with pytest.raises(ExtractionError, match="holds more than 20 others"):
        extract(many, limits=Limits(max_members=20))


def test_a_size_that_lies_gives_no_more_than_it_says() -> None:
    data = bytearray(pack({"a": "0" * 5_000}))
    at = data.index(b"PK\x01\x02") + 24
    data[at : at + 4] = (10).to_bytes(4, "little")
    reader = ZipReader(bytes(data), DEFAULT_LIMITS)
    with pytest.raises(ExtractionError, match="damaged"):
        reader.read("a")


def test_encrypted_and_damaged_members_are_named() -> None:
    data = bytearray(pack({"a": "some words " * 50}))
    directory = data.index(b"PK\x01\x02")
    locked = bytearray(data)
    locked[directory + 8] |= 1
    with pytest.raises(ExtractionError, match="“a” in this file is encrypted"):
        ZipReader(bytes(locked), DEFAULT_LIMITS).read("a")
    data[40] ^= 0xFF
    with pytest.raises(ExtractionError, match="“a” in this file is damaged"):
        ZipReader(bytes(data), DEFAULT_LIMITS).read("a")
    with pytest.raises(ExtractionError, match="damaged or cut off"):
        extract(bytes(data[:directory]))
