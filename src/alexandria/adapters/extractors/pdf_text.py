"""Repairs of the text layer of PDFs: ligatures, broken words, accents that stand apart."""
# ruff: noqa: RUF001, RUF002, RUF003 - look-alike characters are what this file is about

import re
import unicodedata
from collections.abc import Collection

from alexandria.adapters.extractors.text import clean_text, expand_ligatures

HYPHEN_MARK = "\ufffe"
"""PDFium puts it where a word was broken with a hyphen at the end of a line."""

_BROKEN = re.compile(rf"(\w+)(?:{HYPHEN_MARK}|(?<=[^\W\d_])[-\u2010\u00ad]\n)[ \t\n]*(\w+)")
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")

_ACCENTS = {
    "´": "\u0301",
    "`": "\u0300",
    "¨": "\u0308",
    "ˆ": "\u0302",
    "˜": "\u0303",
    "ˇ": "\u030c",
    "˘": "\u0306",
    "˚": "\u030a",
    "˙": "\u0307",
    "˝": "\u030b",
}
_APART = re.compile(r"(?<=\w) ([´¨ˆ˜ˇ˘˚˙˝]) ([a-zı])")
_BEFORE = re.compile(r"([´`¨ˆ˜ˇ˘˚˙˝])([A-Za-zıȷ])")
_CEDILLA = re.compile(r"([CcSsTtGgKkLlNnRr])[ ]?¸")
_DOTLESS = {"ı": "i", "ȷ": "j"}


def repair(raw: str, vocabulary: Collection[str] = ()) -> str:
    """Give clean text of a page; the vocabulary helps to tell "self-made" from "re-ceived"."""
    text = raw.replace("\r\n", "\n").replace("\x02", HYPHEN_MARK)
    text = expand_ligatures(text)
    text = _BROKEN.sub(lambda m: _join(m.group(1), m.group(2), vocabulary), text)
    return join_accents(clean_text(text.replace(HYPHEN_MARK, "")))


def words_of(raw: str) -> set[str]:
    """Words as they stand in the text, in lower case, without those broken at line ends."""
    return {match.group().lower() for match in _WORD.finditer(expand_ligatures(raw))}


def join_accents(text: str) -> str:
    """Turn "Franc¸ois" and "Gr´egory" into what is meant, where the two make one character."""
    if "¸" in text:
        text = _CEDILLA.sub(lambda m: _compose(m.group(1), "\u0327") or m.group(), text)
    return _BEFORE.sub(_accented, _APART.sub(_accented, text))


def _accented(match: re.Match[str]) -> str:
    accent, letter = match.groups()
    before = match.string[match.start() - 1 : match.start()]
    following = match.string[match.end() : match.end() + 1]
    opens_quote = accent == "`" and not before.isalpha()
    apostrophe = accent == "´" and letter in "sS" and not following.isalpha()  # "it´s"
    if opens_quote or apostrophe:
        return match.group()
    return _compose(_DOTLESS.get(letter, letter), _ACCENTS[accent]) or match.group()


def _compose(letter: str, accent: str) -> str | None:
    composed = unicodedata.normalize("NFC", letter + accent)
    return composed if len(composed) == 1 else None


def _join(left: str, right: str, vocabulary: Collection[str]) -> str:
    """Keep the hyphen of a compound: it is known with it, or a capital or digit follows."""
    whole, compound = f"{left}{right}", f"{left}-{right}"
    if compound.lower() in vocabulary and whole.lower() not in vocabulary:
        return compound
    if not right[0].islower() or left[-1].isdigit():
        return compound
    return whole
