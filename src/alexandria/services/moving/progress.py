"""How far a move is, kept in the target database beside what was moved."""

from dataclasses import dataclass

from sqlalchemy import BigInteger, Column, Connection, MetaData, Table, Text, insert, select, update

from alexandria.db import MOVE_TABLE

_table = Table(
    MOVE_TABLE,
    MetaData(),
    Column("step", Text, primary_key=True),
    Column("source", Text, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("place", Text, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Progress:
    """Reads and writes with the connection's own transaction; `source`: what is moved."""

    connection: Connection
    source: str

    def begin(self) -> None:
        _table.create(self.connection)

    def sources(self) -> set[str]:
        """Give what is being moved into this database."""
        return set(self.connection.scalars(select(_table.c.source)))

    def at(self, step: str) -> tuple[int, str]:
        """Give the last number, or the last place, that is done of a step."""
        found = self.connection.execute(
            select(_table.c.number, _table.c.place).where(_table.c.step == step)
        ).one_or_none()
        return (0, "") if found is None else (found.number, found.place)

    def note(self, step: str, number: int = 0, place: str = "") -> None:
        values = {"number": number, "place": place}
        changed = self.connection.execute(
            update(_table).where(_table.c.step == step).values(**values)
        )
        if not changed.rowcount:
            self.connection.execute(insert(_table).values(step=step, source=self.source, **values))

    def end(self) -> None:
        _table.drop(self.connection)
