"""Every way to write, found by its declaration: whatever it changes, all that is derived follows.

A route or command that is new fails the first test until it says here how to drive it, or why it
changes nothing that something is computed from.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import typer
from fastapi.routing import iter_route_contexts
from fastapi.testclient import TestClient
from sqlalchemy import select, text
from typer.testing import CliRunner

import alexandria.cli  # noqa: F401 (it registers the commands)
from alexandria import bootstrap
from alexandria.app import create_app
from alexandria.bootstrap import Services
from alexandria.cli.common import app as commands
from alexandria.cli.supervisor import LibraryLock
from alexandria.db import LibrarySession, reading, writing
from alexandria.models import (
    EmbeddingRow,
    Ingestion,
    LedgerRow,
    QualityScore,
    Resource,
)
from alexandria.services.derivations import DERIVATIONS
from alexandria.services.ledger import RESOURCE
from alexandria.services.resources import FIELDS, _as_inputs, _read
from alexandria.tasks.celery_tasks.derivations import TASK_OF
from in_process_worker import empty_library, own_redis, run_all

READS = {"GET", "HEAD", "OPTIONS"}
BIBLIOGRAPHY = b"""@article{one, title={Tides of the northern sea}, author={Moe, Ada}, year={2001}}
@article{two, title={Winds over a dry plain}, author={Roe, Bo}, year={2002}}
"""
NOTE = b"On the growth of crystals\n\n" + b"Crystals grow from seeds in a solution. " * 20


@dataclass
class World:
    """A library with two resources of which everything is fresh, and a reader who is signed in."""

    client: TestClient
    folder: Path
    first: str
    second: str

    def post(self, path: str, code: int, **more: Any) -> Any:
        answer = self.client.post(path, **more)
        assert answer.status_code == code, answer.text
        return answer


def _create(world: World) -> None:
    world.post("/resources", 201, json={"title": "A study of lanterns", "content": "By night."})


def _replace(world: World) -> None:
    body = {"title": "Replaced altogether", "tags": ["new"], "content": "Other words."}
    assert world.client.put(f"/resources/{world.first}", json=body).status_code == 200


def _change(world: World) -> None:
    body = {"title": "A changed heading", "content": "Changed words of the text."}
    assert world.client.patch(f"/resources/{world.first}", json=body).status_code == 200


def _delete(world: World) -> None:
    assert world.client.delete(f"/resources/{world.first}").status_code == 200


def _ingest(world: World) -> None:
    world.post("/ingest", 202, files={"file": ("note.txt", NOTE)})


def _import(world: World) -> None:
    world.post("/imports", 202, files={"file": ("two.bib", BIBLIOGRAPHY)})


def _a_duplicate(world: World) -> str:
    """Bring the same file a second time; give the second ingestion."""
    _ingest(world)
    again = world.post("/ingest", 202, files={"file": ("note.txt", NOTE)}).json()["ingestion_id"]
    run_all()
    return str(again)


def _retry(world: World) -> None:
    again = _a_duplicate(world)
    world.post(f"/ingestions/{again}/retry", 202, json={"add_anyway": True})


def _retry_page(world: World) -> None:
    again = _a_duplicate(world)
    world.post(f"/ui/ingestions/{again}/retry", 303, data={"add_anyway": "true"})


def _retry_failed(world: World) -> None:
    """Let the records of a file fail as a fault of the disk would have them, and retry them."""
    body = json.dumps([{"title": "A record that failed", "type": "article"}]).encode()
    parent = world.post("/imports", 202, files={"file": ("one.json", body)}).json()["ingestion_id"]
    run_all()
    with writing() as session:
        services = Services(session)
        (child,) = session.scalars(select(Ingestion).where(Ingestion.parent_id == parent))
        services.resources.delete(child.resource_id or "")
        child.state, child.resource_id = "failed", None
        child.record = {"title": "A record that failed"}
    run_all()
    world.post(f"/ui/add/{parent}/retry", 303)


def _recalculate(world: World) -> None:
    world.post("/quality/recalculate", 202, json={})


def _batch(world: World) -> None:
    ids = [world.first, world.second]
    world.post("/batch", 202, json={"operation": "regenerate_embeddings", "resource_ids": ids})


def _add_page(world: World) -> None:
    world.post("/ui/add", 303, files={"file": ("note.txt", NOTE)})


def _edit_page(world: World) -> None:
    form = {"title": "Edited on the page", "abstract": "And with an abstract.", "revisions": "1-1"}
    world.post(f"/ui/resources/{world.first}/edit", 303, data=form)


def _compute_page(world: World) -> None:
    for derivation in DERIVATIONS:
        world.post(f"/ui/resources/{world.first}/compute/{derivation}", 303)


def _delete_page(world: World) -> None:
    world.post(f"/ui/resources/{world.first}/delete", 303)


def _ingest_command(world: World) -> None:
    path = world.folder / "note.txt"
    path.write_bytes(NOTE)
    lock = LibraryLock(world.folder)
    assert lock.take(), "as if the library ran"
    try:
        ended = CliRunner().invoke(commands, ["ingest", "--no-wait", "--json", str(path)])
    finally:
        lock.release()
    assert ended.exit_code == 0, ended.output


def _migrate_command(world: World) -> None:
    """Open the rows that are missing, as after an update that brings a new derivation."""
    with writing() as session:
        row = session.get_one(LedgerRow, (RESOURCE, world.first, "quality"))
        session.delete(row)
        session.delete(session.get_one(QualityScore, world.first))
    assert CliRunner().invoke(commands, ["migrate"]).exit_code == 0
    with reading() as session:
        assert session.get_one(LedgerRow, (RESOURCE, world.first, "quality")).due_at is not None
    assert CliRunner().invoke(commands, ["migrate"]).exit_code == 0


Driver = Callable[[World], None]

ROUTES: Mapping[str, Driver | str] = {
    "POST /resources": _create,
    "PUT /resources/{resource_id}": _replace,
    "PATCH /resources/{resource_id}": _change,
    "DELETE /resources/{resource_id}": _delete,
    "POST /ingest": _ingest,
    "POST /imports": _import,
    "POST /ingestions/{ingestion_id}/retry": _retry,
    "POST /quality/recalculate": _recalculate,
    "POST /batch": _batch,
    "POST /interactions": (
        "No derivation declares interactions as an input: relevance counts them when the quality "
        "is next computed."
    ),
    "POST /ui/sign-in": "It makes a session of a reader.",
    "POST /ui/sign-out": "It ends a session of a reader.",
    "POST /ui/add": _add_page,
    "POST /ui/sample": "It queues a file that is in the package, the way POST /ui/add does.",
    "POST /ui/ingestions/{ingestion_id}/retry": _retry_page,
    "POST /ui/add/{ingestion_id}/retry": _retry_failed,
    "POST /ui/resources/{resource_id}/edit": _edit_page,
    "POST /ui/resources/{resource_id}/compute/{derivation}": _compute_page,
    "POST /ui/resources/{resource_id}/delete": _delete_page,
}
_ONLY_READS = "It only reads."
_PROCESS = "It runs a process that serves, and writes nothing of its own accord."
COMMANDS: Mapping[str, Driver | str] = {
    "ingest": _ingest_command,
    "migrate": _migrate_command,
    "api": _PROCESS,
    "worker": "It runs the tasks that the other ways queue.",
    "beat": "It queues what is overdue, and hands over what waits in the outbox.",
    "up": _PROCESS,
    "search": _ONLY_READS,
    "show": _ONLY_READS,
    "status": _ONLY_READS,
    "evaluate search": "It measures in a library of its own, which it takes away again.",
    "users add": "It makes an account.",
    "users list": _ONLY_READS,
    "users token": "It makes a token of an account.",
}


def declared_routes() -> set[str]:
    return {
        f"{method} {context.route.path}"
        for context in iter_route_contexts(create_app().routes)
        for method in (getattr(context.route, "methods", None) or set()) - READS
    }


def declared_commands() -> set[str]:
    def names(command: Any, before: str = "") -> Iterator[str]:
        for name, one in command.commands.items():
            if hasattr(one, "commands"):
                yield from names(one, f"{before}{name} ")
            else:
                yield before + name

    return set(names(typer.main.get_command(commands)))


@pytest.mark.parametrize(
    ("declared", "table"), [(declared_routes, ROUTES), (declared_commands, COMMANDS)]
)
def test_every_way_to_write_is_in_the_table(
    declared: Callable[[], set[str]], table: Mapping[str, Driver | str]
) -> None:
    found = declared()
    assert found - table.keys() == set(), "say how to drive it, or why nothing follows from it"
    assert table.keys() - found == set(), "it is gone"
    assert all(not isinstance(one, str) or one.endswith(".") for one in table.values())


@pytest.fixture(scope="module")
def redis_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("library")
    with own_redis(folder):
        yield folder
        bootstrap.close()


@pytest.fixture
def world(redis_folder: Path) -> Iterator[World]:
    with empty_library(redis_folder) as folder:
        with writing() as session:
            secret = Services(session).users.new_token("reader", "write")
            link = Services(session).users.new_sign_in_link()
        with TestClient(create_app(), follow_redirects=False) as client:
            client.headers["Authorization"] = f"Bearer {secret}"
            assert client.get("/ui/sign-in", params={"token": link}).status_code == 303
            ids = [
                client.post("/resources", json={"title": title, "content": content}).json()["id"]
                for title, content in (
                    ("The habits of owls", "Owls hunt at night."),
                    ("Bridges of stone", "An arch carries its load."),
                )
            ]
            run_all()
            yield World(client, folder, *ids)


Fields = dict[str, dict[str, Any]]


def fields() -> Fields:
    """Give the fields of every resource, deleted ones too."""
    with reading() as session:
        return {
            one.id: {name: _read(one, name) for name in FIELDS} | {"deleted": one.deleted_at}
            for one in session.scalars(select(Resource))
        }


def nothing_is_silently_stale() -> None:
    """What the ledger calls fresh is what a computation from scratch gives."""
    with LibrarySession(bootstrap_engine(), expire_on_commit=False) as session:
        services = Services(session)
        for resource in session.scalars(select(Resource)).all():
            rows = services.freshness.of([resource.id])[resource.id]
            if resource.deleted_at is None:
                assert rows.keys() == DERIVATIONS.keys(), "a row of the ledger is missing"
            for name, row in rows.items():
                if row.due_at is None:
                    assert resource.deleted_at is None, f"{name} of a deleted resource is kept"
                    assert computed_again(session, services, name, resource.id), name


def computed_again(
    session: LibrarySession, services: Services, name: str, resource_id: str
) -> bool:
    """Tell whether computing it anew changes nothing; what it changed is taken back."""
    show, compute = {
        "search": (indexed, services.search.update_fts5_index),
        "embedding": (vector, services.embeddings.generate_and_store_embeddings),
        "quality": (quality, services.quality.compute_qualities),
    }[name]
    before = show(session, resource_id)
    assert before is not None, f"there is no {name}"
    compute([resource_id])
    session.flush()
    after = show(session, resource_id)
    session.rollback()
    return bool(before == after)


def indexed(session: LibrarySession, resource_id: str) -> Any:
    query = (
        "SELECT title, abstract, authors, content, terms FROM search_index JOIN search_documents "
        "ON search_documents.id = search_index.rowid WHERE resource_id = :id"
    )
    return session.execute(text(query), {"id": resource_id}).one_or_none()


def vector(session: LibrarySession, resource_id: str) -> Any:
    query = select(EmbeddingRow.vector, EmbeddingRow.model)
    row = session.execute(query.where(EmbeddingRow.resource_id == resource_id)).one_or_none()
    return row and (row if row.vector else None)


def quality(session: LibrarySession, resource_id: str) -> Any:
    names = ("overall", "accuracy", "completeness", "consistency", "timeliness", "reasons")
    query = select(*(getattr(QualityScore, name) for name in names))
    return session.execute(query.where(QualityScore.resource_id == resource_id)).one_or_none()


def bootstrap_engine() -> Any:
    with reading() as session:
        return session.get_bind().engine


def wanted_is_what_was_changed(before: Fields, after: Fields) -> None:
    """Each derivation with a changed input wants the revision of the change."""
    with reading() as session:
        services = Services(session)
        for resource_id in after.keys() & before.keys():
            changed = {f for f, v in after[resource_id].items() if before[resource_id][f] != v}
            resource = session.get_one(Resource, resource_id)
            rows = services.freshness.of([resource_id])[resource_id]
            for name, derivation in DERIVATIONS.items():
                inputs = derivation.inputs & _as_inputs(changed)
                if resource.deleted_at is not None:
                    assert name not in rows or rows[name].due_at is not None
                    continue
                if "content" in inputs:
                    assert rows[name].wanted_content == resource.content_revision
                if inputs - {"content"}:
                    assert rows[name].wanted_metadata == resource.metadata_revision


def all_is_done() -> None:
    """Nothing is due, and of what is deleted nothing derived is left."""
    with reading() as session:
        assert session.scalars(select(LedgerRow).where(LedgerRow.due_at.is_not(None))).all() == []
        gone = select(Resource.id).where(Resource.deleted_at.is_not(None))
        for resource_id in session.scalars(gone):
            for show in (indexed, vector, quality):
                assert show(session, resource_id) is None
        for row in session.scalars(select(LedgerRow)):
            assert row.content_revision >= row.wanted_content
            assert row.metadata_revision >= row.wanted_metadata
        for one in session.scalars(select(Resource).where(Resource.deleted_at.is_(None))):
            assert found_by_title(session, one) == {one.id}


def found_by_title(session: LibrarySession, resource: Resource) -> set[str]:
    answer = session.execute(
        text(
            "SELECT resource_id FROM search_index JOIN search_documents "
            "ON search_documents.id = search_index.rowid WHERE search_index MATCH :title"
        ),
        {"title": f'title : "{resource.title}"'},
    )
    same = select(Resource.id).where(
        Resource.title == resource.title, Resource.deleted_at.is_(None), Resource.id != resource.id
    )
    return {one.resource_id for one in answer} - set(session.scalars(same))


DRIVERS = {
    name: driver for name, driver in {**ROUTES, **COMMANDS}.items() if not isinstance(driver, str)
}


@pytest.mark.filterwarnings("ignore:Call to deprecated setex:DeprecationWarning")  # Celery's
@pytest.mark.filterwarnings("ignore:.*up.lock:pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("way", DRIVERS)
def test_what_is_derived_follows(world: World, way: str) -> None:
    nothing_is_silently_stale()
    all_is_done()
    before = fields()
    DRIVERS[way](world)
    wanted_is_what_was_changed(before, fields())
    nothing_is_silently_stale()
    ran = run_all(after_each=nothing_is_silently_stale)
    assert ran or way == "migrate"
    reconcile()
    wanted_is_what_was_changed(before, fields())
    all_is_done()
    if way not in COMPUTED_ANEW:
        assert fields() != before, "the driver changes nothing"


COMPUTED_ANEW = (
    *("POST /quality/recalculate", "POST /batch", "migrate"),
    "POST /ui/resources/{resource_id}/compute/{derivation}",
)
"""Ways that change no field: what they have computed again was, or seemed, fresh."""


def reconcile() -> None:
    """Run what the reconciler would find, without its grace."""
    with reading() as session:
        ledger = Services(session).ledger
        ledger.grace = -ledger.grace
        overdue = {name: ledger.overdue(name, 100) for name in DERIVATIONS}
    for name, ids in overdue.items():
        for resource_id in ids:
            TASK_OF[name].apply(args=[resource_id]).get()


VALUES: Mapping[str, Any] = {
    "title": "Another title",
    "abstract": "Another abstract.",
    "content": "Another text.",
    "year": 1931,
    "venue": "Annals of Owls",
    "url": "https://example.org/owls",
    "doi": "10.1234/owls",
    "arxiv_id": "1706.03762",
    "isbn": "9780306406157",
    "authors": ["Ada Moe"],
    "tags": ["birds"],
    "subjects": ["zoology"],
    "cites": ["10.1234/hawks"],
    "type": "article",
    "language": "de",
    "external_id": "owls-1",
    "extra": {"pages": "1-2"},
}


def test_what_a_derivation_reads_is_declared_as_its_input(world: World) -> None:
    """A field that changes what is computed must make the computation due."""
    assert VALUES.keys() == set(FIELDS)
    missing = []
    for field, value in VALUES.items():
        before = all_computed(world.first)
        with writing() as session:
            Services(session).resources.update(world.first, {field: value})
        after = all_computed(world.first)
        missing += [
            f"{name} reads {field}"
            for name, derivation in DERIVATIONS.items()
            if before[name] != after[name] and not derivation.inputs & _as_inputs({field})
        ]
    assert missing == []


def all_computed(resource_id: str) -> dict[str, Any]:
    with writing() as session:
        services = Services(session)
        services.search.update_fts5_index([resource_id])
        services.embeddings.generate_and_store_embeddings([resource_id])
        services.quality.compute_qualities([resource_id])
        session.flush()
        return {
            "search": indexed(session, resource_id),
            "embedding": vector(session, resource_id),
            "quality": quality(session, resource_id),
        }
