"""What is deleted stays in the trash; what is deleted for good from there leaves nothing behind."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, inspect, select, text

from alexandria import bootstrap
from alexandria.app import create_app
from alexandria.bootstrap import Services, file_store
from alexandria.db import get_engine, now, reading, writing
from alexandria.errors import ConflictError, NotFoundError
from alexandria.models import EmbeddingRow, FileRemoval, Ingestion, Resource, ResourceFile
from alexandria.protocols.extraction import Record

NOTE = "On the growth of crystals\n\n" + "Crystals grow from seeds in a solution. " * 20
KEPT = timedelta(hours=1)


@pytest.fixture
def client(either_library: Path) -> Any:
    with writing() as session:
        secret = Services(session).users.new_token("reader", "write")
    with TestClient(create_app()) as opened:
        opened.headers["Authorization"] = f"Bearer {secret}"
        yield opened
    bootstrap.close()


def bring(folder: Path, content: str = NOTE, *, add_anyway: bool = False) -> tuple[str, str]:
    """Take in a file; give the ids of its ingestion and its resource."""
    source = folder / "note.txt"
    source.write_text(content)
    with writing() as session:
        ingestion = Services(session).ingestion.submit_file(source, "note.txt")
        ingestion.add_anyway = add_anyway
        made = ingestion.id
    with writing() as session:
        done = Services(session).ingestion.process(made, "a task")
        assert done
        return made, done.resource_id or ""


def derive(*ids: str) -> None:
    with writing() as session:
        services = Services(session)
        for name, compute in (
            ("embedding", services.embeddings.generate_and_store_embeddings),
            ("quality", services.quality.compute_qualities),
            ("classification", services.classification.classify_resources),
            ("duplicates", services.near_duplicates.compute_duplicates),
        ):
            services.ledger.computed(name, compute(ids))


def delete(*ids: str) -> None:
    with writing() as session:
        for one in ids:
            Services(session).resources.delete(one)


def age_files(folder: Path) -> None:
    """Let the stored files be there for a day."""
    for path in (folder / "files").rglob("*"):
        if path.is_file():
            os.utime(path, (now().timestamp() - 86400,) * 2)


def mentions(resource_id: str) -> set[str]:
    """Give the tables in which the id stands, but for the events that tell of it."""
    found = set()
    with get_engine().connect() as connection:
        for table in inspect(connection).get_table_names():
            if table.startswith("search_index") or table == "outbox":
                continue
            for row in connection.execute(text(f"SELECT * FROM {table}")):
                if any(resource_id in str(value) for value in row):
                    found.add(table)
    return found


def stored(folder: Path) -> int:
    return sum(path.is_file() for path in (folder / "files").rglob("*"))


def test_nothing_is_left_of_what_is_deleted_for_good(
    client: TestClient, either_library: Path
) -> None:
    _, gone = bring(either_library)
    again, _ = bring(either_library)
    with writing() as session:
        services = Services(session)
        reader = services.users.ensure("reader")
        services.interactions.track(reader.id, gone, "view")
        services.resources.update(gone, {"tags": ["crystals"], "year": 1999})
        other = services.resources.create(Record(title="On owls", text=NOTE)).id
    derive(gone, other)
    assert "duplicate_pairs" in mentions(gone)
    delete(gone)
    age_files(either_library)
    answer = client.delete(f"/resources/{gone}", params={"permanently": True})
    assert (answer.status_code, answer.json()) == (200, {"id": gone, "event_id": None})
    assert mentions(gone) == set()
    assert stored(either_library) == 0
    with reading() as session:
        assert session.get(Resource, other)
        assert session.scalar(select(func.count()).select_from(FileRemoval)) == 0
    assert client.delete(f"/resources/{gone}", params={"permanently": True}).status_code == 404
    # What came as its duplicate can't be added from bytes that are gone.
    retried = client.post(f"/ingestions/{again}/retry", json={"add_anyway": True})
    assert retried.status_code == 409


def test_only_what_is_in_the_trash_goes_for_good(client: TestClient, either_library: Path) -> None:
    with writing() as session:
        live = Services(session).resources.create(Record(title="On owls")).id
    refused = client.delete(f"/resources/{live}", params={"permanently": True})
    assert refused.status_code == 409
    assert "Delete it first" in refused.json()["detail"]
    with writing() as session:
        secret = Services(session).users.new_token("guest", "read")
    delete(live)
    headers = {"Authorization": f"Bearer {secret}"}
    for path in (f"/resources/{live}?permanently=true", "/trash"):
        assert client.delete(path, headers=headers).status_code == 403
    assert client.post(f"/resources/{live}/restore").status_code == 200
    with writing() as session, pytest.raises(ConflictError):
        Services(session).trash.erase(live)
    with writing() as session, pytest.raises(NotFoundError):
        Services(session).trash.erase("unknown")


def test_a_file_that_something_refers_to_stays(client: TestClient, either_library: Path) -> None:
    _, gone = bring(either_library)
    _, left = bring(either_library, add_anyway=True)
    delete(gone)
    age_files(either_library)
    assert client.delete("/trash").json() == {"count": 1}
    with reading() as session:
        sha256 = session.scalars(select(ResourceFile.sha256)).one()
        assert file_store().path(sha256).read_text() == NOTE
    delete(left)
    assert client.delete("/trash").json() == {"count": 1}
    assert stored(either_library) == 0


def test_a_file_that_was_just_brought_stays_until_nothing_can_refer_to_it_any_more(
    client: TestClient, either_library: Path
) -> None:
    _, gone = bring(either_library)
    delete(gone)
    assert client.delete("/trash").json() == {"count": 1}
    assert stored(either_library) == 1
    with writing() as session:
        assert Services(session).trash.remove_files() == 0
    age_files(either_library)
    with writing() as session:  # as the reconciler does
        assert Services(session).trash.remove_files() == 1
    assert stored(either_library) == 0


def test_a_file_that_comes_back_before_it_is_removed_is_kept(
    client: TestClient, either_library: Path
) -> None:
    _, gone = bring(either_library)
    delete(gone)
    client.delete("/trash")
    _, anew = bring(either_library)
    age_files(either_library)
    with writing() as session:
        assert Services(session).trash.remove_files() == 0
        sha256 = session.scalars(
            select(ResourceFile.sha256).where(ResourceFile.resource_id == anew)
        ).one()
    assert file_store().path(sha256).is_file()


def test_the_file_of_an_ingestion_under_way_stays(client: TestClient, either_library: Path) -> None:
    _, gone = bring(either_library)
    source = either_library / "note.txt"
    with writing() as session:
        waiting = Services(session).ingestion.submit_file(source, "again.txt").id
    delete(gone)
    age_files(either_library)
    client.delete("/trash")
    with writing() as session:
        done = Services(session).ingestion.process(waiting, "a task")
        assert done
        assert done.state == "completed"


def test_the_whole_trash_is_emptied_and_nothing_else(
    client: TestClient, either_library: Path
) -> None:
    with writing() as session:
        services = Services(session)
        ids = [services.resources.create(Record(title=f"Title {n}")).id for n in range(120)]
    delete(*ids[:110])
    assert client.delete("/trash").json() == {"count": 110}
    assert client.delete("/trash").json() == {"count": 0}
    assert client.get("/resources", params={"deleted": True}).json()["total"] == 0
    assert client.get("/resources").json()["total"] == 10


def test_what_was_merged_away_can_go_for_good(client: TestClient, either_library: Path) -> None:
    with writing() as session:
        services = Services(session)
        kept, other = (services.resources.create(Record(title="On owls")).id for _ in "ab")
        made = services.merging.merge(kept, other).id
        assert services.trash.merged_into([other, kept]).keys() == {other}
    assert client.delete("/trash").json() == {"count": 1}
    assert client.get(f"/resources/{kept}").status_code == 200
    assert client.post(f"/merges/{made}/undo").status_code == 404
    assert client.get(f"/resources/{kept}/merges").json()["total"] == 0


def test_a_new_vector_never_gets_the_number_of_one_that_is_gone(either_library: Path) -> None:
    """A process that has seen the number would not look for what has it next."""
    with writing() as session:
        services = Services(session)
        first, last = (services.resources.create(Record(title=one)).id for one in "ab")
    derive(first)
    derive(last)
    with reading() as session:
        services = Services(session)
        near = services.similar.of(first, by="meaning")
        assert [one.id for one in near] == [last]
    delete(last)
    with writing() as session:
        before = session.scalar(select(func.max(EmbeddingRow.change))) or 0
        Services(session).trash.erase(last)
        new = Services(session).resources.create(Record(title="c")).id
    derive(new)
    with reading() as session:
        row = session.scalars(select(EmbeddingRow).where(EmbeddingRow.resource_id == new)).one()
        assert row.change > before
        assert [one.id for one in Services(session).similar.of(first, by="meaning")] == [new]


def test_ingestions_keep_telling_what_came(client: TestClient, either_library: Path) -> None:
    made, gone = bring(either_library)
    delete(gone)
    client.delete("/trash")
    with reading() as session:
        kept = session.get_one(Ingestion, made)
        assert (kept.state, kept.name, kept.resource_id, kept.sha256) == (
            *("completed", "note.txt"),
            *(None, None),
        )
    found = client.get(f"/ingestions/{made}").json()
    assert (found["state"], found["resource_id"]) == ("completed", None)
