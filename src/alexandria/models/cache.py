from sqlalchemy import BigInteger
from sqlalchemy.orm import Mapped, mapped_column

from alexandria.db import Base


class CacheEpoch(Base):
    """One row: grows whenever a write could not invalidate what the cache holds."""

    __tablename__ = "cache_epoch"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    epoch: Mapped[int] = mapped_column(BigInteger)
