"""The language of a text that names none: by its script, and by the small words in it."""

import re
from collections import Counter
from collections.abc import Collection

from alexandria.adapters.text_analysis.stemming import DEFAULT
from alexandria.adapters.text_analysis.stop_words import STOP_WORDS

_SAMPLE = 3000
_SCRIPTS = {
    "ja": "\u3040-\u30ff",
    "ko": "\u1100-\u11ff\uac00-\ud7a3",
    "zh": "\u3400-\u4dbf\u4e00-\u9fff",
    "th": "\u0e00-\u0e7f",
    "ru": "\u0400-\u04ff",
    "el": "\u0370-\u03ff",
    "ar": "\u0600-\u06ff",
    "hi": "\u0900-\u097f",
    "hy": "\u0530-\u058f",
    "ta": "\u0b80-\u0bff",
    "yi": "\u0590-\u05ff",
    "en": "A-Za-z\u00c0-\u024f",
}
_SCRIPT = re.compile("|".join(f"(?P<{name}>[{chars}])" for name, chars in _SCRIPTS.items()))
_KANA_SHARE = 0.05
"""Of Japanese at least so much is Kana beside the Han characters."""
_WORD = re.compile(r"[^\W\d_]{2,}")


def guess_language(text: str) -> str:
    """Give the ISO 639-1 code of the likeliest language; English if nothing speaks for another."""
    sample = text[:_SAMPLE]
    if sample.isascii():
        return by_stop_words(sample)
    scripts = Counter(match.lastgroup or DEFAULT for match in _SCRIPT.finditer(sample))
    script = max(scripts, key=scripts.__getitem__, default=DEFAULT)
    if script == "zh" and scripts["ja"] >= _KANA_SHARE * scripts["zh"]:
        return "ja"
    return by_stop_words(sample) if script == DEFAULT else script


def by_stop_words(text: str, languages: Collection[str] = STOP_WORDS.keys()) -> str:
    """Give the language, of these, most of whose small words are there."""
    words = Counter(_WORD.findall(text.lower()))
    counts = {
        language: sum(words[word] for word in words.keys() & small)
        for language, small in STOP_WORDS.items()
        if language in languages
    }
    if not counts:
        return DEFAULT
    best = max(counts, key=lambda language: (counts[language], language == DEFAULT))
    enough = 1 if not text.isascii() else 2
    return best if counts[best] >= enough else DEFAULT
