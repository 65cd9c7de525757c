from typing import NamedTuple
from uuid import UUID, uuid5

_NAMESPACE = UUID("5d4f7a52-8a9e-4f0e-9a35-0f2d3c6f7b11")


class Pair(NamedTuple):
    """Two resources, the smaller id first; `id` is always the same for the same two."""

    id: str
    first: str
    second: str


def pair_of(one: str, other: str) -> Pair:
    first, second = sorted((one, other))
    return Pair(str(uuid5(_NAMESPACE, f"{first} {second}")), first, second)
