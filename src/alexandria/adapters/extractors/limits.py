"""How much of one file is read at most."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Ocr:
    """Text recognition for pages that are pictures."""

    program: str
    """The place of tesseract."""
    languages: str = "eng"
    seconds: float = 40.0
    """For all pages of one document."""
    max_pages: int = 500


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
    ocr: Ocr | None = None
    """None: pages that are pictures stay unread."""

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Limits":
        ocr = values.get("ocr")
        return cls(**{**values, "ocr": None if ocr is None else Ocr(**ocr)})


DEFAULT_LIMITS = Limits()
