"""What compares readers by what they read."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Readings:
    """Items are numbered from 0: `libraries` of readers, `tags` of items, `links` between items."""

    libraries: Sequence[Sequence[int]]
    tags: Sequence[Sequence[str]]
    links: Sequence[tuple[int, int]]


class ReadingModel(Protocol):
    @property
    def producer(self) -> str:
        """Name and version."""

    def recommend(self, count: int) -> Iterator[list[tuple[int, float]]]:
        """Give for each reader items that are not theirs with scores from 0 to 1, the best first."""


LearnReadings = Callable[[Readings], ReadingModel]
