from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from alexandria.db.base import Base, UtcDateTime, now


class FileRemoval(Base):
    """A file of a resource that was deleted for good: it goes, unless something refers to it."""

    __tablename__ = "file_removals"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    since: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
