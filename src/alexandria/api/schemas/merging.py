from datetime import datetime
from typing import Any, Self

from pydantic import BaseModel, ConfigDict

from alexandria.models import Merge


class MergeRequest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    other_id: str


class MergeOut(BaseModel):
    id: str
    kept_id: str
    other_id: str
    filled: dict[str, list[Any]]
    """Field of the kept resource to what it was before, and what it is since."""
    moved: dict[str, list[Any]]
    """What went over: `files` by SHA-256; `revisions`, `interactions`, `ingestions` by id.

    `dismissals`: suggestions that are dismissed for the kept one as they were for the other.
    """
    created_at: datetime
    undone_at: datetime | None

    @classmethod
    def of(cls, merge: Merge, **more: Any) -> Self:
        names = cls.model_fields.keys() - more.keys()
        return cls(**{name: getattr(merge, name) for name in names}, **more)


class MergeWritten(MergeOut):
    event_id: int
