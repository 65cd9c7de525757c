"""Are two resources one? What speaks for it, in numbers and in words, and the rules that decide."""

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rapidfuzz import fuzz

from alexandria.services.near_duplicates.signature import Signature, jaccard
from alexandria.services.near_duplicates.words import Name, is_generic, numbers_in

SAME_TITLE = 0.9
LIKE_TITLE = 0.6
SAME_TEXT = 0.7
"""Jaccard coefficient of the word 3-grams, as the sketches estimate it."""
OTHER_TEXT = 0.15
"""Below it two abstracts are of different papers, whatever their titles."""
VERY_SAME_TEXT = 0.9
SAME_AUTHORS = 0.5
MOST_YEARS_APART = 1
_SAME_WORD = 80
_PREFIXES = frozenset(
    {"un", "non", "in", "dis", "anti", "multi", "mono", "bi", "semi", "sub", "inter"}
)
"""What turns a word into another: "tagged", "untagged"."""
_SHORTEST_FUZZY_WORD = 4
_FEWEST_WORDS = 5
"""Of a title that can do without authors."""
_MARKERS = frozenset(
    """
    addendum appendix comment commentary comments corrigendum correction corrections errata erratum
    not rejoinder replies reply response retraction retracted supplement supplementary without
    """.split()  # noqa: SIM905 - a table of words
)
_SMALL = frozenset(
    ("a", "an", "and", "as", "at", "by", "for", "from", "in", "is", "of", "on", "the", "to")
)
"""Words that tell no two titles apart, and that a scanner misreads like all others."""
_WEIGHTS = {"title": 0.4, "authors": 0.2, "year": 0.1, "text": 0.3}


@dataclass(frozen=True, slots=True)
class Evidence:
    """What two resources have in common; None where one of them does not say."""

    title: float
    """Likeness from 0 to 1."""
    title_differs: bool
    """Words, numbers or a word such as "erratum" tell the titles apart."""
    authors: float | None
    """Share of the shorter list that stands in the other."""
    authors_shared: int
    authors_compared: int
    """Of the shorter list."""
    years_apart: int | None
    abstract: float | None
    """Jaccard coefficient, estimated."""
    content: float | None
    identifiers: tuple[str, ...]
    """Schemes in which both have the same."""
    score: float = 0.0

    @property
    def text(self) -> float | None:
        return max((one for one in (self.abstract, self.content) if one is not None), default=None)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self) | {"identifiers": list(self.identifiers)}


def verify(one: Signature, other: Signature) -> Evidence | None:
    """Give what speaks for it if the two are worth a person's look, else None."""
    evidence = compare(one, other)
    generic = is_generic(one.title) or is_generic(other.title)
    return evidence if _is_worth_a_look(evidence, len(one.title), generic=generic) else None


def compare(one: Signature, other: Signature) -> Evidence:
    likeness, differs = compare_titles(one.title, other.title)
    shared = _shared(one.names, other.names)
    fewest = min(len(one.names), len(other.names))
    texts = {
        name: jaccard(one.sketches[name], other.sketches[name])
        for name in ("abstract", "content")
        if name in one.sketches and name in other.sketches
    }
    evidence = Evidence(
        title=round(likeness, 3),
        title_differs=differs,
        authors=round(shared / fewest, 3) if fewest else None,
        authors_shared=shared,
        authors_compared=fewest,
        years_apart=None if one.year is None or other.year is None else abs(one.year - other.year),
        abstract=_rounded(texts.get("abstract")),
        content=_rounded(texts.get("content")),
        identifiers=tuple(
            scheme
            for scheme, value in sorted(one.identifiers.items())
            if other.identifiers.get(scheme) == value
        ),
    )
    return Evidence(**asdict(evidence) | {"score": _score(evidence)})


def _is_worth_a_look(evidence: Evidence, words: int, *, generic: bool) -> bool:
    if evidence.identifiers:
        return evidence.title >= LIKE_TITLE or (evidence.text or 0) >= SAME_TEXT
    return _says_the_text(evidence) or (not generic and _says_the_record(evidence, words))


def _says_the_text(evidence: Evidence) -> bool:
    """The texts agree; titles may be quite other, as where one was misread, but no siblings."""
    text = evidence.text or 0
    is_like = evidence.title >= LIKE_TITLE
    akin = not evidence.title_differs if is_like else bool(evidence.authors)
    return text >= VERY_SAME_TEXT or (text >= SAME_TEXT and akin)


def _says_the_record(evidence: Evidence, words: int) -> bool:
    """Title, authors and year agree, and the abstracts don't say otherwise."""
    alike = evidence.title >= SAME_TITLE and not evidence.title_differs
    other_text = evidence.abstract is not None and evidence.abstract < OTHER_TEXT
    far = (evidence.years_apart or 0) > MOST_YEARS_APART
    if evidence.authors is None:
        people = words >= _FEWEST_WORDS and evidence.years_apart == 0
    else:
        people = evidence.authors >= SAME_AUTHORS
    return alike and people and not other_text and not far


def compare_titles(one: Sequence[str], other: Sequence[str]) -> tuple[float, bool]:
    """Give how alike two titles are, and whether something in them tells the works apart."""
    together = (" ".join(one), " ".join(other))
    spaceless = ("".join(one), "".join(other))
    likeness = max(fuzz.ratio(*together), fuzz.ratio(*spaceless)) / 100
    if spaceless[0] == spaceless[1]:
        return likeness, False
    differs = (
        numbers_in(one) != numbers_in(other)
        or sum(word in _MARKERS for word in one) != sum(word in _MARKERS for word in other)
        or _is_reworded(one, other)
    )
    return likeness, differs


def _is_reworded(one: Sequence[str], other: Sequence[str]) -> bool:
    """Tell whether each has a word that the other has not, errors of writing aside."""
    ours, theirs = _left(one, other), _left(other, one)
    left = [word for word in ours if word not in _SMALL and not _stands_in(word, theirs)]
    right = [word for word in theirs if word not in _SMALL and not _stands_in(word, ours)]
    return bool(left and right)


def _left(one: Sequence[str], other: Sequence[str]) -> list[str]:
    rest = list(other)
    return [word for word in one if not (word in rest and not rest.remove(word))]  # type: ignore[func-returns-value]


def _stands_in(word: str, others: Sequence[str]) -> bool:
    if any(_is_turned(*sorted((word, one), key=len)) for one in others):
        return False
    if len(word) >= _SHORTEST_FUZZY_WORD and word in "".join(others):  # "data base", "database"
        return True
    return any(_is_misspelt(word, one) for one in others)


def _is_misspelt(word: str, other: str) -> bool:
    digits, others = (re.sub(r"\D", "", one) for one in (word, other))
    return (
        fuzz.ratio(word, other) >= _SAME_WORD
        and min(len(word), len(other)) >= _SHORTEST_FUZZY_WORD
        and (digits == others or not digits or not others)  # "seq2seq", "seq3seq"; "1anguage"
    )


def _is_turned(word: str, longer: str) -> bool:
    return longer.endswith(word) and longer.removesuffix(word) in _PREFIXES


def _shared(names: Sequence[Name], others: Sequence[Name]) -> int:
    rest = list(others)
    count = 0
    for name in names:
        match = next((one for one in rest if _is_one_person(name, one)), None)
        if match is not None:
            rest.remove(match)
            count += 1
    return count


def _is_one_person(name: Name, other: Name) -> bool:
    if name.initials and other.initials and name.initials[0] != other.initials[0]:
        return False
    if name.surname == other.surname:
        return True
    shortest = min(len(name.surname), len(other.surname))
    return (
        shortest >= _SHORTEST_FUZZY_WORD and fuzz.ratio(name.surname, other.surname) >= _SAME_WORD
    )


def _score(evidence: Evidence) -> float:
    """Give the weighted mean of what is known, from 0 to 1; 1 for a shared identifier."""
    if evidence.identifiers:
        return 1.0
    apart = evidence.years_apart
    known = {
        "title": evidence.title,
        "authors": evidence.authors,
        "year": None if apart is None else max(0.0, 1 - apart / 4),
        "text": evidence.text,
    }
    pairs = [(_WEIGHTS[name], value) for name, value in known.items() if value is not None]
    return round(sum(w * value for w, value in pairs) / sum(w for w, _ in pairs), 3)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
