"""Asking public services for what an identifier names, at the pace that each allows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from alexandria.protocols.extraction import Record
from alexandria.protocols.identifiers import (
    normalise_arxiv,
    normalise_doi,
    normalise_isbn,
    normalise_pmid,
)

SCHEMES: Mapping[str, str] = {"doi": "DOI", "arxiv": "arXiv id", "isbn": "ISBN", "pmid": "PMID"}
"""Schemes of identifiers that can be looked up, and what people call them."""

_LONGEST = 500


@dataclass(frozen=True, slots=True)
class Identifier:
    scheme: str
    value: str
    """As normalised."""

    def __str__(self) -> str:
        return f"{self.scheme}:{self.value}"

    @property
    def label(self) -> str:
        return f"the {SCHEMES[self.scheme]} {self.value}"


def read_identifier(text: str) -> Identifier | None:
    """Tell which identifier people typed or pasted, whole and nothing else; None if it is none.

    Digits alone are a PMID, unless they are an ISBN.
    """
    word = text.strip()
    if len(word) > _LONGEST:
        return None
    for scheme, value in (
        ("arxiv", normalise_arxiv(word)),
        ("doi", normalise_doi(word)),
        ("isbn", normalise_isbn(word, whole=True)),
        ("pmid", normalise_pmid(word)),
    ):
        if value:
            return Identifier(scheme, value)
    return None


class MetadataSource(Protocol):
    """One service for one scheme."""

    @property
    def name(self) -> str:
        """As people know it: Crossref."""

    def ask(self, value: str) -> Record | None:
        """Give what the service says of an identifier; None if it does not know it.

        Raises NotYetError (others ask it just now, or it wants to be left alone), TransientError,
        and ExtractionError (an answer that can't be used).
        """


Sources = Mapping[str, Sequence[MetadataSource]]
"""Scheme to the services that are asked, one after the other until one knows it."""


class Pace(Protocol):
    """Shared by all processes."""

    def take_turn(self, service: str, interval: float) -> None:
        """Wait until the service may be asked, `interval` seconds after the last request to it.

        Raises NotYetError if that is too long from now.
        """

    def hold(self, service: str, seconds: float) -> None:
        """Have nobody ask the service for so long."""
