"""The passage of a text that shows most of a query, with the query's words marked."""

import html
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
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
_FALLBACK_CHARACTERS = 20_000
"""Looked through word by word where the quick look finds nothing: some stems begin otherwise."""
_SENTENCE_END = re.compile("[.!?]\\s+|\\n\\s*\\n|[\u3002\uff01\uff1f]")

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
        first = dict.fromkeys(one[0] for one in (*self.sought.whole, *self.sought.begun))
        return list(dict.fromkeys(map(_beginning, first)))

    def matches(self, words: Sequence[Word], at: int) -> int:
        """Give how many words from there on match; 0: they don't."""
        for tokens in self.sought.whole:
            if all(one in word.tokens for one, word in _in_step(tokens, words, at)):
                return len(tokens)
        for tokens in self.sought.begun:
            *before, begun = _in_step(tokens, words, at)
            if all(one in word.tokens for one, word in before) and _begins(*begun):
                return len(tokens)
        return 0


_NO_WORD = Word(0, 0, frozenset())


def _in_step(tokens: Tokens, words: Sequence[Word], at: int) -> Iterator[tuple[str, Word]]:
    for step, token in enumerate(tokens, start=at):
        yield token, words[step] if step < len(words) else _NO_WORD


def _begins(token: str, word: Word) -> bool:
    return any(one.startswith(token) for one in word.tokens)


def _beginning(stem: str) -> str:
    return stem[:-1] if len(stem) > 3 and not spaceless_pattern().match(stem) else stem


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
        found = self._passage(text) if text else None
        return found if found and found.marks else None

    def _passage(self, text: str) -> Passage | None:
        text = unicodedata.normalize("NFC", text)
        hits = self._quick_hits(text)
        if not hits:
            words = self._words(text, 0, _FALLBACK_CHARACTERS)
            hits = [(words[at].start, one) for one in self._wanted for at in _places(one, words)]
            hits.sort(key=lambda hit: hit[0])
        if not hits:
            return None
        first, score = _densest(hits)
        start = _beginning_near(text, hits[first][0])
        return Passage(text, start, score, self._marks(text, start))

    def _quick_hits(self, text: str) -> list[tuple[int, Wanted]]:
        haystack = Haystack(text)
        hits = [(at, one) for one in self._wanted for at in self._hits(text, haystack, one)]
        return sorted(hits, key=lambda hit: hit[0])

    def _hits(self, text: str, haystack: Haystack, wanted: Wanted) -> Iterator[int]:
        if wanted.exact:
            yield from (start for start, _ in wanted.exact.spans(text))
            return
        ahead = max(map(len, (*wanted.sought.whole, *wanted.sought.begun)))
        for beginning in wanted.beginnings:
            anywhere = spaceless_pattern().match(beginning)
            for at in islice(haystack.positions(beginning), _OCCURRENCES):
                if anywhere or wanted.matches(self._next_words(text, at, ahead), 0):
                    yield at

    def _next_words(self, text: str, start: int, count: int) -> list[Word]:
        found: list[Word] = []
        for match in islice(word_pattern().finditer(text, start), count):
            found += _as_words(match.group(), match.start(), self._languages)
        return found

    def _words(self, text: str, start: int, end: int) -> list[Word]:
        """Give the words that begin there."""
        found: list[Word] = []
        for match in word_pattern().finditer(text, start):
            if match.start() >= end:
                break
            found += _as_words(match.group(), match.start(), self._languages)
        return found

    def _marks(self, text: str, start: int) -> list[Span]:
        words = self._words(text, start, start + _CHARACTERS)
        spans: list[Span] = []
        for one in self._wanted:
            if one.exact:
                part = text[start : start + 2 * _CHARACTERS]
                spans += [(start + low, start + high) for low, high in one.exact.spans(part)]
            else:
                spans += [_span(words, at, one) for at in _places(one, words)]
        return _merged(span for span in sorted(spans) if span[0] < start + _CHARACTERS)


def _places(wanted: Wanted, words: Sequence[Word]) -> list[int]:
    return [at for at in range(len(words)) if wanted.matches(words, at)]


def _span(words: Sequence[Word], at: int, wanted: Wanted) -> Span:
    last = words[at + wanted.matches(words, at) - 1]
    begun = [one[-1] for one in wanted.sought.begun]
    if begun and spaceless_pattern().match(begun[0]):
        return words[at].start, last.start + len(begun[0])
    return words[at].start, last.end


def _as_words(found: str, start: int, languages: tuple[str, ...]) -> list[Word]:
    """Give a word; or, of a script without spaces, each pair of letters, as they are indexed."""
    if found.isascii() or not spaceless_pattern().search(found):
        tokens = frozenset(one[0] for one in variants(found.lower(), languages) if len(one) == 1)
        return [Word(start, start + len(found), tokens)]
    words: list[Word] = []
    for run, spaceless in runs(found):
        if not spaceless:
            words += _as_words(run, start, languages)
        else:
            words += _pairs(letters(run), start)
        start += len(run)
    return words


def _pairs(single: Sequence[str], start: int) -> Iterator[Word]:
    for number, letter in enumerate(single):
        pair = letter + (single[number + 1] if number + 1 < len(single) else "")
        token = variants(pair, ("en",))
        yield Word(start, start + len(pair), frozenset(one[0] for one in token))
        start += len(letter)


def _densest(hits: Sequence[tuple[int, Wanted]]) -> tuple[int, float]:
    """Give the hit at which the best window begins, and its score.

    A window scores the weights of the different words in it, and a little for each further match.
    """
    best, best_score, score = 0, 0.0, 0.0
    last = 0
    inside: Counter[int] = Counter()
    for first, (start, leaving) in enumerate(hits):
        while last < len(hits) and hits[last][0] < start + _CHARACTERS - _BEFORE:
            entering = hits[last][1]
            score += _ONE_MORE if inside[id(entering)] else entering.weight
            inside[id(entering)] += 1
            last += 1
        if score > best_score + _ONE_MORE / 2:
            best, best_score = first, score
        inside[id(leaving)] -= 1
        score -= _ONE_MORE if inside[id(leaving)] else leaving.weight
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
