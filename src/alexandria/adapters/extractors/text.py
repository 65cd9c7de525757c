"""Bytes to clean text: encodings, control characters, Unicode form, white space."""

import codecs
import re
import unicodedata

from charset_normalizer import from_bytes

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_SAMPLE_BYTES = 200_000
_ENOUGH_BYTES = 12  # to tell a script by
_UNWANTED = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u200b\u2060\ufeff\ufff9-\ufffb\ufffe\uffff\ud800-\udfff]"
)
_LINE_ENDS = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_SPACES = re.compile(r"\s+")
_LIGATURES = {0xFB00: "ff", 0xFB01: "fi", 0xFB02: "fl", 0xFB03: "ffi", 0xFB04: "ffl", 0xFB05: "st"}
_LIGATURES[0xFB06] = "st"


def decode(data: bytes, declared: str | None = None) -> tuple[str, str]:
    """Give the text and the name of its encoding; never fails.

    Byte order marks decide, then valid UTF-8, then what the file or server declared, then the
    bytes themselves.
    """
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            return data[len(bom) :].decode(encoding, errors="replace"), encoding
    if wide := _wide_encoding(data[:_SAMPLE_BYTES]):
        return data.decode(wide, errors="replace"), wide
    try:
        return data.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        return _decode_8_bit(data, declared)


def clean_text(text: str) -> str:
    """Keep line breaks and tabs, drop other control characters and lone surrogates, compose."""
    text = _UNWANTED.sub("", _LINE_ENDS.sub("\n", text))
    return unicodedata.normalize("NFC", text)


def clean_line(text: str | None) -> str | None:
    """Clean text on one line, or None if nothing is left."""
    if not text:
        return None
    return _SPACES.sub(" ", clean_text(text)).strip() or None


def clean_block(text: str | None) -> str | None:
    """Clean text of several lines: no space at line ends, at most one empty line, or None."""
    if not text:
        return None
    lines = re.sub(r"[^\S\n]+", " ", clean_text(text))
    lines = re.sub(r" ?\n ?", "\n", lines)
    return re.sub(r"\n{3,}", "\n\n", lines).strip() or None


def expand_ligatures(text: str) -> str:
    return text.translate(_LIGATURES)


def looks_binary(text: str) -> bool:
    """Tell whether decoded bytes hold more control characters than any text does."""
    head = text[:20_000]
    odd = sum(1 for c in head if c < " " and c not in "\t\n\r\f\x1b") + head.count("\ufffd")
    return odd > 0.05 * max(len(head), 1)


def _wide_encoding(head: bytes) -> str | None:
    """UTF-16 without a mark shows as zero bytes in every second place."""
    pairs = len(head) // 2
    if pairs < 4:
        return None
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if odd > 0.6 * pairs and even < 0.1 * pairs:
        return "utf-16-le"
    if even > 0.6 * pairs and odd < 0.1 * pairs:
        return "utf-16-be"
    return None


def _decode_8_bit(data: bytes, declared: str | None) -> tuple[str, str]:
    text = data.decode("utf-8", errors="replace")
    non_ascii = sum(1 for byte in data[:_SAMPLE_BYTES] if byte >= 0x80)
    if text.count("\ufffd") <= 0.02 * non_ascii:
        return text, "utf-8"
    encoding = _known(declared) or _guess(data[:_SAMPLE_BYTES])
    return data.decode(encoding, errors="replace"), encoding


def _known(encoding: str | None) -> str | None:
    """Browsers read Latin-1 as Windows-1252, and so do the authors of such pages."""
    try:
        name = codecs.lookup(encoding or "").name
    except LookupError:
        return None
    if name == "utf-8":  # declared, yet the bytes are not UTF-8
        return None
    return "cp1252" if name in {"ascii", "iso8859-1"} else name


def _guess(head: bytes) -> str:
    """Few letters outside ASCII mean a Western language; in other scripts they are the most."""
    letters = sum(1 for byte in head if byte >= 0x80 or chr(byte).isalpha())
    high = sum(1 for byte in head if byte >= 0x80)
    if high < 0.3 * letters or high < _ENOUGH_BYTES:
        return "cp1252"
    best = from_bytes(head).best()
    return best.encoding if best else "cp1252"
