"""How much of one file is read at most."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    max_bytes: int = 100_000_000
    """Of the file itself."""
    max_unpacked_bytes: int = 500_000_000
    """Of what a compressed file or an archive unpacks to, all together."""
    max_text_characters: int = 20_000_000
    """Of one text; what comes after is left out, with a warning."""
    max_records: int = 1_000_000
    max_pages: int = 20_000
    max_members: int = 10_000
    """Of an archive, a book or an e-mail."""


DEFAULT_LIMITS = Limits()
