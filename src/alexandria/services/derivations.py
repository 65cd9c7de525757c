"""The table of derivations: which fields each is computed from (SPEC 5 gives the delays)."""

from collections.abc import Mapping
from dataclasses import dataclass

_TEXT = frozenset({"title", "abstract", "content"})


@dataclass(frozen=True, slots=True)
class Derivation:
    """One kind of derived data: the fields it is computed from, and the delay of its hook."""

    name: str
    inputs: frozenset[str]
    delay: float
    """Seconds after a change until the computation is due (SPEC 5)."""


DERIVATIONS: Mapping[str, Derivation] = {
    derivation.name: derivation
    for derivation in (
        Derivation(
            "search",
            _TEXT | {"authors", "venue", "url", "language", "tags", "subjects", "identifiers"},
            delay=1,
        ),
        Derivation("embedding", _TEXT, delay=5),
        Derivation("passages", frozenset({"content"}), delay=15),
        Derivation(
            "quality",
            _TEXT
            | {"authors", "year", "venue", "url", "language", "tags", "subjects", "identifiers"}
            | {"cites", "type", "extra", "interactions"},
            delay=10,
        ),
        Derivation("citations", frozenset({"content", "cites"}), delay=5),
        Derivation(
            "graph",
            frozenset({"title", "authors", "year", "identifiers", "external_id", "citations"}),
            delay=30,
        ),
        Derivation("classification", _TEXT, delay=20),
        Derivation("authors", frozenset({"authors", "year", "venue"}), delay=60),
        Derivation("duplicates", _TEXT | {"authors", "year", "identifiers"}, delay=15),
    )
}
