"""Letters of names made alike: scripts, diacritics, and ways of spelling a sound."""

import re
import unicodedata

from anyascii import anyascii

_EAST_ASIAN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]")
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa"})
_SOUNDS = (
    *(("ae", "a"), ("oe", "o"), ("ue", "u"), ("aa", "a"), ("ee", "i"), ("oo", "u"), ("ou", "u")),
    *(("iy", "i"), ("ij", "i"), ("yi", "i"), ("y", "i"), ("j", "i")),
    *(("tsch", "c"), ("sch", "s"), ("ch", "c"), ("sh", "s"), ("ph", "f"), ("kh", "h")),
    *(("th", "t"), ("dh", "d"), ("gh", "g"), ("bh", "b"), ("ck", "k"), ("ks", "x"), ("cs", "x")),
    *(("w", "v"), ("z", "s"), ("q", "k"), ("c", "k")),
)
"""Ways of writing one sound when a name is transliterated, longer ones first."""
_TWICE = re.compile(r"(.)\1+")


def is_east_asian(text: str) -> bool:
    """Whether it has Han, kana or Hangul, where the family name stands first."""
    return _EAST_ASIAN.search(text) is not None


def fold(word: str) -> str:
    """Give the letters and digits of a word in lower-case ASCII; other scripts are romanised."""
    ascii_only = anyascii(unicodedata.normalize("NFC", word))
    return "".join(letter for letter in ascii_only.lower() if letter.isalnum())


def fold_umlauts(word: str) -> str:
    """As `fold`, but with umlauts written out: "Bjoern" for "Björn"."""
    return fold(unicodedata.normalize("NFC", word).lower().translate(_UMLAUTS))


def sound(folded: str) -> str:
    """Give a key that spellings of one sound share: "aleksei" and "alexey"."""
    for written, meant in _SOUNDS:
        folded = folded.replace(written, meant)
    return _TWICE.sub(r"\1", folded)
