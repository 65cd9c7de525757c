"""The bytes of a web page as a tree, in whatever encoding they are."""

import re

import lxml.html
from lxml.etree import ParserError
from lxml.html import HtmlElement

from alexandria.adapters.extractors.text import clean_text, decode
from alexandria.errors import ExtractionError

_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)
_HEADER_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE)


def parse_page(data: bytes, declared_type: str | None = None) -> HtmlElement:
    """Raise ExtractionError for a page with nothing in it."""
    in_page = _CHARSET.search(data[:8192])
    in_header = _HEADER_CHARSET.search(declared_type or "")
    name = in_page.group(1).decode("ascii", "ignore") if in_page else None
    text, _ = decode(data, name or (in_header.group(1) if in_header else None))
    source = clean_text(text).encode("utf-8", errors="ignore")
    try:
        return lxml.html.document_fromstring(source, parser=lxml.html.HTMLParser(encoding="utf-8"))
    except ParserError as error:
        raise ExtractionError(
            "The page is empty.", "Open it in a browser and save it again."
        ) from error
