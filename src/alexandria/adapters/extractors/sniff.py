"""What a file is, by its content; its name and declared type only settle what is left open."""

import re
from collections.abc import Callable

from alexandria.adapters.extractors.csv_columns import find_delimiter
from alexandria.adapters.extractors.signatures import name_binary, name_zip
from alexandria.adapters.extractors.text import decode, looks_binary
from alexandria.adapters.extractors.zip_files import zip_names
from alexandria.errors import ExtractionError

PDF = "application/pdf"
HTML = "text/html"
PLAIN = "text/plain"
MARKDOWN = "text/markdown"
BIBTEX = "application/x-bibtex"
RIS = "application/x-research-info-systems"
CSL_JSON = "application/vnd.citationstyles.csl+json"
JSON = "application/json"
JSON_LINES = "application/x-ndjson"
CSV = "text/csv"
EMAIL = "message/rfc822"
ZIP = "application/zip"
TAR = "application/x-tar"
JATS = "application/jats+xml"
TEI = "application/tei+xml"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
EPUB = "application/epub+zip"

_HEAD_BYTES = 262_144
_HEAD_CHARACTERS = 65_536
_LONG_LINE = 60_000  # JSON that is laid out for people has no such first line

_XML_PROLOG = re.compile(r"\s*(?:<\?xml[^>]*\?>|<!--.*?-->|\s+)*", re.DOTALL)
_HTML_START = re.compile(
    r"<(?:!doctype\s+html|html|head|body|title|meta|link|script|style|article|main|section|header"
    r"|div|p|h[1-6]|table|ul|ol|a|span|br|center|font)\b",
    re.IGNORECASE,
)
_HTML_INSIDE = re.compile(r"<html\b|<body\b|<!doctype\s+html", re.IGNORECASE)
_JATS = re.compile(r"<(?:article|pmc-articleset)\b(?=.{0,20000}?<front\b)", re.DOTALL)
_TEI = re.compile(r"<(?:\w+:)?(?:TEI|TEI\.2|teiCorpus)\b")
_DOCTYPE = re.compile(r"\s*<!DOCTYPE[^\[>]*(?:\[.*?\]\s*)?>", re.DOTALL)
_ROOT = re.compile(r"<(?:!DOCTYPE\s+)?([A-Za-z_][\w:.-]*)", re.IGNORECASE)
_MAIL_HEADER = re.compile(r"^([A-Za-z][A-Za-z0-9-]{1,60}):[ \t]?(?=\S|$)", re.MULTILINE)
_SENT = frozenset({"received", "message-id", "mime-version", "return-path", "delivered-to"})
_RIS_START = re.compile(r"^[\s\ufeff]*TY {0,2}-(?: |$)", re.MULTILINE)
_BIBTEX_START = re.compile(
    r"^[ \t]*@[ \t]*(?:string|preamble|comment|[A-Za-z]+)[ \t]*\n?[ \t]*[{(]", re.MULTILINE
)
_BIBTEX_FIELD = re.compile(r"[\w-]+\s*=\s*[\"{\w]")
_MARKDOWN_OPENING = re.compile(r"^(?:```|~~~|#{1,6} )", re.MULTILINE)
_CSL_KEYS = re.compile(
    r'"(?:issued|container-title|citation-key|family|given|literal|date-parts)"\s*:'
)
_MARKDOWN_SIGNS = (
    re.compile(r"^#{1,6} \S", re.MULTILINE),
    re.compile(r"^(?:```|~~~)", re.MULTILINE),
    re.compile(r"!?\[[^\]\n]+\]\([^)\s]+\)"),
    re.compile(r"^[=-]{3,}\s*$", re.MULTILINE),
    re.compile(r"^\s{0,3}[*+-] \S", re.MULTILINE),
    re.compile(r"(?<!\w)(?:\*\*|__)\S[^*_\n]*\S(?:\*\*|__)"),
    re.compile(r"(?<!`)`[^`\n]+`(?!`)"),
)


def sniff(data: bytes, filename: str | None = None, declared_type: str | None = None) -> str:
    """Give the media type, or raise ExtractionError that names what the file seems to be."""
    if not data.strip():
        raise ExtractionError("The file is empty.", "Check the original and add it again.")
    if b"%PDF-" in data[:1024]:
        return PDF
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06")):  # the second begins an empty one
        return _sniff_zip(data)
    if data.startswith(b"ustar", 257):
        return TAR
    if name := name_binary(data):
        raise _unsupported(name)
    head = decode(data[:_HEAD_BYTES])[0][:_HEAD_CHARACTERS]
    if looks_binary(head):
        raise _unsupported("a binary file of an unknown kind")
    return _sniff_text(head, filename, declared_type)


def _sniff_zip(data: bytes) -> str:
    names = set(zip_names(data))
    if "META-INF/container.xml" in names:
        return EPUB
    if any(name.startswith("word/document") for name in names):
        return DOCX
    if name := name_zip(names):
        raise _unsupported(name)
    return ZIP


def _sniff_text(head: str, filename: str | None, declared_type: str | None) -> str:
    start = head.lstrip("\ufeff \t\r\n")
    if start.startswith(("{", "[")) and (found := _sniff_json(start)):
        return found
    if start.startswith("<") and (found := _sniff_markup(start)):
        return found
    tests: tuple[tuple[str, Callable[[], object]], ...] = (
        (EMAIL, lambda: _is_email(head, filename, declared_type)),
        (CSV, lambda: find_delimiter(head) or _is_named_table(filename, declared_type)),
        (RIS, lambda: _is_ris(head)),
        (BIBTEX, lambda: _is_bibtex(head)),
    )
    found = next((kind for kind, holds in tests if holds()), None)
    return found or _plain_or_markdown(head, filename, declared_type)


def _sniff_json(start: str) -> str | None:
    """One object on each line is JSON lines, even where a line is broken."""
    lines = [line.strip() for line in start.split("\n", 20)[:20] if line.strip()]
    if start[0] == "{":
        objects = sum(1 for line in lines if line.startswith("{"))
        if re.match(r'\{\s*(?:"|\})', start) is None and objects < 2:
            return None
        several = len(lines) > 1 or lines[0].endswith("}") or len(start) > _LONG_LINE
        if objects > 0.5 * len(lines) and several:
            return JSON_LINES
    elif re.match(r"\[\s*[\[{\]\"]", start) is None or re.match(r"\[[^\]\n{\"]*\]\(", start):
        return None
    return CSL_JSON if _CSL_KEYS.search(start) else JSON


def _sniff_markup(start: str) -> str | None:
    body = start[_match_end(_XML_PROLOG, start) :]
    root = body[_match_end(_DOCTYPE, body) :]
    root = root[_match_end(_XML_PROLOG, root) :]
    if _JATS.match(root):
        return JATS
    if _TEI.match(root):
        return TEI
    if _HTML_START.match(body) or _HTML_INSIDE.search(body[:4096]):
        return HTML
    name = _ROOT.match(body)
    if start.startswith("<?xml") or body.startswith("<!DOCTYPE"):
        raise _unsupported(f"an XML document ({name.group(1)})" if name else "an XML document")
    return None


def _match_end(pattern: re.Pattern[str], text: str) -> int:
    match = pattern.match(text)
    return match.end() if match else 0


def _is_email(head: str, filename: str | None, declared_type: str | None) -> bool:
    """Any text may begin with a line "From:"; a message says as well when or how it was sent."""
    block = re.split(r"\r?\n\r?\n", head.lstrip("\ufeff\r\n"), maxsplit=1)[0]
    names = {match.group(1).lower() for match in _MAIL_HEADER.finditer(block)}
    if len(names) < 2 or not _MAIL_HEADER.match(block):
        return False
    named = (filename or "").lower().endswith(".eml") or (declared_type or "").startswith(EMAIL)
    return named or ("from" in names and bool(names & _SENT))


def _is_named_table(filename: str | None, declared_type: str | None) -> bool:
    named = (filename or "").lower().endswith((".csv", ".tsv"))
    return named or (declared_type or "").lower().startswith((CSV, "text/tab-separated-values"))


def _is_ris(head: str) -> bool:
    match = _RIS_START.search(head)
    if match is None:
        return False
    before = [line for line in head[: match.start()].splitlines() if line.strip("\ufeff \t")]
    return len(before) <= 5


def _is_bibtex(head: str) -> bool:
    """Any text may stand before the first entry, but hardly a page of Markdown that quotes one."""
    match = _BIBTEX_START.search(head)
    if match is None:
        return False
    before = head[: match.start()]
    if _MARKDOWN_OPENING.search(before) or len(before) > 20_000:
        return False
    after = head[match.start() : match.start() + 4_000]
    return _BIBTEX_FIELD.search(after) is not None or re.match(r"\s*@\w+\s*\{", after) is not None


def _plain_or_markdown(head: str, filename: str | None, declared_type: str | None) -> str:
    suffix = (filename or "").lower().rpartition(".")[2]
    if suffix in {"md", "markdown", "mdown", "mkd"} or (declared_type or "").startswith(MARKDOWN):
        return MARKDOWN
    if suffix in {"txt", "text", "log"}:
        return PLAIN
    signs = sum(1 for sign in _MARKDOWN_SIGNS if sign.search(head))
    needed = 2 if _MARKDOWN_SIGNS[0].search(head) else 3
    return MARKDOWN if signs >= needed else PLAIN


def _unsupported(name: str) -> ExtractionError:
    return ExtractionError(
        f"This seems to be {name}, which Alexandria does not read.",
        "Save or export it as PDF, DOCX, EPUB, HTML or text"
        " (a bibliography as BibTeX, RIS or CSL-JSON) and add that.",
    )
