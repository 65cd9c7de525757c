"""What a document says of the works it cites and of itself, as printed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Reference:
    """One entry of a list of references; what it doesn't name is None."""

    raw: str
    """The whole entry on one line."""
    authors: tuple[str, ...] = ()
    """Each as printed."""
    author: str | None = None
    """All authors as printed, in one string."""
    title: str | None = None
    venue: str | None = None
    """Journal, proceedings or book that the work is a part of."""
    year: int | None = None
    volume: str | None = None
    issue: str | None = None
    pages: str | None = None
    publisher: str | None = None
    place: str | None = None
    editor: str | None = None
    edition: str | None = None
    doi: str | None = None
    """Lower case, without prefix."""
    arxiv_id: str | None = None
    """Without version."""
    url: str | None = None
    confidence: float | None = None
    """How likely the parts are right, 0 to 1; None where the document itself names them."""

    def to_dict(self) -> dict[str, Any]:
        """Only what is there; `authors` is a list."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        values["authors"] = list(self.authors)
        return {name: value for name, value in values.items() if value not in {None, ""} and value}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Reference":
        return cls(**{**values, "authors": tuple(values.get("authors", ()))})


@dataclass(frozen=True, slots=True)
class Header:
    """What the first page of a paper says of it."""

    title: str | None = None
    authors: tuple[str, ...] = ()
    """People, as "First Last" where the page has it so."""
    author_lines: tuple[str, ...] = ()
    """The lines that name them, as printed."""
    abstract: str | None = None
    affiliations: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()


class CitationReader(Protocol):
    @property
    def model(self) -> str:
        """Name and version, which stand as producer in the ledger."""

    def parse_reference(self, text: str) -> Reference:
        """Take a printed reference apart."""

    def split_references(self, text: str) -> list[str]:
        """Split the text of a list of references into its entries, each on one line."""

    def reference_lines(self, text: str) -> list[int]:
        """Give the numbers, from 0, of the lines that belong to a list of references."""

    def find_references(self, text: str) -> list[str]:
        """Give the entries of all lists of references in a text, each on one line."""

    def references_of(self, data: bytes, media_type: str | None = None) -> list[Reference]:
        """Read the references of JATS, TEI or HTML, whose structure names them; of text as well.

        Raises ExtractionError for a document that can't be read.
        """

    def references_in_text(self, text: str) -> list[Reference]:
        """Find the lists in a plain text and parse each entry."""

    def read_header(self, text: str) -> Header:
        """Read title, authors and abstract from the text of a first page."""


Gold = Mapping[str, Sequence[Mapping[str, Any]]]
"""Records by the form of their data set: `reference-strings`, `reference-sections`,
`paper-headers`, `full-papers-jats` (with the article as `data`)."""


class CitationTrainer(Protocol):
    def train(self, model: str, gold: Gold, folder: Path) -> None:
        """Write a model (`references`, `lists`, `finder` or `headers`) into the folder."""

    def reader(self, folder: Path | None) -> CitationReader:
        """Open what was trained; what the folder lacks is taken from the bundled models."""
