"""Formatted citations, whatever formats them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from alexandria.protocols.extraction import Record


@dataclass(frozen=True, slots=True)
class CitationStyle:
    name: str
    """What it is asked for by, such as `apa`."""
    title: str


@dataclass(frozen=True, slots=True)
class FormattedReference:
    """One entry of a list of references. `html` has no tags but i, b, sup, sub and span."""

    html: str
    text: str


class CitationFormatter(Protocol):
    def styles(self) -> list[CitationStyle]:
        """Give the styles by title; a library's own ones are among them."""
        ...

    def references(self, records: Sequence[Record], style: str) -> list[FormattedReference]:
        """Give a list of references, in the order that the style asks for.

        Raises NotFoundError for an unknown style and InvalidInputError for one that can't be used.
        """
        ...
