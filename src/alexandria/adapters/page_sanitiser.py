"""Saved web pages, made safe to look at: their text and inline pictures, and nothing that acts.

nh3 (ammonia) has the last word over the markup; the policy that the page is served with (no
scripts, no network) holds even if it should err.
"""

import html
from collections.abc import Mapping
from urllib.parse import urljoin

import lxml.html
import nh3
from lxml.html import HtmlElement

from alexandria.adapters.extractors.html_parsing import parse_page

_TAGS = nh3.ALLOWED_TAGS | {"main", "section"}
_GONE = {"script", "style", "template", "title", "svg", "math", "iframe", "select", "textarea"}
"""Elements that go with what is in them; of all others that are not allowed the text stays."""
_ATTRIBUTES: Mapping[str, set[str]] = nh3.ALLOWED_ATTRIBUTES | {
    "*": {"id", "lang", "dir", "title"},
    "a": {"href", "hreflang", "name", "target"},
}
_LINKS = ("http://", "https://", "mailto:")

_PAGE = """<!doctype html>
<html lang="{language}"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
:root {{ color-scheme: light dark; }}
body {{ max-width: 44rem; margin: 1.5rem auto; padding: 0 1rem; font: 1.125rem/1.6 Georgia, serif; overflow-wrap: break-word; }}
h1, h2, h3, h4 {{ line-height: 1.25; }}
img {{ max-width: 100%; height: auto; }}
pre {{ overflow-x: auto; }}
table {{ display: block; overflow-x: auto; border-collapse: collapse; }}
td, th {{ border: 1px solid; padding: .2em .5em; vertical-align: top; }}
</style></head><body>
{body}
</body></html>
"""


def sanitise(data: bytes, url: str | None) -> str:
    """Give a whole page without scripts and without anything that it would fetch.

    `url`: where it was saved from; relative links lead from there, and without it nowhere.
    Raises ExtractionError for a page with nothing in it.
    """
    tree = parse_page(data)
    title = " ".join((tree.findtext(".//title") or "").split())
    for link in tree.iter("a"):
        _lead_out(link, url)
    body = nh3.clean(
        lxml.html.tostring(tree, encoding="unicode"),
        tags=_TAGS,
        clean_content_tags=_GONE,
        attributes=dict(_ATTRIBUTES),
        attribute_filter=_attribute,
        url_schemes={"http", "https", "mailto", "data"},
    )
    language = html.escape(tree.get("lang") or "")
    return _PAGE.format(language=language, title=html.escape(title), body=body)


def _lead_out(link: HtmlElement, url: str | None) -> None:
    """Have a link open beside the library, with its full address."""
    address = (link.get("href") or "").strip()
    if not address or address.startswith("#"):
        link.attrib.pop("target", None)
        return
    try:
        full = urljoin(url or "", address)
    except ValueError:  # it is no address
        full = ""
    if full.startswith(_LINKS):
        link.set("href", full)
        link.set("target", "_blank")
    else:
        link.attrib.pop("href")
        link.attrib.pop("target", None)


def _attribute(tag: str, name: str, value: str) -> str | None:
    """Give the value of an attribute that may stay."""
    if name == "src":
        return value if tag == "img" and value.startswith("data:image/") else None
    if name in {"href", "cite"}:
        return value if value.startswith(("#", *_LINKS)) else None
    if name == "target":
        return "_blank"
    return value
