# ruff: noqa: RUF001 - dashes as they are printed
from pathlib import Path

import pytest
from lxml.html import document_fromstring

from alexandria.adapters.extractors.html import extract_html
from alexandria.adapters.extractors.html_metadata import read_metadata
from alexandria.adapters.extractors.html_title import find_title, site_name, without_site
from alexandria.errors import ExtractionError
from alexandria.protocols.extraction import Record

FIXTURES = Path(__file__).parents[1] / "fixtures" / "extractors"
WORDS = "<p>" + "Some sentence about the growth of crystals in solution. " * 8 + "</p>"

SHOUTED = "<meta property='og:title' content='You will not believe what salt can do'>"
HEADLINE = '{"@type": "Article", "headline": "On salt"}'


def record(html: str | bytes, **options: str) -> Record:
    data = html.encode() if isinstance(html, str) else html
    found = extract_html(data, **options).record
    assert found is not None
    return found


@pytest.fixture(scope="module")
def page() -> Record:
    return record((FIXTURES / "page.html").read_bytes(), url="https://letters.example.org/x")


def test_what_an_article_says_of_itself(page: Record) -> None:
    assert page.title == "The voyage of the Beagle"
    assert page.authors == ("Charles Darwin",)
    assert (page.year, page.venue) == (2009, "Natural History Letters")
    assert page.url == "https://letters.example.org/letters/beagle"
    assert page.abstract == "What five years at sea taught a young naturalist."
    assert (page.language, page.type) == ("en", "webpage")
    assert page.tags == ("Galápagos", "finches")


def test_only_the_main_text_is_kept(page: Record) -> None:
    text = page.text or ""
    assert "crates and notebooks" in text
    assert "sorted in London" in text
    assert "Subscribe" not in text
    assert "Cookie" not in text


def test_scholarly_tags() -> None:
    paper = record((FIXTURES / "scholarly.html").read_bytes())
    assert paper.authors == ("D'Arcy Wentworth Thompson", "Julian Huxley")
    assert (paper.year, paper.venue) == (1917, "Biological Reviews")
    assert (paper.doi, paper.type) == ("10.1000/growth.1", "article")
    assert paper.extra == {"volume": "3", "pages": "12–34", "date": "1917/05/01"}


@pytest.mark.parametrize(
    ("title", "site", "kept"),
    [
        ("On salt | The Daily Crystal", "The Daily Crystal", "On salt"),
        ("The Daily Crystal: On salt", "The Daily Crystal", "The Daily Crystal: On salt"),
        ("The Daily Crystal - On salt", "The Daily Crystal", "On salt"),
        ("Salt - a history", "The Daily Crystal", "Salt - a history"),
        ("On salt [crystal.net]", "crystal", "On salt"),
    ],
)
def test_the_name_of_the_site_is_cut_off(title: str, site: str, kept: str) -> None:
    assert without_site(title, [site]) == kept


@pytest.mark.parametrize(
    ("head", "body", "title"),
    [
        ("<title>On salt - news</title>", "<h1>News</h1><h1>On salt</h1>", "On salt"),
        ("<title>Home</title><meta property='og:title' content='On salt'>", "", "On salt"),
        ("", "<h1>On salt</h1>", "On salt"),
        (
            f"<title></title><title>On salt - News</title>{SHOUTED}",
            "<h1>On salt</h1>",
            "On salt",
        ),
        (
            f"{SHOUTED}<script type='application/ld+json'>{HEADLINE}</script>",
            "<h1>On salt</h1>",
            "On salt",
        ),
        ("<title>On salt</title>", "", "On salt"),
        (
            "<title>Crystal News - Salt</title><meta property=og:site_name content='Crystal News'>",
            "<h1>Crystal News</h1>",
            "Salt",
        ),
        ("", "", None),
    ],
)
def test_where_the_title_is_found(head: str, body: str, title: str | None) -> None:
    tree = document_fromstring(f"<html><head>{head}</head><body>{body}x</body></html>")
    page = read_metadata(tree)
    assert find_title(tree, page, site_name(page), None) == title


@pytest.mark.parametrize(
    ("markup", "authors"),
    [
        (
            "<meta name=author content='By Rosalind Franklin and Maurice Wilkins'>",
            ("Rosalind Franklin", "Maurice Wilkins"),
        ),
        (
            "<p class='post-byline'>By Rosalind Franklin, Staff Writer | May 3, 2020</p>",
            ("Rosalind Franklin",),
        ),
        ("<a rel=author>Rosalind Franklin</a>", ("Rosalind Franklin",)),
        ("<p class=author>about the author</p>", ()),
    ],
)
def test_bylines(markup: str, authors: tuple[str, ...]) -> None:
    assert (
        record(f"<html><body><article>{markup}{WORDS}</article></body></html>").authors == authors
    )


def test_dates_are_only_taken_where_they_are_declared() -> None:
    assert record(f"<body><time datetime='2011-03-04'>March</time>{WORDS}</body>").year == 2011
    assert record(f"<body><p>In 1999 something happened.</p>{WORDS}</body>").year is None
    dated = record(f"<body>{WORDS}</body>", url="https://example.org/2014/07/15/salt")
    assert dated.year == 2014


def test_a_canonical_address_of_the_front_page_is_not_believed() -> None:
    html = f"<head><link rel=canonical href='https://example.org/'></head><body>{WORDS}</body>"
    assert record(html, url="https://example.org/salt").url == "https://example.org/salt"


def test_the_declared_encoding_is_used() -> None:
    html = f"<head><meta charset=iso-8859-2><title>Łódź</title></head><body>{WORDS}</body>"
    assert record(html.encode("iso8859-2")).title == "Łódź"
    html = f"<head><title>Łódź</title></head><body>{WORDS}</body>"
    typed = record(html.encode("iso8859-2"), declared_type="text/html; charset=ISO-8859-2")
    assert typed.title == "Łódź"


@pytest.mark.parametrize(
    "html",
    ["<html></html>", "<!-- nothing -->", "<body><a href=/>Home</a></body>", "<div>" * 50_000],
)
def test_a_page_without_main_text_is_refused(html: str) -> None:
    with pytest.raises(ExtractionError) as raised:
        extract_html(html.encode())
    assert raised.value.remedy
