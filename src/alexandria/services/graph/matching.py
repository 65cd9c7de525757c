"""Is the work that a reference names this resource? The rules, and what they rest on.

An identifier decides by itself. Else title, authors and year must agree: a title at least
LIKE_TITLE alike, of which no number and no word tells the works apart, an author in common, and
years at most one apart, or FAR_YEARS with the very same title and first author (a preprint and what
became of it).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from rapidfuzz import fuzz

from alexandria.services.graph.keys import FEWEST_MAIN_WORDS, Work, main_of
from alexandria.services.near_duplicates.verification import compare_titles
from alexandria.services.near_duplicates.words import is_generic

LIKE_TITLE = 0.88
SAME_TITLE = 0.97
SAME_NAME = 85
NEAR_YEARS, FAR_YEARS = 1, 4
FEWEST_WORDS = 5
"""Of a title that can do without authors."""
_SCHEMES = ("doi", "arxiv", "pmid", "id")
"""Those that are of one work alone; a book's ISBN stands in references to its chapters too."""
_PREPRINTS = ("10.48550/", "10.1101/", "10.2139/", "10.20944/", "10.21203/", "10.31234/")
_WEIGHTS = {"title": 0.65, "authors": 0.2, "year": 0.15}
_UNKNOWN = 0.5


@dataclass(frozen=True, slots=True)
class Match:
    """How a reference and a resource agree; `score` from 0 to 1."""

    score: float
    basis: str
    """`identifier`, `title`, or `person` for what somebody decided."""
    identifier: str | None = None
    """Its scheme."""
    title: float | None = None
    authors: str | None = None
    """`first` author agrees, `some` author does, or one of the two names none: `unknown`."""
    years_apart: int | None = None

    def as_dict(self) -> dict[str, Any]:
        names = ("basis", "identifier", "title", "authors", "years_apart")
        return {name: value for name in names if (value := getattr(self, name)) is not None}


def best_match(reference: Work, candidates: Iterable[tuple[str, Work]]) -> tuple[str, Match] | None:
    """Give the id of the resource that agrees best; of two that agree alike the smaller id."""
    found = [(one, match) for one, work in candidates if (match := agreement(reference, work))]
    return min(found, key=lambda pair: (-pair[1].score, pair[0]), default=None)


def agreement(reference: Work, work: Work) -> Match | None:
    """Give how the two agree, or None if they are not one work."""
    for scheme in _SCHEMES:
        value = reference.identifiers.get(scheme)
        if value is not None and value == work.identifiers.get(scheme):
            return Match(1.0, "identifier", identifier=scheme)
    if not reference.title or is_generic(work.title) or _other_doi(reference, work):
        return None
    title = _title(reference, work)
    authors = _authors(reference.people, work.people)
    known = reference.year and work.year
    apart = abs(reference.year - work.year) if known else None  # type: ignore[operator]
    if not _is_enough(title, authors, apart, len(work.title)):
        return None
    parts = {
        "title": title,
        "authors": {"first": 1.0, "some": 0.8}.get(authors, _UNKNOWN),
        "year": _UNKNOWN if apart is None else max(0.0, 1 - apart / 5),
    }
    score = round(sum(_WEIGHTS[name] * value for name, value in parts.items()), 3)
    return Match(score, "title", title=round(title, 3), authors=authors, years_apart=apart)


def _is_enough(title: float, authors: str, apart: int | None, words: int) -> bool:
    if title < LIKE_TITLE or authors == "other":
        return False
    same = title >= SAME_TITLE
    if authors == "unknown":
        return same and words >= FEWEST_WORDS and (apart or 0) <= NEAR_YEARS
    if apart is None:
        return same or (title > 0.93 and words >= FEWEST_WORDS)
    if apart <= NEAR_YEARS:
        return same or words >= FEWEST_MAIN_WORDS
    return same and authors == "first" and apart <= FAR_YEARS and words >= FEWEST_WORDS


def _other_doi(reference: Work, work: Work) -> bool:
    ours, theirs = (one.identifiers.get("doi", "") for one in (reference, work))
    preprint = any(doi.startswith(_PREPRINTS) for doi in (ours, theirs))
    return bool(ours and theirs) and not preprint


def _title(reference: Work, work: Work) -> float:
    """Give the likeness of the titles, 0 where something tells them apart.

    Either may lack its subtitle; what was read of a reference may run on into the venue.
    """
    ours, theirs = reference.title, work.title
    found = [_likeness(ours, theirs)]
    if (main := main_of(work)) and len(ours) < len(theirs):
        found.append(0.97 * _likeness(ours, main))
    if (main := main_of(reference)) and len(theirs) < len(ours):
        found.append(0.97 * _likeness(main, theirs))
    start = ours[: len(theirs)]
    if FEWEST_WORDS <= len(theirs) < len(ours) and fuzz.ratio(start[-1], theirs[-1]) >= SAME_NAME:
        likeness = _likeness(start, theirs)
        found.append(0.95 * likeness if likeness >= SAME_TITLE else 0.0)
    return max(found)


def _likeness(ours: Sequence[str], theirs: Sequence[str]) -> float:
    likeness, differs = compare_titles(ours, theirs)
    return 0.0 if differs else likeness


def _authors(ours: Sequence[frozenset[str]], theirs: Sequence[frozenset[str]]) -> str:
    """Names are compared by any of their words: a reference may have the given name first or last."""
    if not ours or not theirs:
        return "unknown"
    if _is_one_person(ours[0], theirs[0]):
        return "first"
    if any(_is_one_person(one, other) for one in ours for other in theirs):
        return "some"
    return "other"


def _is_one_person(one: frozenset[str], other: frozenset[str]) -> bool:
    return bool(one & other) or any(
        fuzz.ratio(a, b) >= SAME_NAME for a in one for b in other if min(len(a), len(b)) > 3
    )
