from datetime import datetime
from typing import Literal, Self

from pydantic import BaseModel

from alexandria.services.originals import Original


class OriginalFile(BaseModel):
    """A file as it was brought in."""

    name: str
    """Safe to save under."""
    media_type: str
    """By its content."""
    bytes: int
    sha256: str
    added_at: datetime
    view: Literal["pdf", "page", "text"]
    """`pdf` and `page` can be asked for with `inline=true`."""
    url: str

    @classmethod
    def of(cls, original: Original) -> Self:
        url = f"/resources/{original.resource_id}/files/{original.sha256}"
        own = cls.model_fields.keys() - {"url"}
        return cls(url=url, **{name: getattr(original, name) for name in own})
