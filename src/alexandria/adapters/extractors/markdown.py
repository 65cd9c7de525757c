"""Markdown: its text without the marks, the title from the front matter or first heading."""

import re
from collections.abc import Iterable, Iterator, Sequence

from markdown_it import MarkdownIt
from markdown_it.token import Token

from alexandria.adapters.extractors.bibliography import identify, split_keywords
from alexandria.adapters.extractors.dates import year_of
from alexandria.adapters.extractors.language import detect_language
from alexandria.adapters.extractors.limits import Limits
from alexandria.adapters.extractors.names import first_last
from alexandria.adapters.extractors.sniff import MARKDOWN
from alexandria.adapters.extractors.text import clean_block, clean_line
from alexandria.errors import ExtractionError
from alexandria.protocols.extraction import ExtractedDocument, Record
from alexandria.protocols.languages import language_code

_FRONT_MATTER = re.compile(r"\A\s*---[ \t]*\n(.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_FIELD = re.compile(r"^([A-Za-z][\w-]*)[ \t]*:[ \t]*(.*)$")
_ITEM = re.compile(r"^[ \t]+-[ \t]+(.*)$|^-[ \t]+(.*)$")
_TAG = re.compile(r"<[^<>]{0,500}>")
_CODE = frozenset({"fence", "code_block"})


def extract_markdown(text: str, _limits: Limits) -> ExtractedDocument:
    fields, source = _split_front_matter(text)
    tokens = MarkdownIt("commonmark").enable("table").parse(source)
    body = clean_block("\n".join(_blocks(tokens))) or clean_block(source)
    if body is None and not fields:
        raise ExtractionError(
            "The file has no words in it.", "Check the original and add it again."
        )
    return ExtractedDocument(
        media_type=MARKDOWN, kind="document", record=_record(fields, tokens, body)
    )


def _record(fields: dict[str, list[str]], tokens: Sequence[Token], body: str | None) -> Record:
    def first(*names: str) -> str | None:
        return next((value for name in names for value in fields.get(name, [])), None)

    authors = fields.get("authors") or fields.get("author") or []
    identifiers = identify(doi=first("doi"), urls=fields.get("url", []), arxiv=first("arxiv"))
    return Record(
        title=first("title") or _heading(tokens),
        abstract=first("abstract", "description", "summary"),
        text=body,
        authors=tuple(name for author in authors if (name := first_last(author))),
        year=year_of(first("date", "year", "published")),
        doi=identifiers.doi,
        arxiv_id=identifiers.arxiv_id,
        url=identifiers.url,
        language=detect_language(body) or language_code(first("lang", "language")),
        tags=split_keywords([*fields.get("tags", []), *fields.get("keywords", [])]),
    )


def _split_front_matter(text: str) -> tuple[dict[str, list[str]], str]:
    """Read the simple part of YAML that front matter is written in: texts and lists of texts."""
    match = _FRONT_MATTER.match(text)
    if match is None or not any(_FIELD.match(line) for line in match.group(1).split("\n")):
        return {}, text
    fields: dict[str, list[str]] = {}
    values: list[str] = []
    for line in match.group(1).split("\n"):
        if field := _FIELD.match(line):
            values = fields.setdefault(field.group(1).lower(), [])
            values.extend(_scalars(field.group(2)))
        elif item := _ITEM.match(line):
            values.extend(_scalars(item.group(1) or item.group(2)))
        elif values and line.strip():
            values[-1] = f"{values[-1]} {line.strip()}"
    return fields, text[match.end() :]


def _scalars(value: str) -> list[str]:
    value = value.strip()
    if value.startswith("[") and value.endswith("]"):
        parts = re.findall(r"\"[^\"]*\"|'[^']*'|[^,]+", value[1:-1])
    else:
        parts = ["" if value in {"|", ">", "|-", ">-"} else value]
    return [text for part in parts if (text := clean_line(part.strip().strip("\"'")))]


def _heading(tokens: Sequence[Token]) -> str | None:
    """Give the first heading of the highest level there is."""
    headings = [
        (token.tag, _inline(tokens[i + 1]))
        for i, token in enumerate(tokens)
        if token.type == "heading_open"
    ]
    highest = min((tag for tag, _ in headings), default="")
    return next((clean_line(text) for tag, text in headings if tag == highest and text), None)


def _blocks(tokens: Iterable[Token]) -> Iterator[str]:
    for token in tokens:
        if token.type == "inline":
            yield _inline(token)
        elif token.type in _CODE:
            yield token.content.rstrip()
        elif token.type == "html_block":
            yield _TAG.sub("", token.content)
        elif token.type in {"heading_close", "paragraph_close"} and not token.hidden:
            yield ""


def _inline(token: Token) -> str:
    parts = []
    for child in token.children or ():
        if child.type in {"softbreak", "hardbreak"}:
            parts.append("\n")
        elif child.type != "html_inline":
            parts.append(child.content)
    return "".join(parts)
