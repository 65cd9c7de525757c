"""The main text of a web page, in blocks: what an article extractor finds once the page is tidied."""

import copy
import re
from collections.abc import Iterable

from lxml.html import HtmlElement
from lxml.html.builder import P
from trafilatura import bare_extraction, baseline

from alexandria.adapters.extractors.html_scripts import scripted_text
from alexandria.adapters.extractors.text import clean_block, clean_line

SHORTEST = 25
"""Characters; less is a menu, not a text."""
_SHORT = 1_500  # a page with more characters than this is not filled by its script
_MUCH_MORE = 3  # times the visible text
_BESIDE = re.compile(
    r"(?:^|[\s_-])(?:disclosures?|disclaimers?|advert\w*|sponsor\w*|promo|promotions?|newsletters?"
    r"|paywall|cookies?)(?=$|[\s_-])",
    re.IGNORECASE,
)
_LONGEST_BESIDE = 600  # characters; more is a part of the page, whatever its name
_PARAGRAPH = 80
_BLOCKS = (
    ".//p | .//div | .//ul | .//ol | .//h1 | .//h2 | .//h3 | .//table | .//blockquote | .//pre"
)
_PROSE = ".//p | .//h1 | .//h2 | .//h3 | .//blockquote"


def main_text(tree: HtmlElement) -> str:
    """Give the main text; short pages are taken as they are."""
    page = copy.deepcopy(tree)
    scripted = scripted_text(page)
    _lay_out(page)
    _leave_out_asides(page)
    _keep_captions(page)
    text = _article(page)
    filled = len(text) < _SHORT and len(scripted) > max(_MUCH_MORE * len(text), SHORTEST)
    return scripted if filled else text


def _article(page: HtmlElement) -> str:
    document = bare_extraction(copy.deepcopy(page), include_comments=False, with_metadata=False)
    text = clean_block(getattr(document, "text", None)) or ""
    if len(text) >= SHORTEST:
        return text
    _, text, _ = baseline(page)
    return clean_block(text) or ""


def _lay_out(page: HtmlElement) -> None:
    """Turn the tables that only place things on the page into what they stand for."""
    for table in list(page.iter("table")):
        own = [e for e in table.iter("tr", "td", "th") if next(e.iterancestors("table")) is table]
        rows = [e for e in own if e.tag == "tr"]
        cells = [e for e in own if e.tag != "tr"]
        if not _is_layout(table, rows, cells):
            continue
        for cell in cells:
            cell.tag = "div" if cell.xpath(_BLOCKS) else "p"
        for part in (table, *rows, *(e for e in table if e.tag in {"tbody", "thead", "tfoot"})):
            part.tag = "div"


def _is_layout(table: HtmlElement, rows: list[HtmlElement], cells: list[HtmlElement]) -> bool:
    one_column = all(len(row) < 2 for row in rows)
    return table.find(".//table") is not None or one_column or len(table.xpath(_PROSE)) > len(cells)


def _leave_out_asides(page: HtmlElement) -> None:
    """Drop notices that stand in the article but are none of it, by the names of their boxes."""
    for box in list(page.iter("div", "section", "aside", "p", "ul", "span")):
        names = f"{box.get('class') or ''} {box.get('id') or ''}"
        if not _BESIDE.search(names) or box.getparent() is None:
            continue
        if len(box.text_content()) < _LONGEST_BESIDE:
            box.drop_tree()


def _keep_captions(page: HtmlElement) -> None:
    """Make the caption of a figure that stands among paragraphs one of them."""
    for caption in list(page.iter("figcaption")):
        figure = next(caption.iterancestors("figure"), None)
        place = figure.getparent() if figure is not None else None
        text = clean_line(caption.text_content())
        if figure is not None and place is not None and text and _has_prose(place.iter("p")):
            caption.drop_tree()
            figure.addnext(P(text))


def _has_prose(paragraphs: Iterable[HtmlElement]) -> bool:
    long = (1 for p in paragraphs if len(p.text_content()) > _PARAGRAPH)
    return next(long, 0) + next(long, 0) == 2
