"""A thesaurus, or a classification, as it passes between programs."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

MOST_BYTES = 20_000_000
"""Of a file."""
UNTAGGED = ""
"""The language of words that name none."""


@dataclass(frozen=True, slots=True)
class Concept:
    """A concept of SKOS; each dictionary is keyed by the tag of a language, in lower case."""

    uri: str
    preferred: dict[str, str]
    alternative: dict[str, list[str]] = field(default_factory=dict)
    definitions: dict[str, str] = field(default_factory=dict)
    notation: str | None = None
    broader: tuple[str, ...] = ()
    """The addresses of the concepts above it, in alphabetical order."""


class ThesaurusFiles(Protocol):
    def read(self, data: bytes) -> list[Concept]:
        """Give the concepts of a file; fetches nothing. Raises InvalidInputError."""

    def write(self, concepts: Sequence[Concept], file_format: str) -> bytes:
        """Give a file. `file_format`: turtle, rdf-xml or json-ld."""
