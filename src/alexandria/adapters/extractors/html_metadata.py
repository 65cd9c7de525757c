"""What a web page says of itself: meta tags (Highwire, Dublin Core, Open Graph) and JSON-LD."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from lxml.html import HtmlElement

from alexandria.adapters.extractors.json_files import parse_json
from alexandria.adapters.extractors.text import clean_line

_WRAPPING = re.compile(r"(?://|/\*)?\s*(?:<!\[CDATA\[|\]\]>|<!--|-->)\s*(?:\*/)?")
_MAX_VALUES = 2_000
_MAX_JSON_DEPTH = 12
_ARTICLES = frozenset(
    """
    article newsarticle blogposting scholarlyarticle techarticle report book reportagenewsarticle
    analysisnewsarticle opinionnewsarticle medicalscholarlyarticle socialmediaposting
    liveblogposting dataset thesis chapter review recipe
    """.split()  # noqa: SIM905 - a table of words
)


@dataclass(slots=True)
class PageMetadata:
    meta: dict[str, list[str]] = field(default_factory=dict)
    """Contents by name or property in lower case, in their order."""
    article: Mapping[str, Any] = field(default_factory=dict)
    """The JSON-LD object of the article, if there is one."""
    site: Mapping[str, Any] = field(default_factory=dict)
    """The JSON-LD object of the site."""

    def first(self, *names: str) -> str | None:
        return next(iter(self.all(*names)), None)

    def all(self, *names: str) -> list[str]:
        """Give the values of the first of these names that has any."""
        return next((values for name in names if (values := self.meta.get(name))), [])


def read_metadata(tree: HtmlElement) -> PageMetadata:
    page = PageMetadata(meta=_meta_tags(tree))
    for item in _json_ld(tree):
        kinds = {k.lower() for k in _texts(item.get("@type"))}
        if not page.article and kinds & _ARTICLES:
            page.article = item
        if not page.site and kinds & {"website", "organization", "newsmediaorganization"}:
            page.site = item
    return page


def ld_text(value: Any) -> str | None:
    """Give the text of a JSON-LD value: itself, its `name`, its `@value`, or its first's."""
    if isinstance(value, list):
        return next((text for v in value if (text := ld_text(v))), None)
    if isinstance(value, dict):
        return ld_text(value.get("name") or value.get("@value") or value.get("value"))
    return clean_line(str(value)) if isinstance(value, str | int) else None


def ld_names(value: Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [name for v in values if (name := ld_text(v))]


def _meta_tags(tree: HtmlElement) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for count, element in enumerate(tree.iter("meta")):
        if count >= _MAX_VALUES:
            break
        content = clean_line(element.get("content"))
        for attribute in ("name", "property", "itemprop", "http-equiv"):
            name = clean_line(element.get(attribute))
            if name and content:
                found.setdefault(name.lower(), []).append(content)
    return found


def _json_ld(tree: HtmlElement) -> Iterator[Mapping[str, Any]]:
    for element in tree.iter("script"):
        if "ld+json" not in (element.get("type") or "").lower():
            continue
        source = _WRAPPING.sub("", element.text or "")
        try:
            value = parse_json(source)
        except ValueError:
            continue  # a broken script says nothing; other sources remain
        yield from _objects(value, 0)


def _objects(value: Any, depth: int) -> Iterator[Mapping[str, Any]]:
    if depth > _MAX_JSON_DEPTH:
        return
    if isinstance(value, list):
        for item in value:
            yield from _objects(item, depth + 1)
    elif isinstance(value, dict):
        yield value
        for key in ("@graph", "mainEntity", "mainEntityOfPage", "itemListElement"):
            if isinstance(value.get(key), list | dict):
                yield from _objects(value[key], depth + 1)


def _texts(value: Any) -> Iterable[str]:
    values = value if isinstance(value, list) else [value]
    return [v for v in values if isinstance(v, str)]
