"""What counts as the main text of a web page."""

import json

import pytest
from lxml.html import document_fromstring

from alexandria.adapters.extractors.html_text import _lay_out, main_text

PARAGRAPH = "Some sentence about the growth of crystals in solution, with a second half. " * 2


def text_of(body: str) -> str:
    return main_text(document_fromstring(f"<html><body>{body}</body></html>"))


def article(*parts: str) -> str:
    prose = "".join(f"<p>{n}. {PARAGRAPH}</p>" for n in range(5))
    return f"<article><h1>On crystals</h1>{prose}{''.join(parts)}</article>"


def test_a_table_that_holds_another_only_lays_out() -> None:
    inner = "<table><tr><td>Salt</td><td>4.17</td></tr></table>"
    page = document_fromstring(f"<table><tr><td>Found:<br>{inner}</td><td>In May</td></tr></table>")
    _lay_out(page)
    assert [table.text_content() for table in page.iter("table")] == ["Salt4.17"]
    assert [cell.text_content() for cell in page.iter("p")] == ["In May"]


def test_a_table_of_one_column_is_no_table() -> None:
    page = article("<table><tr><td>Grown by the method of the hanging drop.</td></tr></table>")
    assert "\nGrown by the method of the hanging drop." in text_of(page)


@pytest.mark.parametrize("name", ["editorial-disclosure", "box sponsor", "newsletter_form"])
def test_notices_within_the_article_are_left_out(name: str) -> None:
    notice = f'<section class="{name}"><p>We are paid when you buy from our partners.</p></section>'
    assert "We are paid" in text_of(article(notice.replace(name, "remark")))
    assert "We are paid" not in text_of(article(notice))


def test_a_long_part_is_kept_whatever_its_name() -> None:
    assert "Some sentence" in text_of(f'<div class="promo">{article()}</div>')


def test_the_caption_of_a_figure_among_paragraphs_is_kept_and_of_others_not() -> None:
    figure = "<figure><img src='a.png'><figcaption>A crystal of alum, grown in May.</figcaption></figure>"
    assert "\nA crystal of alum, grown in May." in text_of(article(figure))
    assert "grown in May" not in text_of(article(f"<div>{figure}</div>"))


def script(data: object) -> str:
    return f"<script>var page = {json.dumps(data)};</script>"


def test_a_page_that_its_script_fills_is_read_from_its_data() -> None:
    parts = [f"&lt;p&gt;Part {n}. {PARAGRAPH}&lt;/p&gt;" for n in range(9)]
    data = {"title": "Crystals", "parts": [{"text": part, "image": "a.png"} for part in parts]}
    text = text_of(f"<p>On the growth of crystals.</p>{script(data)}")
    assert text.startswith("Part 0. Some sentence")
    assert text.count("\n") == 8
    assert "a.png" not in text


def test_data_in_the_scripts_of_a_page_with_text_is_left_alone() -> None:
    data = {"related": [f"<p>Other {n}. {PARAGRAPH}</p>" for n in range(90)]}
    body = "".join(f"<p>{n}. {PARAGRAPH}</p>" for n in range(12))
    assert "Other" not in text_of(f"<article>{body}</article>{script(data)}")


@pytest.mark.parametrize("code", ["a = {<p> no data", "x = [" * 3000 + "'<p>'", "<p>", "= {} = [1"])
def test_code_in_scripts_is_no_data(code: str) -> None:
    assert "Some sentence" in text_of(f"{article()}<script>{code}</script>")
