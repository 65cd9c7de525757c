"""XML without its dangers: no entities, no DTD, no network; and its text in blocks."""

import html.entities
import re
from collections.abc import Collection, Iterator

from lxml import etree
from lxml.etree import XMLSyntaxError, _Element

from alexandria.adapters.extractors.text import clean_block, clean_line, decode
from alexandria.errors import ExtractionError

_DECLARED = re.compile(rb"<\?xml[^>]{0,200}encoding\s*=\s*[\"']([\w.:-]+)")
_DECLARATION = re.compile(r"\s*<\?xml.*?\?>", re.DOTALL)
_DOCTYPE = re.compile(r"<!DOCTYPE[^\[>]*(?:\[.*?\]\s*)?>", re.DOTALL)
_NAMED = re.compile(r"&([A-Za-z][A-Za-z0-9]{0,31});")
_EDGE, _HEADING = "\x1e", "\x1d"  # no XML document can hold these
_EDGES = re.compile(rf"\s*[{_EDGE}{_HEADING}][\s{_EDGE}{_HEADING}]*")
_CELLS = frozenset({"td", "th", "cell"})
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_OWN = frozenset({"amp", "lt", "gt", "quot", "apos"})


def parse_xml(data: bytes) -> _Element:
    """Give the root of a tree whose names have no namespaces. Raises ExtractionError.

    Entities that a DTD would define are those of HTML, which the usual DTDs define too; others
    are left out, and so is what a DTD in the file itself defines.
    """
    declared = _DECLARED.search(data[:400])
    text, _ = decode(data, declared.group(1).decode("ascii") if declared else None)
    source = _DECLARATION.sub("", text.lstrip("\ufeff"), count=1)
    source = _NAMED.sub(_character, _DOCTYPE.sub("", source, count=1))
    try:
        root = etree.fromstring(source.encode("utf-8", errors="ignore"), _parser())
    except XMLSyntaxError as error:
        raise _damaged() from error
    if root is None:  # nothing could be recovered
        raise _damaged()
    for element in root.iter(etree.Element):
        element.tag = local_name(element)
    return root


def local_name(element: _Element) -> str:
    """Give the name without namespace or prefix; damaged files can hold names that are none."""
    name = re.split("[}:]", str(element.tag))[-1]
    return name if _NAME.fullmatch(name) else "unknown"


def line_of(element: _Element | None, skipped: Collection[str] = ()) -> str | None:
    """Give the text of an element on one line, without the elements of these names."""
    if element is None:
        return None
    return clean_line("".join(_inline(element, skipped)))


def block_of(
    element: _Element | None,
    blocks: Collection[str],
    headings: Collection[str] = (),
    skipped: Collection[str] = (),
) -> str | None:
    """Give the text with each block on lines of its own, and an empty line before headings."""
    if element is None:
        return None
    text = "".join(_blocks(element, blocks, headings, skipped))
    return clean_block(_EDGES.sub(lambda m: "\n\n" if _HEADING in m.group() else "\n", text))


def _inline(element: _Element, skipped: Collection[str]) -> Iterator[str]:
    yield element.text or ""
    for child in element:
        if child.tag not in skipped:
            yield from _inline(child, skipped)
        yield child.tail or ""


def _blocks(
    element: _Element,
    blocks: Collection[str],
    headings: Collection[str],
    skipped: Collection[str],
) -> Iterator[str]:
    edge = _EDGE if element.tag in blocks else ""
    yield _HEADING if element.tag in headings else edge
    yield _flat(element.text)
    for child in element:
        if child.tag not in skipped:
            yield from _blocks(child, blocks, headings, skipped)
        yield _flat(child.tail)
    yield edge or (" " if element.tag in _CELLS else "")


def _flat(text: str | None) -> str:
    return (text or "").replace("\n", " ")


def _character(match: re.Match[str]) -> str:
    name = match.group(1)
    if name in _OWN:
        return match.group()
    return html.entities.html5.get(f"{name};", "")


def _parser() -> etree.XMLParser:
    return etree.XMLParser(
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        remove_comments=True,
        remove_pis=True,
        recover=True,
    )


def _damaged() -> ExtractionError:
    return ExtractionError(
        "The XML document is damaged and can't be read.",
        "Fetch or export it again, and add the new file.",
    )
