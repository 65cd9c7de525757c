"""Moves a library's rows from SQLite to PostgreSQL, in pieces that a kill can't undo.

Each piece is committed together with the note of how far it went, so that a move that was
interrupted goes on there. At the end both sides are read as a whole and compared.
"""

from collections.abc import Callable, Sequence

from sqlalchemy import (
    Connection,
    Engine,
    Table,
    bindparam,
    delete,
    func,
    insert,
    inspect,
    literal,
    select,
    text,
    update,
)
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.orm import Session

from alexandria.db import MOVE_TABLE, Base
from alexandria.errors import ConflictError, InvalidInputError
from alexandria.models import Build, CacheEpoch, LedgerRow, Resource
from alexandria.protocols import FullTextIndex
from alexandria.protocols.backup import Tell
from alexandria.services.moving.progress import Progress
from alexandria.services.moving.rows import (
    Row,
    fingerprint,
    rows_after,
    without_links,
    writable,
)
from alexandria.services.search.entries import entry_for, load_live
from alexandria.services.vector_directions import fill_directions

_ROWS_AT_ONCE = 500
_LARGE_ROWS_AT_ONCE = 20
_LARGE = frozenset({"passages", "resource_contents", "resource_revisions", "ingestions"})
_INDEXED_AT_ONCE = 100
_BEGUN = "begun"
_FILLED_AT_FIRST = frozenset({"builds", "cache_epoch"})
"""Tables in which a new schema has rows already."""


class MoveService:
    """`source`: an engine on SQLite; `target`: one on PostgreSQL; `name`: of the source.

    `migrate`: makes the schema in the target; `fulltext`: the keyword index of a session there.
    """

    def __init__(
        self,
        source: Engine,
        target: Engine,
        name: str,
        migrate: Callable[[Engine], None],
        fulltext: Callable[[Session], FullTextIndex],
    ) -> None:
        self._source = source
        self._target = target
        self._name = name
        self._migrate = migrate
        self._fulltext = fulltext

    def move(self, tell: Tell) -> dict[str, int]:
        """Move everything, or what is left of it; give how many rows each table has.

        Raises ConflictError for a target that holds something else, or a source that changed
        meanwhile, and InvalidInputError for rows that do not fit.
        """
        if not self._goes_on():
            self._require_empty()
            self._migrate(self._target)
            self._begin()
        tables = Base.metadata.sorted_tables
        for number, table in enumerate(tables):
            tell(f"rows of {table.name}", number, len(tables))
            self._copy(table)
        for table in tables:
            self._link(table)
        tell("rows", len(tables), len(tables))
        counts = self._compare(tables, tell)
        self._index(tell)
        with Session(self._target) as session:
            fill_directions(session)
        self._finish(tables)
        return counts

    def _goes_on(self) -> bool:
        """Tell whether the move was begun. Raises ConflictError if another was."""
        with self._target.begin() as connection:
            if not inspect(connection).has_table(MOVE_TABLE):
                return False
            sources = Progress(connection, self._name).sources()
        if sources != {self._name}:
            raise ConflictError(
                f"Another library is being moved into this database: {', '.join(sources)}.",
                "Go on with that one, or give an empty database.",
            )
        return True

    def _require_empty(self) -> None:
        with self._target.begin() as connection:
            there = set(inspect(connection).get_table_names())
            known = Base.metadata.tables.keys()
            full = {
                name
                for name in (there & known) - _FILLED_AT_FIRST
                if connection.scalar(
                    select(literal(1)).select_from(Base.metadata.tables[name]).limit(1)
                )
            }
        if full or (there and "alembic_version" not in there):
            held = ", ".join(sorted(full) or sorted(there))
            raise ConflictError(
                f"The database is not empty; it has something in {held}.",
                "Give one that is empty: createdb NAME makes it.",
            )

    def _begin(self) -> None:
        with self._source.connect() as source:
            newest = source.scalar(select(func.max(Build.id))) or 0
        with self._target.begin() as connection:
            # Out of the way of the builds that come.
            connection.execute(update(Build).values(id=Build.id + newest))
            connection.execute(delete(CacheEpoch))
            progress = Progress(connection, self._name)
            progress.begin()
            progress.note(_BEGUN)

    def _copy(self, table: Table) -> None:
        limit = _LARGE_ROWS_AT_ONCE if table.name in _LARGE else _ROWS_AT_ONCE
        later = without_links(table)
        goal = writable(table)
        with self._source.connect() as source:
            while True:
                with self._target.begin() as target:
                    progress = Progress(target, self._name)
                    _, last = progress.at(table.name)
                    rows, newest = rows_after(source, table, last, limit)
                    if not rows:
                        break
                    put = [row | dict.fromkeys(later) for row in rows]
                    self._put(target, goal, put)
                    progress.note(table.name, place=newest)

    def _put(self, target: Connection, goal: Table, rows: Sequence[Row]) -> None:
        try:
            target.execute(insert(goal), rows)
        except OperationalError:
            raise  # the database's own trouble, not that of the rows
        except SQLAlchemyError as error:
            raise InvalidInputError(
                f"Rows of {goal.name} do not fit: {getattr(error, 'orig', None) or error}",
                "Correct them in the library as it is, and begin anew with an empty database.",
            ) from error

    def _link(self, table: Table) -> None:
        """Let rows refer to others of their table, now that all of these are there."""
        columns = without_links(table)
        if not columns:
            return
        (key,) = table.primary_key.columns
        changed = (
            update(table)
            .where(key == bindparam("_key"))
            .values({name: bindparam(f"_{name}") for name in columns})
        )
        step = f"links of {table.name}"
        with self._source.connect() as source:
            while True:
                with self._target.begin() as target:
                    progress = Progress(target, self._name)
                    _, last = progress.at(step)
                    rows, newest = rows_after(source, table, last, _ROWS_AT_ONCE)
                    if not rows:
                        break
                    links = [
                        {"_key": row[key.name]} | {f"_{name}": row[name] for name in columns}
                        for row in rows
                        if any(row[name] is not None for name in columns)
                    ]
                    if links:
                        target.execute(changed, links)
                    progress.note(step, place=newest)

    def _compare(self, tables: Sequence[Table], tell: Tell) -> dict[str, int]:
        """Read every row on both sides; give how many there are."""
        counts: dict[str, int] = {}
        with self._source.connect() as source, self._target.connect() as target:
            for number, table in enumerate(tables):
                tell(f"check of {table.name}", number, len(tables))
                # The ledger's rows of the keyword index change once it is built.
                if table is LedgerRow.__table__ and Progress(target, self._name).at("index")[0]:
                    continue
                wanted = fingerprint(source, table, lambda _: None)
                found = fingerprint(target, table, lambda _: None)
                if wanted != found:
                    raise ConflictError(
                        f"The rows of {table.name} differ: {wanted.rows} were to come, "
                        f"{found.rows} are there, or some have other values.",
                        "The library changed while it was moved. Begin anew with an empty database.",
                    )
                counts[str(table.name)] = found.rows
        tell("check", len(tables), len(tables))
        return counts

    def _index(self, tell: Tell) -> None:
        """Fill the keyword index of the target."""
        with self._target.connect() as connection:
            live = Resource.deleted_at.is_(None)
            total = connection.scalar(select(func.count()).where(live)) or 0
        while True:
            with Session(self._target) as session:
                progress = Progress(session.connection(), self._name)
                done, last = progress.at("index")
                tell("keyword index", done, total)
                following = select(Resource.id).where(live, Resource.id > last)
                ids = session.scalars(following.order_by(Resource.id).limit(_INDEXED_AT_ONCE)).all()
                if not ids:
                    break
                entries = [entry_for(one) for one in load_live(session, ids)]
                self._fulltext(session).put(entries)
                progress.note("index", done + len(ids), ids[-1])
                session.commit()

    def _finish(self, tables: Sequence[Table]) -> None:
        with self._target.begin() as connection:
            build = connection.execute(
                select(Build.producer).where(Build.derivation == "search", Build.state == "serving")
            ).scalar_one()
            connection.execute(
                update(LedgerRow)
                .where(LedgerRow.derivation == "search", LedgerRow.producer.is_not(None))
                .values(producer=build)
            )
            for table in tables:
                _continue_numbers(connection, table)
            Progress(connection, self._name).end()
        with self._target.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
            connection.execute(text("ANALYZE"))


def _continue_numbers(connection: Connection, table: Table) -> None:
    """Let PostgreSQL count on from the highest number that was put in."""
    key = table.autoincrement_column
    if key is None:
        return
    highest = connection.scalar(select(func.max(key)))
    sequence = connection.scalar(select(func.pg_get_serial_sequence(table.name, key.name)))
    if highest is not None and sequence is not None:
        connection.execute(select(func.setval(sequence, highest)))
