"""What a reference and the resource that it cites have in common, as keys of an index.

A pair is compared only if it shares a key. Keys bear an error each: a misprint leaves other runs of
three words, a title read wrong leaves author and year.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b

from alexandria.services.near_duplicates.words import is_generic, words_of

FEWEST_MAIN_WORDS = 3
"""Of a title before its subtitle that may stand for the whole."""
_LONGEST_TITLE = 400
_RUNS = 8
_LONG_WORDS = 3
_STOP_WORDS = frozenset(
    """
    a an and are as at by de der des die do for from how in is it la le of on or the to und using
    via what with
    """.split()  # noqa: SIM905 - a table of words
)
_SUBTITLE = re.compile(r"\s*(?::\s|[?!]\s|\s[-\u2013\u2014]+\s|\.\s)")


@dataclass(frozen=True, slots=True)
class Work:
    """A work as a reference names it, or as it stands in the library."""

    title: tuple[str, ...]
    """Folded words."""
    main: int
    """How many of them stand before the subtitle; all if there is none."""
    people: tuple[frozenset[str], ...]
    """Of each author the words of the name, of at least two letters."""
    year: int | None
    identifiers: Mapping[str, str]


def work_of(
    title: str | None, authors: Iterable[str], year: int | None, identifiers: Mapping[str, str]
) -> Work:
    text = (title or "")[:_LONGEST_TITLE]
    words = words_of(text)
    head = _SUBTITLE.split(text, maxsplit=1)[0]
    main = len(words_of(head))
    people = (frozenset(w for w in words_of(one) if len(w) > 1) for one in authors)
    known = dict(identifiers)
    if (doi := known.get("doi", "")).startswith("10.48550/arxiv."):
        known.setdefault("arxiv", doi.removeprefix("10.48550/arxiv."))
    return Work(tuple(words), main, tuple(p for p in people if p), year, known)


def main_of(work: Work) -> tuple[str, ...]:
    """Give the title before the subtitle, if it can stand for the whole; else nothing."""
    words = work.title[: work.main]
    long_enough = FEWEST_MAIN_WORDS <= len(words) < len(work.title)
    return words if long_enough and not is_generic(words) else ()


def identifier_keys(identifiers: Mapping[str, str]) -> set[int]:
    return {_key(scheme, value) for scheme, value in identifiers.items()}


def keys_of(work: Work, *, cited: bool) -> set[int]:
    """`cited`: of a resource, which is found with a year printed wrong by one as well."""
    keys = identifier_keys(work.identifiers)
    if not work.title or is_generic(work.title):
        return keys
    keys.add(_key("title", "".join(work.title)))
    if main := main_of(work):
        keys.add(_key("title", "".join(main)))
    telling = [word for word in work.title if word not in _STOP_WORDS]
    keys |= {_key("run", " ".join(run)) for run in _runs(telling)[:_RUNS]}
    longest = sorted(set(telling), key=lambda word: (-len(word), word))[:_LONG_WORDS]
    for name in work.people[0] if work.people else ():
        years = (work.year - 1, work.year, work.year + 1) if work.year else ()
        keys |= {_key("year", f"{name} {year}") for year in (years if cited else years[1:2])}
        keys |= {_key("word", f"{name} {word}") for word in longest}
    return keys


def _runs(words: Sequence[str]) -> list[tuple[str, ...]]:
    return list(zip(words, words[1:], words[2:], strict=False))


def _key(kind: str, value: str) -> int:
    digest = blake2b(f"{kind} {value}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little", signed=True)
