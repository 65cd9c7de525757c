"""The title of a web page, without the name of the site that many pages hang on to it."""
# ruff: noqa: RUF001 - look-alike characters are what this file is about

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from lxml.html import HtmlElement

from alexandria.adapters.extractors.html_metadata import PageMetadata, ld_text
from alexandria.adapters.extractors.text import clean_line

_SEPARATOR = re.compile(r"\s+[|–—·•»«›:/-]{1,2}\s+|\s*\|\s*|\s+\[(?=[^\]]*\]$)")


def find_title(
    tree: HtmlElement, page: PageMetadata, site: str | None, url: str | None
) -> str | None:
    """Prefer what is meant for machines, then the heading that the window's title repeats."""
    if title := page.first("citation_title"):
        return title
    sites = {name for name in (site, _domain(url), page.first("application-name")) if name}
    window = _window_title(tree)
    headline = ld_text(page.article.get("headline"))
    declared = (
        page.first("og:title")
        or headline
        or page.first("dc.title", "dcterms.title", "twitter:title")
    )
    headings = [text for h in tree.iter("h1") if (text := clean_line(h.text_content()))]
    known = [_key(name) for name in sites]
    headings = [heading for heading in headings if not _names_site(heading, known)]
    for title in (window, headline, declared):
        if title and (heading := _repeated(headings, title)):
            return heading
    if title := declared or window:
        return without_site(title, sites)
    return headings[0] if headings else None


def _window_title(tree: HtmlElement) -> str | None:
    """Drawings have titles as well, and an empty one may stand before the page's own."""
    titles = (e for e in tree.iter("title") if next(e.iterancestors("svg"), None) is None)
    return next((text for e in titles if (text := clean_line(e.text_content()))), None)


def site_name(page: PageMetadata) -> str | None:
    publisher = ld_text(page.article.get("publisher")) or ld_text(page.site.get("name"))
    return page.first("og:site_name") or publisher or page.first("application-name")


def without_site(title: str, sites: Iterable[str]) -> str:
    """Cut off the part before the first or behind the last separator if it names the site."""
    cuts = list(_SEPARATOR.finditer(title))
    if not cuts:
        return title
    known = [key for site in sites if (key := _key(site))]
    last, first = title[cuts[-1].end() :], title[: cuts[0].start()]
    if _names_site(last, known) and cuts[-1].start() > 0:
        return title[: cuts[-1].start()].strip()
    if _names_site(first, known):
        return title[cuts[0].end() :].strip()
    return title


def _names_site(part: str, known: list[str]) -> bool:
    key = _key(part)
    return bool(key) and any(
        key == site or (len(key) > 3 and (key in site or site in key)) for site in known
    )


def _repeated(headings: list[str], title: str) -> str | None:
    """Give the heading that makes up most of the title, perhaps with something around it."""
    wanted = _key(title)
    for heading in headings:
        key = _key(heading)
        if len(key) > 0.5 * len(wanted) and key in wanted and len(heading) <= len(title):
            return heading
    return None


def _domain(url: str | None) -> str | None:
    host = (urlsplit(url).hostname or "") if url else ""
    labels = host.removeprefix("www.").split(".")
    return max(labels[:-1], key=len, default=None)


def _key(text: str) -> str:
    text = re.sub(r"\.(?:com|org|net|de|fr|co|uk|io|blog)\b", "", text.casefold())
    return "".join(c for c in text if c.isalnum())
