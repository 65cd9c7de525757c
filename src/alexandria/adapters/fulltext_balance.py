"""One weight for a word, whichever of its stems a text has.

A word of a query is looked up by its stem in each language of the library. BM25 takes a stem that
only few texts have for a rare word: "evaluation" would find the 50 French papers of a library
before its 2,000 English ones. So what such a stem adds is scaled to the rarity of the word.
"""

import math
from collections.abc import Callable

from alexandria.adapters.fulltext_match import Phrase, Sought

_CLOSE_ENOUGH = 0.95
_LEAST_IDF = 1e-6
"""As in FTS5, for what more than half of all entries have."""


def factors(
    sought: Sought, frequency: Callable[[Phrase], int], entries: int
) -> dict[Phrase, float]:
    """Give by how much to multiply what each phrase adds to BM25; those near 1 are left out.

    `frequency`: counts the entries that have a phrase; `entries`: how many there are.
    """
    if len(sought.phrases) < 2 or sought.begun:
        return {}
    counted = {phrase: frequency(phrase) for phrase in sought.phrases}
    together = idf(min(entries, sum(counted.values())), entries)
    scaled = {phrase: together / idf(one, entries) for phrase, one in counted.items() if one}
    return {phrase: factor for phrase, factor in scaled.items() if factor < _CLOSE_ENOUGH}


def idf(having: int, entries: int) -> float:
    """Weigh as FTS5's `bm25` does: log((N - n + 0.5) / (n + 0.5))."""
    return max(math.log((entries - having + 0.5) / (having + 0.5)), _LEAST_IDF)
