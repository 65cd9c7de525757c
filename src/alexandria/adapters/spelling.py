"""Words of a library that are like one which it does not have."""

import math
import unicodedata
from collections.abc import Callable, Iterable
from itertools import islice

from rapidfuzz import process
from rapidfuzz.distance import OSA

from alexandria.adapters.fulltext_match import Reading
from alexandria.adapters.fulltext_vocabulary import Vocabulary
from alexandria.adapters.text_analysis import stop_words, variants
from alexandria.adapters.text_analysis.characters import fold, spaceless_pattern, word_pattern
from alexandria.adapters.text_analysis.finding import Haystack

_SHORTEST = 4
"""Letters; of shorter words too many others are like them."""
_LONG = 8
"""Letters from which on two changes are looked for."""
_PER_CHANGE = 4.0
"""A word with one change less is taken though another is up to e^4, some 55 times, as frequent."""
_LOOKED_AT = 8
_MOST_WORDS = 3
"""Of one query; each takes some milliseconds."""
_OCCURRENCES = 30
"""Of a word in one text, to see how it is written."""
_RARE = 3
"""Texts; a word in no more of them may be a slip, if the one like it is in so many more:"""
_MORE_FREQUENT = 100


class Speller:
    """`texts_with`: gives some texts that have a token, as they are written."""

    def __init__(
        self,
        reading: Reading,
        vocabulary: Vocabulary,
        texts_with: Callable[[str], Iterable[str]],
    ) -> None:
        self._reading = reading
        self._vocabulary = vocabulary
        self._texts_with = texts_with
        self._looked_for = 0

    def likeliest(self, word: str) -> str | None:
        """Give the word of the library that is meant, or None if there is none, or no need of one.

        Changes are those of Damerau and Levenshtein: a letter more, less or another, or two
        exchanged.
        """
        word = fold(word)
        if not self._is_correctable(word):
            return None
        stems = {one[0] for one in variants(word, self._reading.languages) if len(one) == 1}
        texts = sum(self._vocabulary.documents(stems).values())
        if texts > _RARE or self._looked_for == _MOST_WORDS:
            return None
        self._looked_for += 1
        most = 1 if texts or len(word) < _LONG else 2
        least = max(1, texts * _MORE_FREQUENT)
        best: tuple[float, str] | None = None
        for stem, number, likely in self._near(stems, most, least):
            if best and likely + 2 * _PER_CHANGE < best[0]:
                break
            # Of words that differ in their endings alone, "netwrok" and "networks", one more.
            endings = int(min(OSA.distance(one, stem) for one in stems) <= most)
            for surface in self._written(stem):
                changes = OSA.distance(word, fold(surface))
                if 0 < changes <= most + endings:
                    found = (math.log(number) - _PER_CHANGE * changes, surface)
                    best = max(best, found) if best else found
        return best[1] if best else None

    def _is_correctable(self, word: str) -> bool:
        small = stop_words([word], self._reading.languages)
        spaceless = spaceless_pattern().search(word)
        return len(word) >= _SHORTEST and word.isalpha() and not spaceless and word not in small

    def _near(self, stems: set[str], most: int, least: int) -> list[tuple[str, int, float]]:
        """Give the likeliest stems: endings differ more than words, so one change more is allowed.

        Only stems with the same first letter are looked at, or with the second, should the first
        be amiss or the two be exchanged.
        """
        found: dict[str, tuple[float, int]] = {}
        for first in {letter for stem in stems for letter in stem[:2]}:
            known = self._vocabulary.beginning(first)
            for stem in stems:
                close = process.extract(
                    stem, known, scorer=OSA.distance, score_cutoff=most + 1, limit=None
                )
                counted = self._vocabulary.documents([one for one, _, _ in close])
                for one, changes, _ in close:
                    number = counted[one]
                    if number >= least and one not in stems:
                        likely = math.log(number) - _PER_CHANGE * changes
                        found[one] = max(found.get(one, (-math.inf, 0)), (likely, number))
        ordered = sorted(found.items(), key=lambda item: item[1], reverse=True)
        return [(one, number, likely) for one, (likely, number) in ordered[:_LOOKED_AT]]

    def _written(self, stem: str) -> set[str]:
        """Give the words that stand for a stem in some texts, in lower case."""
        found: set[str] = set()
        for text in self._texts_with(stem):
            composed = unicodedata.normalize("NFC", text)
            haystack = Haystack(composed)
            for at in islice(haystack.positions(stem[:-1]), _OCCURRENCES):
                word = word_pattern().match(composed, at)
                if word and (stem,) in variants(word.group().lower(), self._reading.languages):
                    found.add(word.group().lower())
        return found
