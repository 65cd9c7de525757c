from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import JSON, ColumnElement, DateTime, Dialect, MetaData, or_
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, InstrumentedAttribute
from sqlalchemy.types import TypeDecorator

SKEW = timedelta(seconds=30)
"""So far the clocks of two hosts may differ."""

MOVE_TABLE = "library_move"
"""Is in a database as long as a library's move into it is not finished."""


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC, aware on both databases (SQLite itself forgets the zone)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        del dialect
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        del dialect
        if value is None:
            return None
        moment: datetime = value
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


Json = JSON().with_variant(JSONB(), "postgresql")


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


def now() -> datetime:
    return datetime.now(UTC)


def is_over(
    column: InstrumentedAttribute[datetime] | InstrumentedAttribute[datetime | None],
    moment: datetime,
    longest: timedelta,
) -> ColumnElement[bool]:
    """Tell whether the column's moment has passed by `moment`, also when the clock was set back.

    One that lies further ahead than `longest`, as none is ever set, was set by a clock that was
    fast; waiting for it could take for ever.
    """
    return or_(column < moment, column > moment + longest)


def new_id() -> str:
    return str(uuid4())
