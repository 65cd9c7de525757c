"""Words, and letters without case and diacritics, by the categories of Unicode."""
# ruff: noqa: RUF001 - letters of other scripts look like Latin ones

import re
import unicodedata
from functools import lru_cache

_EXPANDED = {"ß": "ss", "æ": "ae", "œ": "oe", "þ": "th"}
_STROKED = {"ø": "o", "đ": "d", "ł": "l", "ı": "i", "ħ": "h", "ŧ": "t", "ð": "d", "ς": "σ"}
"""Letters that Unicode does not decompose, though people type the plain one for them."""

_EAST_ASIAN = (
    "\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\uff66-\uff9f\U00020000-\U0003ffff\u1100-\u11ff\u3130-\u318f\uac00-\ud7a3"
)
"""Han, Kana and Hangul, as Lucene's CJKAnalyzer takes them together."""
_SOUTH_EAST_ASIAN = "\u0e00-\u0e4f\u0e80-\u0ecf\u1000-\u103f\u1050-\u109f\uaa60-\uaa7f\u1780-\u17d3"
"""Thai, Lao, Myanmar and Khmer, without their digits."""
SPACELESS = _EAST_ASIAN + _SOUTH_EAST_ASIAN
_HANGUL = re.compile("[\u1100-\u11ff\u3130-\u318f\uac00-\ud7a3]+")
_KATAKANA = re.compile("[\u30a0-\u30ff\u31f0-\u31ff\uff66-\uff9f]+")
_ALPHABETIC = re.compile(f"[{_SOUTH_EAST_ASIAN}]")
_IGNORED = "\u00ad\u200c\u200d\u2060\ufeff"
"""Soft hyphens and joiners stand inside words and are no part of them."""
WITHOUT_IGNORED = str.maketrans("", "", _IGNORED)


class _Folds(dict[int, int | str]):
    """For `str.translate`: a letter to the plain one; filled as letters are met."""

    def __init__(self, *, one_for_one: bool) -> None:
        super().__init__()
        self._one_for_one = one_for_one

    def __missing__(self, code: int) -> int | str:
        folded = _folded(chr(code), one_for_one=self._one_for_one)
        self[code] = folded
        return folded


def _folded(char: str, *, one_for_one: bool) -> str:
    lower = char.lower()[0]
    if lower in _EXPANDED:
        return _EXPANDED[lower][0] if one_for_one else _EXPANDED[lower]
    if lower in _STROKED:
        return _STROKED[lower]
    if lower == "й":  # another letter in Russian, not one with a diacritic
        return lower
    if "\u0300" <= lower <= "\u036f" and not one_for_one:
        return ""
    parts = unicodedata.normalize("NFKD", lower)
    if len(parts) == 1 or (parts[0] < "\u0530" and all(map(unicodedata.combining, parts[1:]))):
        return parts[0]
    return lower


_FOLDS = _Folds(one_for_one=False)
_FOLDS_ONE_FOR_ONE = _Folds(one_for_one=True)


def fold(text: str) -> str:
    """Give the text in lower case and without diacritics of Latin, Greek and Cyrillic letters."""
    return text.lower() if text.isascii() else text.translate(_FOLDS)


def expanded(text: str) -> str:
    """Write out the letters that stand for two."""
    for letter in "ßẞæÆœŒþÞ":
        if letter in text:
            text = text.replace(letter, _EXPANDED[letter.lower()])
    return text


def fold_in_place(text: str) -> str:
    """Fold so that each character stays where it is."""
    return text.lower() if text.isascii() else text.translate(_FOLDS_ONE_FOR_ONE)


@lru_cache(maxsize=1)
def _marks() -> str:
    """Give all combining marks, as the inside of a character class."""
    codes = [
        code
        for code in (*range(0x300, 0x1FFFF), *range(0xE0100, 0xE01F0))
        if unicodedata.category(chr(code))[0] == "M"
    ]
    ranges: list[list[int]] = []
    for code in codes:
        if ranges and code == ranges[-1][1] + 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    return "".join(f"{chr(low)}-{chr(high)}" for low, high in ranges)


@lru_cache(maxsize=1)
def word_pattern() -> re.Pattern[str]:
    """Give what matches a word: letters and digits with their marks; also `c++` and `c#`."""
    inside = f"(?:[^\\W_]|[{_marks()}{_IGNORED}])"
    return re.compile(f"[^\\W_]{inside}*(?:\\+\\+(?![^\\W_])|(?<![^\\W_].)#(?![^\\W_]))?")


@lru_cache(maxsize=1)
def _run_pattern() -> re.Pattern[str]:
    marked = f"{SPACELESS}{_marks()}"
    return re.compile(f"(?P<spaceless>[{SPACELESS}][{marked}]*)|(?:(?![{SPACELESS}]).)+", re.DOTALL)


@lru_cache(maxsize=1)
def _letter_pattern() -> re.Pattern[str]:
    return re.compile(f".[{_marks()}]*", re.DOTALL)


@lru_cache(maxsize=1)
def spaceless_pattern() -> re.Pattern[str]:
    return re.compile(f"[{SPACELESS}]")


def runs(word: str) -> list[tuple[str, bool]]:
    """Split a word where its script changes; with each part whether it is written without spaces."""
    return [
        (match.group(), match["spaceless"] is not None) for match in _run_pattern().finditer(word)
    ]


def letters(run: str) -> list[str]:
    """Give the letters with their marks."""
    found: list[str] = _letter_pattern().findall(run)
    return found


def is_one_word(run: str) -> bool:
    """Tell whether a run without spaces is short enough to be one word.

    Chinese words have up to 4 characters, Thai ones some 8. Katakana writes one foreign word;
    Korean has spaces, but a word of 3 syllables may well end in a particle.
    """
    size = len(letters(run))
    if _KATAKANA.fullmatch(run):
        return True
    if _HANGUL.fullmatch(run):
        return size <= 2
    return size <= (8 if _ALPHABETIC.match(run) else 4)
