"""Lists of references by CSL 1.0.2 styles, formatted by citeproc-py."""

import html
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

from citeproc import (
    Citation,
    CitationItem,
    CitationStylesBibliography,
    CitationStylesStyle,
    formatter,
)
from citeproc.source.json import CiteProcJSON
from lxml import etree

from alexandria.adapters.csl_styles import Style, read_style
from alexandria.adapters.exporters.csl_json import csl_item
from alexandria.errors import InvalidInputError, NotFoundError
from alexandria.protocols.citing import CitationStyle, FormattedReference
from alexandria.protocols.extraction import Record

_BUNDLED = Path(__file__).parent.parent / "data" / "csl"
_ESCAPES = {ord(sign): f"&#{ord(sign)};" for sign in "&<>"}
"""By number: letters would be put into other case by styles that do that to titles."""
_TAG = re.compile(r"<[^>]*>")
_OUTSIDE_QUOTE = re.compile(r"”([.,])")
_NUMBER = re.compile(r"^([\[(]?\d+[\])]?\.?)(?=\S)")
_LEFT_OUT = ("custom", "abstract", "language", "note")
_PROCEEDINGS = re.compile(r"\b(?:proceedings|conference|workshop|symposium|proc\.)", re.IGNORECASE)


class CslFormatter:
    """Implements CitationFormatter. `own`: a folder with a library's own styles; it may be missing."""

    def __init__(self, own: Path) -> None:
        self._own = own

    def styles(self) -> list[CitationStyle]:
        found = {
            path.stem: path for folder in (_BUNDLED, self._own) for path in folder.glob("*.csl")
        }
        named = (CitationStyle(name, _title(path)) for name, path in found.items())
        return sorted(named, key=lambda one: one.title.casefold())

    def references(self, records: Sequence[Record], style: str) -> list[FormattedReference]:
        read = read_style(self._path(style))
        if not records:
            return []
        items = [_item(record, number) for number, record in enumerate(records, start=1)]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of fields and terms that a style knows and we lack
            made = CitationStylesStyle(BytesIO(read.xml), validate=False)
            listed = CitationStylesBibliography(made, CiteProcJSON(items), formatter.html)
            for item in items:
                listed.register(Citation([CitationItem(item["id"])]))
            listed.sort()
            bare = [item["title"] for item in items if not item.get("author")]
            found = [_formatted(str(entry), read, bare) for entry in listed.bibliography()]
        if len(found) < len(records):
            raise InvalidInputError(
                f"The style {style} has no reference for {len(records) - len(found)} of these works.",
                "Complete their records (authors, year, type), or take another style.",
            )
        return found

    def _path(self, name: str) -> Path:
        for folder in (self._own, _BUNDLED):
            path = folder / f"{name}.csl"
            if path.parent == folder and path.is_file():
                return path
        raise NotFoundError(
            f"There is no citation style {name[:80]!r}.",
            "GET /citation-styles lists them; a .csl file in the folder `csl` of the library adds one.",
        )


def _title(path: Path) -> str:
    # Read up to the title alone; a file that is no style is refused when it is used.
    with path.open("rb") as file:
        parts = etree.iterparse(file, tag="{*}title", resolve_entities=False, no_network=True)
        try:
            for _, element in parts:
                return str(element.text or path.stem)
        except etree.XMLSyntaxError:
            pass
    return path.stem


def _item(record: Record, number: int) -> dict[str, Any]:
    item = csl_item(record, number)
    for name in _LEFT_OUT:
        item.pop(name, None)
    item |= {"id": f"item-{number}", "type": _type(record, item["type"])}
    item["author"] = [_person(one) for one in item.get("author", ())]
    escaped: dict[str, Any] = _escaped(item)
    return escaped


def _type(record: Record, found: str) -> str:
    """Guess what a record without a type is, by where it came out."""
    if record.type and record.type != "misc":
        return found
    if record.venue:
        return "paper-conference" if _PROCEEDINGS.search(record.venue) else "article-journal"
    if record.isbn:
        return "book"
    return "webpage" if record.url and not record.doi else found


def _person(name: Mapping[str, str]) -> Mapping[str, str]:
    """Keep names in scripts without case whole: they have no initials."""
    given = name.get("given", "")
    if given and given.upper() == given.lower():
        return {"literal": f"{given} {name['family']}"}
    return name


def _escaped(value: Any) -> Any:
    if isinstance(value, str):
        return " ".join(value.split()).translate(_ESCAPES)
    if isinstance(value, dict):
        return {key: _escaped(one) for key, one in value.items()}
    return [_escaped(one) for one in value] if isinstance(value, list) else value


def _formatted(entry: str, style: Style, bare: Sequence[str]) -> FormattedReference:
    """Mend what citeproc-py 0.11 leaves out; `bare`: titles of what names no author."""
    entry = " ".join(entry.split())
    if style.is_numbered:
        entry = _NUMBER.sub(r"\1 ", entry)
    if style.is_american:
        entry = _OUTSIDE_QUOTE.sub(r"\1”", entry)
    for title in bare:
        entry = _without_second(entry, title)
    shown = "".join(_safe(entry))
    return FormattedReference(shown, html.unescape(_TAG.sub("", shown)))


def _without_second(entry: str, title: str) -> str:
    """Take the title away where it stands again, after it stood in the place of an author."""
    opened, closed = "(?:<i>|[\u201c\u2018])?", "(?:</i>|[\u201d\u2019])?"
    shown = f"{opened}{re.escape(title)}[.,]?{closed}[.,]?"
    found = list(re.finditer(shown, entry, re.IGNORECASE))
    if len(found) < 2 or found[0].start() > 0:
        return entry
    return f"{entry[: found[1].start()].rstrip()} {entry[found[1].end() :].lstrip()}".rstrip()


def _safe(entry: str) -> Iterator[str]:
    """Keep the tags of emphasis that the formatter writes, without attributes but a style's own."""
    last = 0
    for match in _TAG.finditer(entry):
        yield entry[last : match.start()]
        last = match.end()
        if re.fullmatch(r"</?(?:i|b|sup|sub)>", match.group()):
            yield match.group()
    yield entry[last:]
