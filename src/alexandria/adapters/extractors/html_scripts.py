"""The text of pages that their script fills: marked-up text in the JSON data that they carry."""

import html
import json
import re
from collections.abc import Iterator
from typing import Any

from lxml.html import HtmlElement

from alexandria.adapters.extractors.markup import markup_text

_DATA = re.compile(r"(?:^|[=(])\s*(?=[{\[])")
_MARKUP = re.compile(r"(?:<|&lt;)p\b", re.IGNORECASE)
_LONGEST_SCRIPT = 5_000_000
_MOST_STARTS = 20  # places in one script where data may begin
_DEEPEST = 12


def scripted_text(page: HtmlElement) -> str:
    """Give the marked-up texts of the page's data in their order, each once; none is empty."""
    found: dict[str, None] = {}
    for script in page.iter("script"):
        source = script.text or ""
        if len(source) <= _LONGEST_SCRIPT and _MARKUP.search(source.replace("\\u003c", "<")):
            for value in _values(source):
                found.update(dict.fromkeys(_texts(value, 0)))
    return "\n".join(found)


def _values(source: str) -> Iterator[Any]:
    """Give each JSON value of the script, whether it is alone or assigned to a name."""
    decoder, behind = json.JSONDecoder(strict=False), 0
    for tried, start in enumerate(_DATA.finditer(source)):
        if tried >= _MOST_STARTS:
            return
        if start.end() < behind:
            continue
        try:
            value, behind = decoder.raw_decode(source, start.end())
        except (ValueError, RecursionError):
            continue  # code, no data
        yield value


def _texts(value: Any, depth: int) -> Iterator[str]:
    if depth > _DEEPEST:
        return
    if isinstance(value, str):
        if _MARKUP.search(value) and (text := _plain(value)):
            yield text
    elif isinstance(value, list | dict):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _texts(part, depth + 1)


def _plain(markup: str) -> str | None:
    return markup_text(html.unescape(markup) if "&lt;" in markup else markup)
