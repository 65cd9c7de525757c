"""An empty SQLite database of the newest schema, migrated once for all tests of a process."""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from alexandria.db import make_engine
from alexandria.migrations import migrate


def put_empty_database(path: Path) -> None:
    """Write it into a file."""
    path.write_bytes(_migrated())


@cache
def _migrated() -> bytes:
    with TemporaryDirectory(prefix="migrated-") as folder:
        path = Path(folder) / "alexandria.db"
        engine = make_engine(f"sqlite:///{path}")
        migrate(engine)
        engine.dispose()  # which brings what is in the journal into the file
        return path.read_bytes()
