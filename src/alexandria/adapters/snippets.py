"""The passage of a text that shows most of a query, with the query's words marked."""

import html
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import islice

from alexandria.adapters.fulltext_match import Sought
from alexandria.adapters.text_analysis import Tokens, variants
from alexandria.adapters.text_analysis.characters import (
    letters,
    runs,
    spaceless_pattern,
    word_pattern,
)
from alexandria.adapters.text_analysis.finding import ExactPhrase, Haystack

_CHARACTERS = 300
_BEFORE = 60
"""Characters shown before the first match, or less where a sentence begins there."""
_OCCURRENCES = 300
"""Of one word that are looked at, so that a long text takes no longer than some milliseconds."""
_FALLBACK_WORDS = 1000
"""Looked through word by word where the quick look finds nothing: some stems begin otherwise."""
_SENTENCE_END = re.compile("[.!?]\\s+|\\n\\s*\\n|[\u3002\uff01\uff1f]")

_LONGEST_WORD = 200
"""Characters, or those of a phrase; what is longer is not marked."""
_ONE_MORE = 0.001
"""What a further match of the same word adds to a passage's score."""

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Word:
    start: int
    end: int
    tokens: frozenset[str]


@dataclass(frozen=True)
class Wanted:
    """A word or phrase that a snippet is to show; `weight`: the rarer, the more."""

    sought: Sought
    weight: float

    @cached_property
    def exact(self) -> ExactPhrase | None:
        term = self.sought.term
        return ExactPhrase(term.words, begun=term.prefix) if term.exact else None

    @cached_property
    def beginnings(self) -> list[str]:
        """Give how words that match begin; the last letter of a stem is often another one there."""
        begun = [one[0] if len(one) == 1 else _beginning(one[0]) for one in self.sought.begun]
        return list(dict.fromkeys([*(_beginning(one[0]) for one in self.sought.whole), *begun]))

    @cached_property
    def length(self) -> int:
        """In words."""
        return max(map(len, (*self.sought.whole, *self.sought.begun)))

    @cached_property
    def _firsts(self) -> frozenset[str]:
        return frozenset(one[0] for one in self.sought.whole)

    def span(self, words: Sequence[Word], at: int) -> Span | None:
        """Give where what matches begins and ends, if it begins with this word."""
        if at < len(words) and not self._firsts.isdisjoint(words[at].tokens):
            for tokens in self.sought.whole:
                if all(one in word.tokens for one, word in _in_step(tokens, words, at)):
                    return words[at].start, words[at + len(tokens) - 1].end
        for tokens in self.sought.begun:
            *before, (begun, last) = _in_step(tokens, words, at)
            if all(one in word.tokens for one, word in before) and _begins(begun, last):
                spaceless = spaceless_pattern().match(begun)
                return words[at].start, last.start + len(begun) if spaceless else last.end
        return None


_NO_WORD = Word(0, 0, frozenset())


def _in_step(tokens: Tokens, words: Sequence[Word], at: int) -> Iterator[tuple[str, Word]]:
    for step, token in enumerate(tokens, start=at):
        yield token, words[step] if step < len(words) else _NO_WORD


def _begins(token: str, word: Word) -> bool:
    return any(one.startswith(token) for one in word.tokens)


def _beginning(stem: str) -> str:
    return stem[:-1] if len(stem) > 3 and not spaceless_pattern().match(stem) else stem


@dataclass(frozen=True, slots=True)
class Hit:
    start: int
    end: int
    wanted: Wanted


@dataclass
class Passage:
    """What a text has of what is wanted, in one place."""

    text: str
    start: int
    score: float
    marks: list[Span] = field(default_factory=list)


class Snippets:
    """Makes the snippets of one query; `languages`: of the stemmers that its words went through."""

    def __init__(self, wanted: Sequence[Wanted], languages: Sequence[str]) -> None:
        self._wanted = wanted
        self._languages = tuple(languages)

    def shows_all(self, passage: Passage | None) -> bool:
        return passage is not None and passage.score >= sum(one.weight for one in self._wanted)

    def passage(self, text: str) -> Passage | None:
        """Give the best passage of a text; None: nothing in it matches."""
        return self._passage(text) if text else None

    def _passage(self, text: str) -> Passage | None:
        text = unicodedata.normalize("NFC", text)
        haystack = Haystack(text)
        hits = [Hit(*span, one) for one in self._wanted for span in self._spans(haystack, one)]
        if not hits:
            words = self._words(text, 0, len(text), _FALLBACK_WORDS)
            hits = [
                Hit(*span, one)
                for one in self._wanted
                for at in range(len(words))
                if (span := one.span(words, at))
            ]
        if not hits:
            return None
        hits.sort(key=lambda hit: hit.start)
        first, score = _densest(hits)
        start = _beginning_near(text, hits[first].start)
        inside = ((hit.start, hit.end) for hit in hits if 0 <= hit.start - start < _CHARACTERS)
        return Passage(text, start, score, _merged(inside))

    def _spans(self, haystack: Haystack, wanted: Wanted) -> Iterator[Span]:
        if wanted.exact:
            yield from wanted.exact.spans(haystack)
            return
        for beginning in wanted.beginnings:
            for at in islice(haystack.positions(beginning), _OCCURRENCES):
                words = self._words(haystack.text, at, at + _LONGEST_WORD, wanted.length)
                if span := wanted.span(words, 0):
                    yield span

    def _words(self, text: str, start: int, end: int, count: int) -> list[Word]:
        """Give at most so many words that stand there."""
        found: list[Word] = []
        for match in islice(word_pattern().finditer(text, start, end), count):
            found += _as_words(match.group(), match.start(), self._languages)
        return found


def _as_words(found: str, start: int, languages: tuple[str, ...]) -> list[Word]:
    """Give a word; or, of a script without spaces, each pair of letters, as they are indexed."""
    if found.isascii() or not spaceless_pattern().search(found):
        return [Word(start, start + len(found), _tokens(found, languages))]
    words: list[Word] = []
    for run, spaceless in runs(found):
        if not spaceless:
            words += _as_words(run, start, languages)
        else:
            words += _pairs(letters(run), start)
        start += len(run)
    return words


@lru_cache(maxsize=20_000)
def _tokens(word: str, languages: tuple[str, ...]) -> frozenset[str]:
    return frozenset(one[0] for one in variants(word.lower(), languages) if len(one) == 1)


def _pairs(single: Sequence[str], start: int) -> Iterator[Word]:
    for number, letter in enumerate(single):
        pair = letter + (single[number + 1] if number + 1 < len(single) else "")
        yield Word(start, start + len(pair), _tokens(pair, ("en",)))
        start += len(letter)


def _densest(hits: Sequence[Hit]) -> tuple[int, float]:
    """Give the hit at which the best window begins, and its score.

    A window scores the weights of the different words in it, and a little for each further match.
    """
    best, best_score, score = 0, 0.0, 0.0
    last = 0
    inside: Counter[int] = Counter()
    for first, hit in enumerate(hits):
        while last < len(hits) and hits[last].start < hit.start + _CHARACTERS - _BEFORE:
            entering = hits[last].wanted
            score += _ONE_MORE if inside[id(entering)] else entering.weight
            inside[id(entering)] += 1
            last += 1
        if score > best_score + _ONE_MORE / 2:
            best, best_score = first, score
        inside[id(hit.wanted)] -= 1
        score -= _ONE_MORE if inside[id(hit.wanted)] else hit.wanted.weight
    return best, best_score


def _beginning_near(text: str, first_match: int) -> int:
    """Give where to begin: with the sentence if it is near, else with a word."""
    low = max(0, first_match - _BEFORE)
    if low == 0:
        return 0
    before = text[low:first_match]
    ends = list(_SENTENCE_END.finditer(before))
    if ends:
        return low + ends[-1].end()
    space = re.search(r"\s", before)
    return low + space.end() if space else low


def _merged(spans: Iterator[Span]) -> list[Span]:
    found: list[Span] = []
    for low, high in spans:
        if found and low < found[-1][1]:
            found[-1] = (found[-1][0], max(high, found[-1][1]))
        else:
            found.append((low, high))
    return found


def as_html(passage: Passage) -> str:
    """Escape the text, mark what matched, close every tag, and cut it between two words."""
    text, at = passage.text, passage.start
    end = min(len(text), at + _CHARACTERS)
    if end < len(text):
        cut = max(text.rfind(" ", at + _CHARACTERS // 2, end), text.rfind("\n", at, end))
        end = cut if cut > max((low for low, _ in passage.marks), default=at) else end
    pieces = ["…"] if at else []
    for low, until in passage.marks:
        high = min(until, end)
        if low < high:
            pieces += [_shown(text[at:low]), f"<mark>{_shown(text[low:high])}</mark>"]
            at = high
    pieces += [_shown(text[at:end]), "…" if end < len(text) else ""]
    return "".join(pieces).strip()


def _shown(piece: str) -> str:
    return html.escape(re.sub(r"\s+", " ", piece))
