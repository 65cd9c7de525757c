"""Lines of text as tokens with their words and shapes."""

from dataclasses import dataclass
from functools import cached_property

from alexandria.adapters.citations.tokens import Token, tokenize
from alexandria.adapters.citations.words import shape, word_form


@dataclass
class Line:
    text: str

    @cached_property
    def tokens(self) -> list[Token]:
        return tokenize(self.text)

    @cached_property
    def words(self) -> list[str]:
        return [word_form(token.text) for token in self.tokens]

    @cached_property
    def shapes(self) -> list[str]:
        return [shape(token.text) for token in self.tokens]

    @cached_property
    def terms(self) -> list[str]:
        """The words of letters, in lower case."""
        return [token.text.lower() for token in self.tokens if token.text.isalpha()]

    @property
    def first_term(self) -> str:
        return self.terms[0] if self.terms else ""


def heads(shapes: list[str], longest: int) -> list[str]:
    """Give the beginning in growing length: `1=Aa`, `2=Aa|,` ..."""
    return [f"{n}={'|'.join(shapes[:n])}" for n in range(1, longest + 1)]


def tails(shapes: list[str], longest: int) -> list[str]:
    return [f"{n}={'|'.join(shapes[-n:])}" for n in range(1, longest + 1)]


def tenths(part: float, whole: float, steps: int = 5) -> int:
    """Give a share as a whole number from 0 to `steps`."""
    return min(int(steps * part / whole), steps) if whole else 0
