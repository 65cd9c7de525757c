from typing import Generic, TypeVar

from pydantic import BaseModel

T = TypeVar("T")


class Page(BaseModel, Generic[T]):
    """The form of every list; `next_cursor` is null on the last page."""

    total: int
    items: list[T]
    next_cursor: str | None = None
