"""What speaks for two resources being one, told to a person."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_SCHEMES = {"doi": "DOI", "arxiv": "arXiv id"}


@dataclass(frozen=True, slots=True)
class Reason:
    """`value`: from 0 to 1, or None where one of the two does not say."""

    name: str
    value: float | None
    words: str


def explain(evidence: Mapping[str, Any]) -> list[Reason]:
    """Put the numbers of `Evidence.as_dict` into words, the most telling first."""
    return list(_reasons(evidence))


def _reasons(evidence: Mapping[str, Any]) -> Iterator[Reason]:
    for scheme in evidence["identifiers"]:
        yield Reason(scheme, 1.0, f"They have the same {_SCHEMES[scheme]}.")
    title = evidence["title"]
    same = "The titles are the same." if title == 1 else f"The titles are {_percent(title)} alike."
    yield Reason("title", title, same)
    yield Reason("authors", evidence["authors"], _authors(evidence))
    apart = evidence["years_apart"]
    yield Reason("year", None if apart is None else 1 / (1 + apart), _years(apart))
    for name, what in (("abstract", "abstracts"), ("content", "texts")):
        share = evidence[name]
        if share is not None:
            words = f"The {what} share about {_percent(share)} of their phrases."
            yield Reason(name, share, words)


def _authors(evidence: Mapping[str, Any]) -> str:
    if evidence["authors"] is None:
        return "One of the two names no authors."
    shared, compared = evidence["authors_shared"], evidence["authors_compared"]
    if compared == 1:
        return "The author is the same." if shared else "The author is another."
    return f"{shared} of {compared} authors are the same."


def _years(apart: int | None) -> str:
    if apart is None:
        return "One of the two gives no year."
    if apart == 0:
        return "The year is the same."
    return f"The years are {apart} apart." if apart > 1 else "The years are one apart."


def _percent(share: float) -> str:
    return f"{share * 100:.0f} %"
