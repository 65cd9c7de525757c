"""Why two printed names are taken for one person, in words."""

from collections.abc import Mapping, Sequence
from typing import Any

from alexandria.models import AuthorLink

_KINDS: Mapping[str, str] = {
    "same letters": "The same letters, whatever their case and marks.",
    "word order": "The same words in another order.",
    "spelling": "The same name in another spelling.",
    "middle name": "The same name with a middle name or initial more.",
    "short form": "One given name is a short form of the other.",
    "beginning": "One given name is the beginning of the other.",
    "family name in part": "One bears a part of the other's family name.",
    "given name left out": "The same name with a given name left out.",
    "given initial left out": "The same name with an initial left out.",
    "misprint": "One letter differs, in a word that nobody else bears.",
    "initials": "The initials of one fit the given names of the other.",
    "suffix left out": "The same name without its suffix.",
    "middle syllable": "The same name with a syllable more.",
}
_MOST_NAMED = 3


def explain_kind(kind: str) -> str:
    """Say in a sentence how two names are alike."""
    return _KINDS.get(kind, f"{kind.capitalize()}.")


def explain_link(link: AuthorLink) -> str:
    """Say in sentences what speaks for it that two printed names are of one person."""
    evidence: Mapping[str, Any] = link.evidence
    said = [explain_kind(link.kind)]
    if coauthors := evidence.get("coauthors"):
        what = "co-author" if len(coauthors) == 1 else "co-authors"
        names = [one.title() for one in coauthors]
        said.append(f"{len(coauthors)} {what} in common: {_some(names)}.")
    if venues := evidence.get("venues"):
        said.append(f"Both appeared in {_some(venues)}.")
    apart = evidence.get("years_apart")
    if apart is not None:
        said.append("Their years overlap." if apart <= 0 else f"{apart} years lie between.")
    return " ".join(said)


def _some(names: Sequence[str]) -> str:
    left = len(names) - _MOST_NAMED
    shown = ", ".join(names[:_MOST_NAMED])
    return f"{shown} and {left} more" if left > 0 else shown
