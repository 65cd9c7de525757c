"""What the two-way check found."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(slots=True)
class Check:
    """What is wrong with one derivation; lists of resource ids."""

    missing: set[str] = field(default_factory=set)
    """Not there, although the ledger does not say that it is still to be computed."""
    phantom: set[str] = field(default_factory=set)
    """There, although the resource is deleted or was never there."""
    stale: set[str] = field(default_factory=set)
    """Overdue, or not of the revision that is wanted although the ledger calls it fresh."""
    wrong_producer: set[str] = field(default_factory=set)
    failed: set[str] = field(default_factory=set)

    def counts(self) -> dict[str, int]:
        return {name: len(ids) for name, ids in asdict(self).items()}

    @property
    def to_compute(self) -> set[str]:
        return self.missing | self.stale | self.wrong_producer | self.failed


@dataclass(frozen=True, slots=True)
class Report:
    derivations: Mapping[str, Check]
    cache: Check
    oldest_seconds: float
    """Since when the oldest stale row waits; 0 if none does."""

    @property
    def found(self) -> int:
        checks = (*self.derivations.values(), self.cache)
        return sum(sum(check.counts().values()) for check in checks)

    def as_dict(self) -> dict[str, Any]:
        return {
            "ok": self.found == 0,
            "found": self.found,
            "derivations": {name: check.counts() for name, check in self.derivations.items()},
            "cache": {name: self.cache.counts()[name] for name in ("phantom", "stale")},
            "oldest_seconds": self.oldest_seconds,
        }
