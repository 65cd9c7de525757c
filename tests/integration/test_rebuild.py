"""Another embedding model or index takes over without a gap: the old answers until the new is whole."""

import itertools
import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from sqlalchemy import select, text

from alexandria import bootstrap
from alexandria.adapters import fulltext_sqlite
from alexandria.adapters.fulltext_schemas import IndexTable, Schema
from alexandria.bootstrap import Services
from alexandria.config import get_settings
from alexandria.db import get_engine, reading, writing
from alexandria.errors import InvalidInputError
from alexandria.models import EmbeddingRow
from alexandria.protocols.extraction import Record
from alexandria.services.derivations import DERIVATIONS
from alexandria.services.rebuilds import KEPT_AFTER_SWITCH
from alexandria.services.search import SearchRequest
from alexandria.tasks.celery_tasks.derivations import TASK_OF
from alexandria.tasks.celery_tasks.upkeep import queue_due
from conftest import RunningLibrary, all_fresh, eventually, start_library, stop_library
from derived_data import nothing_is_silently_stale
from in_process_worker import run, run_all, waiting

NUMBERED = [f"House number {number}" for number in range(80)]
COLOURS = Path(__file__).parents[1] / "fixtures" / "embedding_model"
TITLES = ["A red house", "A green garden", "The blue sea", "A yellow field", "A white wall"]


def use_model(folder: Path | None, patch: pytest.MonkeyPatch) -> None:
    """Start the library with the model in the folder, or with the bundled one."""
    if folder is None:
        patch.delenv("ALEXANDRIA_EMBEDDING_MODEL", raising=False)
    else:
        patch.setenv("ALEXANDRIA_EMBEDDING_MODEL", str(folder))
    get_settings.cache_clear()
    with writing() as session:
        Services(session).rebuilds.catch_up(follow_settings=True)


def add(title: str) -> str:
    with writing() as session:
        return Services(session).resources.create(Record(title=title, text=f"{title}, at noon.")).id


def edit(resource_id: str, title: str) -> None:
    with writing() as session:
        Services(session).resources.update(resource_id, {"title": title})


def found(query: str, mode: Any) -> list[str]:
    with reading() as session:
        answer = Services(session).search.search(SearchRequest(query, mode, limit=50))
    return [hit["title"] for hit in answer["results"]]


def serving(derivation: str) -> tuple[str, str | None]:
    """Give the version that serves, and the one that is built beside it."""
    with reading() as session:
        builds = Services(session).builds
        first, second = builds.serving(derivation), builds.building(derivation)
        assert first
        return first.version, second.version if second else None


def remaining(derivation: str) -> int:
    with reading() as session:
        return Services(session).rebuilds.remaining(derivation)


def clean_up() -> None:
    with writing() as session:
        while Services(session).rebuilds.clean_up(kept=timedelta(0)):
            session.commit()


def models_of(resource_id: str) -> set[str]:
    with reading() as session:
        query = select(EmbeddingRow.model).where(EmbeddingRow.resource_id == resource_id)
        return set(session.scalars(query.where(EmbeddingRow.vector.is_not(None))))


def test_another_model_is_built_beside_the_one_that_serves(
    either_with_redis: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_model(COLOURS, monkeypatch)
    monkeypatch.setenv("ALEXANDRIA_TAKE_ALONG", "1")
    ids = [add(title) for title in TITLES]
    run_all()
    old, beside = serving("embedding")
    assert (beside, found("a red house", "semantic")[0]) == (None, TITLES[0])

    use_model(None, monkeypatch)
    assert serving("embedding")[0] == old
    assert remaining("embedding") == len(TITLES)
    queue_due("passages")
    run_all()
    queue_due("embedding")
    for done, message in enumerate(waiting(), start=1):
        # Given a change while it is built, both models know it, and searches find it
        if done == 2:
            edit(ids[0], "A red boat")
            TASK_OF["embedding"].apply(args=[ids[0]]).get()
            assert len(models_of(ids[0])) == 2
        assert serving("embedding")[0] == old
        assert set(found("red", "semantic")) == {
            "A red boat" if done >= 2 else TITLES[0],
            *TITLES[1:],
        }
        run(message)
    new, beside = serving("embedding")
    assert (new, beside) == (bootstrap.embedder().model, None)
    assert new != old
    assert found("a red boat", "semantic")[0] == "A red boat"
    assert len(found("red", "semantic")) == len(TITLES)
    nothing_is_silently_stale()

    # The old vectors are taken away only after the switch, and after a while
    assert models_of(ids[0]) == {old, new}
    with writing() as session:
        assert not Services(session).rebuilds.clean_up(KEPT_AFTER_SWITCH)
    clean_up()
    assert models_of(ids[0]) == {new}


def test_a_rebuild_that_is_interrupted_goes_on_where_it_was(
    either_with_redis: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_model(COLOURS, monkeypatch)
    monkeypatch.setenv("ALEXANDRIA_TAKE_ALONG", "1")
    for title in TITLES:
        add(title)
    run_all()
    use_model(None, monkeypatch)
    queue_due("passages")
    run_all()
    queue_due("embedding")
    for message in waiting()[:2]:
        run(message)
    bootstrap.broker_client().flushall()

    use_model(None, monkeypatch)  # the library is started again
    assert remaining("embedding") == len(TITLES) - 2
    with writing() as session:
        assert Services(session).rebuilds.begin("embedding") == len(TITLES) - 2
    queue_due("embedding")
    assert len(waiting()) == len(TITLES) - 2
    run_all()
    assert serving("embedding") == (bootstrap.embedder().model, None)


def test_going_back_to_the_model_that_serves_gives_the_other_up(
    either_with_redis: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_model(COLOURS, monkeypatch)
    ids = [add(title) for title in TITLES[:2]]
    run_all()
    use_model(None, monkeypatch)
    TASK_OF["embedding"].apply(args=[ids[0]]).get()
    edit(ids[1], "A blue garden")
    use_model(COLOURS, monkeypatch)
    queue_due("embedding")
    queue_due("passages")
    run_all()
    clean_up()
    colours = bootstrap.embedder().model
    assert serving("embedding") == (colours, None)
    assert models_of(ids[0]) == models_of(ids[1]) == {colours}
    nothing_is_silently_stale()


def test_a_command_with_other_settings_starts_no_rebuild(
    either_with_redis: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_model(COLOURS, monkeypatch)
    add(TITLES[0])
    run_all()
    monkeypatch.delenv("ALEXANDRIA_EMBEDDING_MODEL")
    get_settings.cache_clear()
    with writing() as session:
        assert Services(session).rebuilds.catch_up(follow_settings=False) == 0
    assert serving("embedding")[1] is None


def test_a_model_that_is_gone_is_replaced_at_once(
    either_with_redis: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A gap can't be helped then, and searches by words go on."""
    copy = tmp_path / "colours"
    copy.mkdir()
    for one in COLOURS.iterdir():
        (copy / one.name).write_bytes(one.read_bytes())
    use_model(copy, monkeypatch)
    add(TITLES[0])
    run_all()
    (copy / "model.onnx").unlink()
    bootstrap.models._model_in.cache_clear()
    use_model(None, monkeypatch)
    assert serving("embedding") == (bootstrap.embedder().model, None)
    queue_due("embedding")
    run_all()
    assert found("red", "semantic") == TITLES[:1]


def test_what_was_computed_when_a_rebuild_began_is_done_anew(
    either_with_redis: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The model changes while a task computes with the one before."""
    use_model(COLOURS, monkeypatch)
    only = add(TITLES[0])
    model = bootstrap.embedder()
    embed = type(model).embed

    def embed_slowly(self: Any, texts: Any) -> Any:
        if self is model and serving("embedding")[1] is None:
            use_model(None, monkeypatch)
        return embed(self, texts)

    with monkeypatch.context() as patch:
        patch.setattr(type(model), "embed", embed_slowly)
        TASK_OF["embedding"].apply(args=[only]).get()
    assert serving("embedding") == (model.model, bootstrap.embedder().model)
    assert remaining("embedding") == 1
    run_all()
    assert serving("embedding") == (bootstrap.embedder().model, None)


def test_nobody_switches_while_another_decides_what_to_build(
    either_with_redis: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_model(COLOURS, monkeypatch)
    add(TITLES[0])
    run_all()
    use_model(None, monkeypatch)
    if get_engine().dialect.name == "sqlite":
        return  # there a writer keeps all others waiting
    with writing() as one, writing() as other:
        Services(one).builds.hold()
        assert not Services(other).builds.switch("embedding")
        one.commit()
        assert Services(other).builds.switch("embedding")
    assert serving("embedding") == (bootstrap.embedder().model, None)


def tables() -> set[str]:
    with reading() as session:
        names = session.scalars(
            text("SELECT name FROM sqlite_schema WHERE sql LIKE '%USING fts5(%'")
        )
        return set(names)


def test_another_schema_of_the_index_is_built_beside_the_one_that_serves(
    library_with_redis: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALEXANDRIA_TAKE_ALONG", "1")
    get_settings.cache_clear()
    ids = [add(title) for title in TITLES]
    run_all()
    assert found("houses", "keyword") == [TITLES[0]]  # the stem is the same

    # Given a version whose index keeps whole words
    plain = Schema("unicode61", (1.0,) * 5)
    monkeypatch.setitem(fulltext_sqlite.SCHEMAS, "FTS5, whole words", plain)
    monkeypatch.setattr(fulltext_sqlite, "SCHEMA", "FTS5, whole words")
    with writing() as session:
        Services(session).rebuilds.catch_up(follow_settings=True)
    assert len(tables()) == 2
    edit(ids[1], "A green house")
    more = add("A grey house")
    queue_due("search")
    for message in [one for one in waiting() if one.task == "update_search_index_task"]:
        if remaining("search"):
            assert len(found("houses", "keyword")) == 3
            with reading() as session:
                state = Services(session).freshness.index_state()
            assert state["pending"] == 0
        run(message)
    assert serving("search") == ("FTS5, whole words", None)
    assert found("houses", "keyword") == []
    assert set(found("house", "keyword")) == {TITLES[0], "A green house", "A grey house"}
    run_all()
    with writing() as session:
        assert Services(session).doctor.examine().as_dict()["found"] == 0
    clean_up()
    assert len(tables()) == 1
    with writing() as session:
        Services(session).resources.delete(more)
    assert len(found("house", "keyword")) == 2


def test_a_library_of_the_first_schema_is_searched_until_the_second_is_built(
    library_with_redis: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a library from before, whose index was stemmed by SQLite
    old = IndexTable("search_index", "FTS5, schema 1")
    with writing() as session:
        session.execute(text("DROP TABLE search_index"))
        session.execute(text(old.create()))
        session.execute(
            text("UPDATE builds SET version = :old, producer = :old WHERE derivation = 'search'"),
            {"old": old.schema},
        )
    monkeypatch.setenv("ALEXANDRIA_TAKE_ALONG", "1")
    get_settings.cache_clear()
    for title in TITLES:
        add(title)
    add("Die Häuser der Stadt und die Straßen")
    run_all()
    assert serving("search") == (old.schema, None)

    with writing() as session:
        Services(session).rebuilds.catch_up(follow_settings=True)
    assert serving("search") == (old.schema, fulltext_sqlite.SCHEMA)
    queue_due("search")
    for message in [one for one in waiting() if one.task == "update_search_index_task"]:
        if remaining("search"):
            assert found("houses", "keyword") == [TITLES[0]]
            assert found('"red house"', "keyword") == [TITLES[0]]
            assert found("hous*", "keyword") == [TITLES[0]]
            assert found("haus", "keyword") == []
        run(message)
    run_all()
    assert serving("search") == (fulltext_sqlite.SCHEMA, None)
    assert found("houses", "keyword") == [TITLES[0]]
    assert found("haus", "keyword") == ["Die Häuser der Stadt und die Straßen"]
    with writing() as session:
        assert Services(session).doctor.examine().as_dict()["found"] == 0


def test_an_index_is_built_anew_at_will(library_with_redis: Path) -> None:
    for title in TITLES:
        add(title)
    run_all()
    served = [tables()]
    for _ in range(2):
        with writing() as session:
            assert Services(session).rebuilds.begin("search") == len(TITLES)
        queue_due("search")
        run_all()
        clean_up()
        assert found("garden", "keyword") == [TITLES[1]]
        served.append(tables())
    assert [len(one) for one in served] == [1, 1, 1]
    assert len(set().union(*served)) == 3


@pytest.mark.parametrize("derivation", ["quality", "embedding"])
def test_what_is_computed_in_place_is_computed_anew(
    either_with_redis: Path, derivation: str
) -> None:
    only = add(TITLES[0])
    run_all()
    table = {"quality": "quality_scores", "embedding": "embeddings"}[derivation]
    value = {"quality": "overall = 0.99", "embedding": "vector = NULL"}[derivation]
    with writing() as session:
        session.execute(text(f"UPDATE {table} SET {value}"))
    with writing() as session:
        assert Services(session).rebuilds.begin(derivation) == 1
    TASK_OF[derivation].apply(args=[only]).get()
    assert remaining(derivation) == 0
    nothing_is_silently_stale()


@pytest.fixture
def with_colours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[RunningLibrary, int]]:
    """A running library whose vectors are of another model than the bundled one."""
    papers = [json.dumps({"title": title, "text": f"{title} at noon."}) for title in NUMBERED]
    with monkeypatch.context() as patch:
        patch.setenv("ALEXANDRIA_EMBEDDING_MODEL", str(COLOURS))
        patch.setenv("ALEXANDRIA_TAKE_ALONG", "2")
        running = start_library(tmp_path)
    with running.client() as client:
        client.post("/imports", files={"file": ("papers.jsonl", "\n".join(papers))})
        eventually(lambda: client.get("/resources").json()["total"] == len(papers))
        eventually(lambda: all_fresh(client))
    yield running, len(papers)
    stop_library(running)


def test_a_killed_rebuild_goes_on_while_searches_are_answered(
    with_colours: tuple[RunningLibrary, int],
) -> None:
    running, count = with_colours
    command = [sys.executable, "-m", "alexandria", "rebuild", "all", "--json"]
    command += ["--data", str(running.folder)]
    done = Event()
    seen: list[tuple[str, int]] = []
    watcher = Thread(target=watch, args=(running, done, seen))
    watcher.start()
    try:
        first = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            eventually(lambda: is_built(running, "embedding"))
        finally:
            first.kill()
            first.wait()
        ended = subprocess.run(command, capture_output=True, text=True, check=True, timeout=240)
    finally:
        done.set()
        watcher.join()
    rebuilt = json.loads(ended.stdout)["rebuilt"]
    assert rebuilt.keys() == DERIVATIONS.keys()
    assert {one["failed"] for one in rebuilt.values()} == {0}
    assert len(seen) > 10
    assert set(seen) == {("semantic", count), ("keyword", count)}
    with running.client() as client:
        eventually(lambda: all_fresh(client))
        page = client.get("/search", params={"q": "house", "limit": 1}).json()
        ledger = client.get(f"/resources/{page['results'][0]['id']}/freshness").json()
        producers = {name: row["producer"] for name, row in ledger["derivations"].items()}
    assert producers["embedding"].startswith("all-MiniLM-L6-v2")
    assert producers["search"] == rebuilt["search"]["producer"]


def watch(running: RunningLibrary, done: Event, seen: list[tuple[str, int]]) -> None:
    """Search and edit until it is done; note how many each search found."""
    with running.client() as client:
        for number in itertools.count():
            for mode in ("semantic", "keyword"):
                query = {"q": f"house {number}", "mode": mode, "limit": 1}
                page = client.get("/search", params=query).json()
                seen.append((mode, page["total"]))
            resource_id = page["results"][0]["id"]
            change = {"abstract": f"A house, seen {number} times."}
            assert client.patch(f"/resources/{resource_id}", json=change).is_success
            if done.is_set():
                return


def is_built(running: RunningLibrary, derivation: str) -> bool:
    """Something new is being built beside what serves."""
    with closing(sqlite3.connect(running.folder / "alexandria.db")) as database:
        query = "SELECT count(*) FROM builds WHERE derivation = ? AND state = 'building'"
        return bool(database.execute(query, [derivation]).fetchone()[0])


def test_there_is_nothing_to_rebuild_of_an_unknown_derivation(either_with_redis: Path) -> None:
    with writing() as session, pytest.raises(InvalidInputError):
        Services(session).rebuilds.chosen("horoscope")
