"""A printed reference as words, numbers and marks, each with its place in the string."""

import re
from dataclasses import dataclass

_TOKEN = re.compile(r"[^\W\d_]+?(?=(?<=[a-z]{4})[A-Z][a-z])|[^\W\d_]+|\d+|[^\w\s]|_")
"""Letters and digits apart: `B262` is a journal's section and a volume. Words that lost the blank
between them apart: `detectorsNucl`.
"""


@dataclass(frozen=True, slots=True)
class Token:
    text: str
    start: int
    end: int
    spaced: bool
    """White space, or the start of the string, stands before it."""


def tokenize(text: str) -> list[Token]:
    tokens: list[Token] = []
    end = -1
    for match in _TOKEN.finditer(text):
        tokens.append(Token(match.group(), match.start(), match.end(), match.start() != end))
        end = match.end()
    return tokens
