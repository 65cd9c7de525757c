"""The entries of the lists of references in a web page."""

import re
from collections.abc import Iterator

from lxml.html import HtmlElement

from alexandria.adapters.citations.finder_features import HEADING
from alexandria.adapters.extractors.text import clean_line

_NAMED = re.compile(
    r"(?:^|[\s_-])(?:references?|ref-?list|bibliograph\w*|citations?-list|citation-list"
    r"|literature|doc-bibliography|works-cited|reflist|footnotes)(?:$|[\s_-])",
    re.IGNORECASE,
)
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6", "dt", "strong", "b")
_ITEMS = ("li", "dd", "p")
_SHORTEST = 20
"""Characters; less is a link back, not a reference."""


def html_references(tree: HtmlElement) -> list[str]:
    """Give each entry on one line; nothing if the page marks no list of references."""
    for place in (*_after_headings(tree), *_named(tree)):
        for tag in _ITEMS:
            found = [
                text
                for item in place.iter(tag)
                if item.find(f".//{tag}") is None and (text := _text(item))
            ]
            if len(found) > 1 and sum(any(c.isdigit() for c in text) for text in found) * 2 > len(
                found
            ):
                return found
    return []


def _after_headings(tree: HtmlElement) -> Iterator[HtmlElement]:
    """Give what follows each heading of a list, up to the next heading, and what holds it."""
    for heading in tree.iter(*_HEADINGS):
        if HEADING.fullmatch(heading.text_content().strip()) is None:
            continue
        place = heading
        for _ in range(3):  # a heading may be wrapped
            for sibling in place.itersiblings():
                if sibling.tag in {"ol", "ul", "dl", "div", "section"}:
                    yield sibling
                    break
            parent = place.getparent()
            if parent is None or parent.tag == "body":
                break
            place = parent


def _named(tree: HtmlElement) -> Iterator[HtmlElement]:
    for element in tree.iter("ol", "ul", "div", "section", "dl"):
        names = " ".join(element.get(name) or "" for name in ("class", "id", "role"))
        if _NAMED.search(names):
            yield element


def _text(item: HtmlElement) -> str | None:
    text = clean_line(" ".join(item.itertext())) or ""
    return text if len(text) >= _SHORTEST else None
