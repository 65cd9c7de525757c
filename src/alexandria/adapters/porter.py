"""Porter's stemmer, step by step as FTS5's tokenizer `porter` does it.

M. F. Porter, An algorithm for suffix stripping, Program 14 (3), 1980.
"""

import re
from collections.abc import Mapping

_LONGEST = 64
"""FTS5 leaves longer words, and those of one or two letters, as they are."""

_CONSONANT = "(?:[^aeiouy]|(?<![^aeiou])y)"
_VOWEL = "(?:[aeiou]|(?<=[^aeiou])y)"
_MEASURE_1 = re.compile(f"{_CONSONANT}*{_VOWEL}+{_CONSONANT}+")
"""At least one sequence of vowels followed by consonants: m > 0 in Porter's words."""
_MEASURE_2 = re.compile(f"{_CONSONANT}*(?:{_VOWEL}+{_CONSONANT}+){{2}}")
_HAS_VOWEL = re.compile(f".*{_VOWEL}")
_SHORT_END = re.compile(f".*{_CONSONANT}{_VOWEL}(?![wxy]){_CONSONANT}$")

_STEP_2: Mapping[str, str] = {
    "ational": "ate",
    "tional": "tion",
    "enci": "ence",
    "anci": "ance",
    "izer": "ize",
    "logi": "log",
    "bli": "ble",
    "alli": "al",
    "entli": "ent",
    "eli": "e",
    "ousli": "ous",
    "ization": "ize",
    "ation": "ate",
    "ator": "ate",
    "alism": "al",
    "iveness": "ive",
    "fulness": "ful",
    "ousness": "ous",
    "aliti": "al",
    "iviti": "ive",
    "biliti": "ble",
}
_STEP_3: Mapping[str, str] = {
    "icate": "ic",
    "ative": "",
    "alize": "al",
    "iciti": "ic",
    "ical": "ic",
    "ful": "",
    "ness": "",
}
_STEP_4: Mapping[str, str] = dict.fromkeys(
    (
        *("al", "ance", "ence", "er", "ic", "able", "ible", "ant", "ement", "ment", "ent"),
        *("ion", "ou", "ism", "ate", "iti", "ous", "ive", "ize"),
    ),
    "",
)


def stem(word: str) -> str:
    """Give the stem of a word in lower case."""
    if not 3 <= len(word) <= _LONGEST:
        return word
    word = _past_and_participle(_plural(word))
    if word.endswith("y") and _HAS_VOWEL.match(word[:-1]):
        word = word[:-1] + "i"
    word = _replace(word, _STEP_2, _MEASURE_1)
    word = _replace(word, _STEP_3, _MEASURE_1)
    return _last_letters(_replace(word, _STEP_4, _MEASURE_2))


def _plural(word: str) -> str:
    if word.endswith(("sses", "ies")):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word


def _past_and_participle(word: str) -> str:
    if word.endswith("eed"):
        return word[:-1] if _MEASURE_1.match(word[:-3]) else word
    for ending in ("ed", "ing"):
        rest = word.removesuffix(ending)
        if rest != word and _HAS_VOWEL.match(rest):
            return _mended(rest)
    return word


def _mended(rest: str) -> str:
    if rest.endswith(("at", "bl", "iz")):
        return rest + "e"
    if len(rest) > 1 and rest[-1] == rest[-2] and rest[-1] not in "aeioulsz":
        return rest[:-1]
    return rest + "e" if _is_short(rest) else rest


def _is_short(rest: str) -> bool:
    return bool(_MEASURE_1.match(rest) and not _MEASURE_2.match(rest) and _SHORT_END.match(rest))


def _replace(word: str, endings: Mapping[str, str], needs: re.Pattern[str]) -> str:
    """Replace the longest ending that fits, if what stands before it is long enough."""
    found = max((one for one in endings if word.endswith(one)), key=len, default=None)
    if found is None:
        return word
    rest = word[: -len(found)]
    if not needs.match(rest) or (found == "ion" and not rest.endswith(("s", "t"))):
        return word
    return rest + endings[found]


def _last_letters(word: str) -> str:
    rest = word[:-1]
    if word.endswith("e") and (
        _MEASURE_2.match(rest) or (_MEASURE_1.match(rest) and not _SHORT_END.match(rest))
    ):
        word = rest
    if word.endswith("ll") and _MEASURE_2.match(word[:-1]):
        word = word[:-1]
    return word
