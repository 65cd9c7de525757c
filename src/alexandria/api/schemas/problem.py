from typing import Any

from pydantic import BaseModel


class Problem(BaseModel):
    """An error (RFC 9457); `detail` says what happened and what to do."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    errors: list[dict[str, Any]] | None = None
