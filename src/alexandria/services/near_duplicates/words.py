"""Titles and names as they are compared: without case, accents, markup and order of names."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

_LATEX = re.compile(r"\\[a-zA-Z]+\s*|\\.|[{}$]")
_WORD = re.compile(
    "[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\\W_\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+"
)
"""Of Chinese, Japanese and Korean each character, since nothing stands between words."""
_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe"})
_ROMAN = re.compile(r"(?=[ivx])(x{0,3})(ix|iv|v?i{0,3})")
_NUMBER = re.compile(r"(\d+)(?:st|nd|rd|th|[a-z])?")
_NUMBERED = frozenset({"part", "vol", "volume", "chapter", "section", "no", "number", "teil"})
_NOT_A_NAME = frozenset({"others", "al"})
_GENERIC = frozenset(
    """
    abstract acknowledgements acknowledgments appendix articles bibliography conclusion conclusions
    contents discussion document editorial errata erratum foreword index introduction keynote letter
    letters news note notes obituary overview paper preface proceedings program programme
    references report results review reviews summary title tutorial tutorials untitled welcome
    """.split()  # noqa: SIM905 - a table of words
)
_FILLING = frozenset(
    """
    a an and author authors book by editor for from front general in invited issue matter new of on
    session special table talk the to
    """.split()  # noqa: SIM905 - a table of words
)


@dataclass(frozen=True, slots=True)
class Name:
    """A person's name: `surname` folded, the initials of what stands before it."""

    surname: str
    initials: str


def fold(text: str) -> str:
    """Give the text in lower case, without accents, ligatures and LaTeX."""
    plain = _LATEX.sub("", text) if "\\" in text or "{" in text or "$" in text else text
    decomposed = unicodedata.normalize("NFKD", plain).casefold().translate(_LETTERS)
    return "".join(one for one in decomposed if not unicodedata.combining(one))


def words_of(text: str) -> list[str]:
    """Give the folded words of a text, the apostrophes within them left out."""
    return _WORD.findall(fold(text).replace("'", "").replace("\u2019", ""))


def is_generic(words: Sequence[str]) -> bool:
    """Tell whether a title says nothing of its own: "Introduction", "Book reviews"."""
    own = [one for one in words if one not in _FILLING and not one[0].isdigit()]
    return all(one in _GENERIC for one in own)


def numbers_in(words: Sequence[str]) -> list[str]:
    """Give in order what counts something in a title: 2019, 5th, II, the B of "part B"."""
    found = []
    for before, word in zip(["", *words], words, strict=False):
        if number := _NUMBER.fullmatch(word):
            found.append(number[1].lstrip("0"))
        elif _ROMAN.fullmatch(word) and (len(word) > 1 or before in _NUMBERED):
            found.append(str(_roman(word)))
        elif len(word) == 1 and before in _NUMBERED:
            found.append(word)
    return sorted(found)


def _roman(word: str) -> int:
    values = {"i": 1, "v": 5, "x": 10}
    numbers = [values[one] for one in word]
    pairs = zip(numbers, [*numbers[1:], 0], strict=True)
    return sum(-one if one < after else one for one, after in pairs)


def name_of(author: str) -> Name | None:
    """Read "Ada B. Moe", "Moe, Ada B." or "Moe"; None for "et al." and the like."""
    last, comma, first = author.partition(",")
    tokens = words_of(author)
    if comma:
        family, given = words_of(last), words_of(first)
    else:
        tokens = [one for one in tokens if one not in {"jr", "sr", "iii"}] or tokens
        family, given = tokens[-1:], tokens[:-1]
    if not family or family[-1] in _NOT_A_NAME:
        return None
    return Name(family[-1], "".join(one[0] for one in given))
