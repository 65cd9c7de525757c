import bz2
import gzip
import io
import lzma
import zipfile
from collections.abc import Callable

import pytest

from alexandria.adapters.extractors.compression import unpack
from alexandria.adapters.extractors.limits import DEFAULT_LIMITS, Limits
from alexandria.adapters.extractors.sniff import (
    BIBTEX,
    CSL_JSON,
    HTML,
    JSON,
    JSON_LINES,
    MARKDOWN,
    PDF,
    PLAIN,
    RIS,
    sniff,
)
from alexandria.errors import ExtractionError


@pytest.mark.parametrize(
    ("data", "filename", "media_type"),
    [
        (b"%PDF-1.7 rest", "notes.txt", PDF),
        (b"\n\n%PDF-1.4", None, PDF),
        (b"<!DOCTYPE html><p>x", None, HTML),
        (b'<?xml version="1.0"?>\n<!-- saved -->\n<html xmlns="x">', "a.xml", HTML),
        (b"<p>Only a fragment", None, HTML),
        (b"@article{a, title = {A}}", "refs.txt", BIBTEX),
        (b"Exported from a program.\n\n@book(b,\n title = {B})", None, BIBTEX),
        ("@misc{x,\n title = {UTF-16}}".encode("utf-16"), None, BIBTEX),
        (b"\xef\xbb\xbf\nTY  - JOUR\nER  - \n", "x.txt", RIS),
        (b'{"id": 1}\n{"id": 2}\n', None, JSON_LINES),
        (b'{"id": 1}\n{"id": 2,\n', None, JSON_LINES),
        (b'{"title": "one object on one line"}', "x.json", JSON_LINES),
        (b'{"text": "' + b"long " * 60_000 + b'"}\n{"text": "b"}', None, JSON_LINES),
        (b'{\n  "title": "laid out",\n  "year": 1900\n}', None, JSON),
        (b'[\n {"title": "A"}\n]', None, JSON),
        (b'[{"title": "A", "issued": {"date-parts": [[1900]]}}]', None, CSL_JSON),
        (b"# Title\n\nSome *text* with [a link](http://a.org/).", None, MARKDOWN),
        (b"# Usage\n\n```\n@article{a, title = {A}}\n```\n", None, MARKDOWN),
        (b"Plain words, nothing more.", None, PLAIN),
        (b"Plain words, nothing more.", "x.md", MARKDOWN),
        (b"# not a heading but a comment\n\n- a\n- b\n", "x.txt", PLAIN),
        (b"[Note: a plain text that begins with a bracket] and goes on.", None, PLAIN),
        (b"Write to @someone or to someone@example.org (soon).", None, PLAIN),
        (b"< 5 per cent of the sample", None, PLAIN),
        ("Größe und Maß".encode("latin-1"), None, PLAIN),
    ],
)
def test_content_decides_what_a_file_is(data: bytes, filename: str | None, media_type: str) -> None:
    assert sniff(data, filename) == media_type


def test_the_declared_type_settles_what_is_left_open() -> None:
    assert sniff(b"Words.", None, "text/markdown; charset=utf-8") == MARKDOWN
    assert sniff(b"%PDF-1.4", None, "text/html") == PDF


def office_file(inside: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("[Content_Types].xml", "x")
        archive.writestr(inside, "x")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"\x89PNG\r\n\x1a\n", "image (PNG)"),
        (b"\xff\xd8\xff\xe0", "image (JPEG)"),
        (office_file("xl/workbook.xml"), "Excel workbook"),
        (office_file("ppt/presentation.xml"), "PowerPoint presentation"),
        (office_file("visio/document.xml"), "file of an office program"),
        (office_file("META-INF/manifest.xml"), "OpenDocument file"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "Microsoft Office"),
        (b"%!PS-Adobe-3.0", "PostScript"),
        (b'<?xml version="1.0"?><rss></rss>', "XML document (rss)"),
        (b'<?xml version="1.0"?>\n<!DOCTYPE article PUBLIC "x">', "XML document (article)"),
        (bytes(range(32)) * 40, "binary file"),
    ],
)
def test_other_formats_are_named_with_a_remedy(data: bytes, name: str) -> None:
    with pytest.raises(ExtractionError, match="seems to be") as raised:
        sniff(data)
    assert name in raised.value.message
    assert "PDF" in raised.value.remedy


@pytest.mark.parametrize("data", [b"", b" \n\t "])
def test_an_empty_file_says_so(data: bytes) -> None:
    with pytest.raises(ExtractionError, match="empty"):
        sniff(data)


@pytest.mark.parametrize("compress", [gzip.compress, bz2.compress, lzma.compress])
def test_compressed_files_are_unpacked_up_to_a_limit(compress: Callable[[bytes], bytes]) -> None:
    packed = compress(b"x" * 5_000)
    assert unpack(packed, DEFAULT_LIMITS) == b"x" * 5_000
    assert unpack(packed + packed + b"\0\0", DEFAULT_LIMITS) == b"x" * 10_000
    assert unpack(b"not packed", DEFAULT_LIMITS) == b"not packed"
    with pytest.raises(ExtractionError, match="unpacks to more than"):
        unpack(packed, Limits(max_unpacked_bytes=1_000))
    with pytest.raises(ExtractionError, match="unpacks to more than"):
        unpack(packed + packed, Limits(max_unpacked_bytes=7_000))
    with pytest.raises(ExtractionError, match="cut off"):
        unpack(packed[:-9], DEFAULT_LIMITS)
    with pytest.raises(ExtractionError, match="damaged"):
        unpack(packed[:10] + b"\xff" * 60, DEFAULT_LIMITS)
