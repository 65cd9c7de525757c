"""BibTeX and BibLaTeX files: entries, macros, inheritance; a broken entry never stops the others."""

import logging
import re
from collections.abc import Iterable, Mapping

from bibtexparser.model import (
    Block,
    DuplicateBlockKeyBlock,
    DuplicateFieldKeyBlock,
    Entry,
    ParsingFailedBlock,
    String,
)
from bibtexparser.splitter import Splitter

from alexandria.adapters.extractors.bibliography import finish
from alexandria.adapters.extractors.bibtex_record import RawEntry, make_record
from alexandria.adapters.extractors.limits import Limits
from alexandria.adapters.extractors.sniff import BIBTEX
from alexandria.adapters.extractors.text import clean_text
from alexandria.protocols.extraction import ExtractedDocument, ExtractedRecord

# The splitter tells each broken entry as a warning as well; here it becomes part of the result.
logging.getLogger("bibtexparser.splitter").setLevel(logging.CRITICAL)

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_PIECE = re.compile(r'\s*#\s*|\s+|[^\s#{}"]+|.', re.DOTALL)
_BRACE = re.compile(r'\\.|[{}"]', re.DOTALL)
_KEY = re.compile(r"@[^{(]*[{(]\s*([^\s,={}]+)\s*,")
_COMMENTED_OUT = re.compile(r"^([ \t]*%+[ \t]*)@(?=[A-Za-z]+[ \t]*[{(])", re.MULTILINE)
_OWN = frozenset(
    """
    title author abstract keywords pages doi url note file eprint crossref xdata ids subtitle
    shorttitle titleaddon options annote
    """.split()  # noqa: SIM905 - a table of words
)
"""What an entry does not inherit from the one that it refers to."""


def extract_bibtex(text: str, limits: Limits) -> ExtractedDocument:
    source = _COMMENTED_OUT.sub(r"\1 ", clean_text(text))
    blocks = [_unwrap(block) for block in Splitter(source).split().blocks]
    macros = _macros(blocks)
    entries: list[RawEntry | ParsingFailedBlock] = []
    for block in blocks:
        if isinstance(block, Entry):
            entries.append(_raw_entry(block, macros))
        elif isinstance(block, ParsingFailedBlock):
            entries.append(block)
    by_key = {entry.key.lower(): entry for entry in entries if isinstance(entry, RawEntry)}
    records = [_extracted(i, entry, by_key) for i, entry in enumerate(entries)]
    return finish(BIBTEX, records, limits)


def _unwrap(block: Block) -> Block:
    """Keep entries whose key or field stands twice: they are no worse for that."""
    if isinstance(block, DuplicateBlockKeyBlock | DuplicateFieldKeyBlock):
        return _unwrap(block.ignore_error_block or block)
    return block


def _macros(blocks: Iterable[Block]) -> dict[str, str]:
    macros = {name: str(number) for number, name in enumerate(_MONTHS, start=1)}
    for block in blocks:
        if isinstance(block, String):
            macros[block.key.lower()] = resolve(block.value, macros)
    return macros


def _raw_entry(entry: Entry, macros: Mapping[str, str]) -> RawEntry:
    fields: dict[str, str] = {}
    for field in entry.fields:
        name = field.key.strip().lower()
        value = resolve(str(field.value), macros)
        if value and name in {"author", "editor"} and name in fields:
            fields[name] = f"{fields[name]} and {value}"
        elif value:
            fields.setdefault(name, value)
    return RawEntry(
        kind=entry.entry_type.lower(),
        key=entry.key,
        fields=fields,
        line=(entry.start_line or 0) + 1,
    )


def resolve(value: str, macros: Mapping[str, str]) -> str:
    """Put together a value such as `"Proc. " # conf # { 2020}`: strings without their quotes."""
    value = value.strip()
    if value[:1] in {"{", '"'} and _end_of_string(value, 0) == len(value):
        return value[1:-1].strip()
    pieces, position = [], 0
    while position < len(value):
        if value[position] in '{"':
            end = _end_of_string(value, position)
            pieces.append(value[position + 1 : end - 1])
        else:
            match = _PIECE.match(value, position)
            end = match.end() if match else position + 1
            word = value[position:end].strip()
            pieces.append("" if word == "#" else macros.get(word.lower(), word))
        position = end
    return "".join(pieces).strip()


def _end_of_string(value: str, start: int) -> int:
    depth, quoted = 0, value[start] == '"'
    for match in _BRACE.finditer(value, start + 1 if quoted else start):
        mark = match.group()
        if mark == '"':
            if quoted and depth == 0:
                return match.end()
            continue
        depth += {"{": 1, "}": -1}.get(mark, 0)
        if depth == 0 and not quoted and mark == "}":
            return match.end()
    return len(value) + 1  # never closed: the mark at its end is part of the value


def _extracted(
    position: int, entry: RawEntry | ParsingFailedBlock, by_key: Mapping[str, RawEntry]
) -> ExtractedRecord:
    if isinstance(entry, RawEntry):
        inherited = _inherit(entry, by_key)
        return ExtractedRecord(position=position, line=entry.line, record=make_record(inherited))
    line = (entry.start_line or 0) + 1
    return ExtractedRecord(
        position=position,
        line=line,
        error=_explain(entry, line),
        remedy=f"Correct the entry in line {line} and add the file again:"
        " the entries that are in the library already will be recognised.",
    )


def _inherit(entry: RawEntry, by_key: Mapping[str, RawEntry]) -> RawEntry:
    """Fill in from `crossref` and `xdata`, one step, as BibTeX does."""
    fields = dict(entry.fields)
    parents = [entry.fields.get("crossref", ""), *entry.fields.get("xdata", "").split(",")]
    for name in parents:
        parent = by_key.get(name.strip().lower())
        if parent is None or parent is entry:
            continue
        for field, value in parent.fields.items():
            if field not in _OWN or parent.kind == "xdata":
                fields.setdefault(field, value)
        if parent.kind != "xdata" and (title := parent.fields.get("title")):
            venue = "journaltitle" if parent.kind == "periodical" else "booktitle"
            fields.setdefault(venue, title)
    return RawEntry(kind=entry.kind, key=entry.key, fields=fields, line=entry.line)


def _explain(block: ParsingFailedBlock, line: int) -> str:
    raw = block.raw or ""
    match = _KEY.match(raw)
    who = f"The entry “{match.group(1)}” in line {line}" if match else f"An entry in line {line}"
    reason = str(getattr(block.error, "abort_reason", block.error))
    last = line + raw.rstrip().count("\n")
    if "end of file" in reason:
        return f"{who} is never closed: the file ends inside it."
    if "block start" in reason or "found `@" in reason:
        return (
            f"{who} is never closed: a brace or quotation mark is missing before line {last + 1}."
        )
    if "`=`" in reason:
        return f"{who} has a field without “=”, near line {last}."
    if "comma" in reason.lower():
        return f"{who} has no comma after its key."
    return f"{who} can't be read: near line {last} something other than a comma or closing brace."
