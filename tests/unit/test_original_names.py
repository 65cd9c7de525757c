"""Names under which originals are saved: right on any system, in any header."""

import re
from urllib.parse import unquote

import pytest

from alexandria.services.originals import HTML, PDF, UNKNOWN, safe_name
from alexandria.serving import disposition

PLAIN = "text/plain"


@pytest.mark.parametrize(
    ("name", "media_type", "expected"),
    [
        ("paper.pdf", PDF, "paper.pdf"),
        ("PAPER.PDF", PDF, "PAPER.PDF"),
        ("../../etc/passwd", PDF, "passwd.pdf"),
        ("..\\..\\windows\\system.ini", PLAIN, "system.ini"),
        ("https://arxiv.org/pdf/1706.03762", PDF, "1706.03762.pdf"),
        ("https://a.example/Z%C3%BCrich%2F..%2Fx.html?q=1#y", HTML, "x.html"),
        ("https://a.example/", HTML, "A title.html"),
        ("", PDF, "A title.pdf"),
        (".", PDF, "A title.pdf"),
        ("...", PLAIN, "A title.txt"),
        ("invoice\u202efdp.exe", PDF, "invoicefdp.exe.pdf"),
        ("page.php", HTML, "page.php.html"),
        ("page.HTM", HTML, "page.HTM"),
        ("paper.pdf.gz", "application/gzip", "paper.pdf.gz"),
        ('a<b>:"c|d?*.txt', PLAIN, "a_b___c_d__.txt"),
        ("line\r\nbreak\x00.txt", PLAIN, "linebreak.txt"),
        ("Ångström - l'été.txt", PLAIN, "Ångström - l'été.txt"),
        ("论文 🦉.pdf", PDF, "论文 🦉.pdf"),
        ("\ud800.pdf", PDF, "pdf.pdf"),
        ("notes", UNKNOWN, "notes"),
    ],
)
def test_names_are_safe_and_end_as_their_kind_does(
    name: str, media_type: str, expected: str
) -> None:
    assert safe_name(name, "A title", media_type) == expected


def test_names_are_never_longer_than_a_folder_takes() -> None:
    for name in ("x" * 5000 + ".pdf", "论" * 5000 + ".pdf", "https://a.example/" + "é" * 3000):
        found = safe_name(name, "A title", PDF)
        assert len(found.encode()) < 200
        assert found.endswith(".pdf")


@pytest.mark.parametrize(
    "name",
    ["a.pdf", 'quo"ted\\.pdf', "100%.pdf", "é; filename=x.pdf", "论文.pdf", "🦉", "a b'c.txt"],
)
def test_the_header_gives_each_name_back_and_is_plain_ascii(name: str) -> None:
    header = disposition(name)
    assert header.isascii()
    parts = re.fullmatch(
        r"attachment; filename=\"([^\"\\%]+)\"; filename\*=UTF-8''([\w.%-]+)", header
    )
    assert parts
    assert unquote(parts[2]) == name
