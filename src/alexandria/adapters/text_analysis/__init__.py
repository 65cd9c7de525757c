"""What the keyword index holds of a text, and what it is asked: the same on every database.

A text becomes tokens: words in lower case, stemmed by the language of the text, without diacritics.
Scripts without spaces between words give overlapping pairs of letters and, at the end of each run,
its last letter (after Lucene's CJKAnalyzer), so that any two letters in a row can be looked up.
"""

import unicodedata
from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache
from itertools import pairwise

from alexandria.adapters.text_analysis.characters import (
    WITHOUT_IGNORED,
    fold,
    is_one_word,
    letters,
    runs,
    spaceless_pattern,
    word_pattern,
)
from alexandria.adapters.text_analysis.guessing import by_stop_words, guess_language
from alexandria.adapters.text_analysis.stemming import DEFAULT, known, longer_words, stems
from alexandria.adapters.text_analysis.stop_words import STOP_WORDS
from alexandria.protocols.languages import language_code

__all__ = [
    "DEFAULT",
    "Tokens",
    "ends_in_one_letter",
    "hidden_stems",
    "known",
    "language_of",
    "longer_runs",
    "phrase",
    "start",
    "stop_words",
    "tokens",
    "variants",
]

Tokens = tuple[str, ...]


def language_of(declared: str | None, text: str) -> str:
    """Give the ISO 639-1 code of a text's language: as declared, else guessed."""
    return language_code(declared) or guess_language(text)


def tokens(text: str, language: str) -> list[str]:
    """Give the tokens of a text in their order.

    At the end stand the stems of words as they are typed without diacritics, where these differ.
    """
    words = _words(text)
    plain = [word for word in set(words) if word.isascii()]
    found: dict[str, Tokens] = {
        word: (stem,) for word, stem in zip(plain, stems(plain, known(language)), strict=True)
    }
    extra: list[str] = []
    for word in words:
        if word not in found:
            found[word] = _tokens_of_word(word, language)
            extra += _typed_plainly(word, language, found[word])
    return [token for word in words for token in found[word]] + extra


@lru_cache(maxsize=20_000)
def variants(word: str, languages: Sequence[str]) -> tuple[Tokens, ...]:
    """Give what a word of a query, or several, may stand as in the index: tokens in a row."""
    found = [
        phrase(typed, language)
        for language in languages
        for typed in dict.fromkeys((word, fold(word)))
    ]
    return tuple(dict.fromkeys(one for one in found if one))


def phrase(text: str, language: str) -> Tokens:
    """Give the tokens in a row that stand for just these words, wherever these are in a text."""
    words = _words(text)
    found = [token for word in words for token in _tokens_of_word(word, language)]
    return tuple(found[:-1] if _letters_at_end(words) > 1 else found)


def ends_in_one_letter(text: str) -> bool:
    """Tell whether a text ends in a single letter of a script without spaces."""
    return _letters_at_end(_words(text)) == 1


def start(text: str, language: str) -> Tokens:
    """Give the tokens of words the last of which is only begun: that one is not stemmed."""
    words = _words(text)
    if not words:
        return ()
    if spaceless_pattern().search(words[-1]):
        return phrase(text, language)
    before = [token for word in words[:-1] for token in _tokens_of_word(word, language)]
    return (*before, fold(_prepared(words[-1])))


def hidden_stems(begun: str, languages: Iterable[str]) -> list[str]:
    """Give stems under which words that begin so may stand, and that do not begin so themselves.

    `generat` does not find "generation", which stands as "gener"; nor `happy` what is "happi".
    """
    found = [
        fold(stem)
        for language in languages
        for stem in stems(longer_words(begun, language), known(language))
    ]
    folded = fold(begun)
    return [stem for stem in dict.fromkeys(found) if not stem.startswith(folded)]


def longer_runs(word: str) -> list[str]:
    """Give the parts that are looked up apart, where a word is a sentence in a script without spaces.

    A run that is too long for one word gives its pairs of letters; an empty list: look up the whole.
    """
    if not spaceless_pattern().search(word):
        return []
    parts = [part for one in _words(word) for part in runs(one)]
    if all(is_one_word(run) for run, spaceless in parts if spaceless):
        return []
    found: list[str] = []
    for run, spaceless in parts:
        found += [run] if not spaceless or is_one_word(run) else _pairs(run)[:-1]
    return found


def stop_words(words: Collection[str], languages: Collection[str]) -> frozenset[str]:
    """Give the small words of the query's language, and of English."""
    spoken = by_stop_words(" ".join(words), {DEFAULT, *languages})
    return STOP_WORDS[DEFAULT] | STOP_WORDS[spoken]


def _words(text: str) -> list[str]:
    found: list[str] = word_pattern().findall(unicodedata.normalize("NFC", text.lower()))
    return found


def _letters_at_end(words: Sequence[str]) -> int:
    """Count the letters of the last run, if it is of a script without spaces."""
    run, spaceless = runs(words[-1])[-1] if words else ("", False)
    return len(letters(run)) if spaceless else 0


def _tokens_of_word(word: str, language: str) -> Tokens:
    if word.isascii():
        return tuple(stems([word], known(language)))
    found: list[str] = []
    for run, spaceless in runs(word):
        if spaceless:
            found += _pairs(run)
        else:
            found += map(fold, stems([_prepared(run)], known(language)))
    return tuple(found)


def _typed_plainly(word: str, language: str, found: Tokens) -> list[str]:
    if len(found) != 1 or spaceless_pattern().search(word):
        return []
    plain = stems([fold(_prepared(word))], known(language))
    return [] if plain[0] == found[0] else plain


_WITHOUT_SIGNS = {
    code: None for code in range(128) if not chr(code).isalnum() and chr(code) not in "+#"
}
"""Signs that stand in compatible forms, as in `(1)` for `⑴`: the index would split there."""


def _prepared(word: str) -> str:
    """Give the compatible form, so that `ﬁ` is `fi`, and without what only shows where to break."""
    compatible = unicodedata.normalize("NFKC", word.translate(WITHOUT_IGNORED))
    return compatible.translate(_WITHOUT_SIGNS) or word


def _pairs(run: str) -> list[str]:
    single = [
        fold(unicodedata.normalize("NFC", one)) for one in letters(run.translate(WITHOUT_IGNORED))
    ]
    return [one + other for one, other in pairwise(single)] + single[-1:]
