"""All the text of HTML that is content already: a chapter of a book, the body of an e-mail."""

import lxml.html
from lxml.etree import ParserError

from alexandria.adapters.extractors.text import clean_text
from alexandria.adapters.extractors.xml_reading import block_of

_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_BLOCKS = _HEADINGS | frozenset(
    """
    p div li ul ol dl dt dd table tr caption section article header footer aside blockquote pre
    figure figcaption br hr body
    """.split()  # noqa: SIM905 - a table of words
)
_SKIPPED = frozenset({"head", "script", "style", "template", "noscript", "svg", "rt", "rp"})


def markup_text(source: str) -> str | None:
    """Give the text in blocks, or None if there is none; broken markup is read as browsers do."""
    parser = lxml.html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    data = clean_text(source).encode("utf-8", errors="ignore")
    try:
        tree = lxml.html.document_fromstring(data, parser=parser)
    except ParserError:
        return None
    return block_of(tree, _BLOCKS, _HEADINGS, _SKIPPED)
