"""What PostgreSQL 16 alone does; the tests of services run on it and on SQLite."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import inspect, make_url, text

from alexandria.adapters.fulltext_postgres import PostgresFullText
from alexandria.bootstrap import Services, open_empty_library
from alexandria.config import get_settings
from alexandria.db import LibrarySession, make_engine
from alexandria.db.pgvector import can_compare, make_column
from alexandria.migrations import migrate
from alexandria.models import Resource
from alexandria.protocols import SearchEntry
from alexandria.protocols.extraction import Record
from alexandria.services.embeddings import store_vectors
from alexandria.services.search import SearchRequest
from alexandria.services.search.query import parse
from alexandria.services.vector_directions import fill_directions
from postgres_server import PostgresServer

DATABASES = text("SELECT datname FROM pg_database")


def test_the_schema_is_that_of_the_models(postgres: PostgresServer) -> None:
    with postgres.database() as url:
        engine = make_engine(url)
        with engine.connect() as connection:
            version = connection.scalar(text("SHOW server_version_num"))
        assert str(version).startswith("16")
        assert set(Resource.metadata.tables) <= set(inspect(engine).get_table_names())
        migrate(engine)  # again, which changes nothing
        engine.dispose()


def test_search_is_measured_in_a_database_beside(
    postgres: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with postgres.database() as url:
        monkeypatch.setenv("DATABASE_URL", url)
        get_settings.cache_clear()
        engine = make_engine(url)
        with engine.connect() as connection:
            before = set(connection.scalars(DATABASES))
        with open_empty_library(tmp_path) as library:
            used = library.session.get_bind().url.database
            assert used not in before
            assert library.search.search(SearchRequest("anything"))["total"] == 0
        with engine.connect() as connection:
            assert set(connection.scalars(DATABASES)) == before
        engine.dispose()
    get_settings.cache_clear()


def test_what_is_rolled_back_leaves_no_trace(postgres: PostgresServer) -> None:
    with postgres.database() as url:
        engine = make_engine(url)
        with LibrarySession(engine, expire_on_commit=False) as session:
            made = Services(session).resources.create(Record(title="Tides of the sea"))
            index = Services(session).fulltext
            query = parse("tides").keyword
            assert index.search(query, 5)
            with LibrarySession(engine) as other:
                assert Services(other).fulltext.search(query, 5) == []
            session.rollback()
            assert index.search(query, 5) == []
            assert index.resource_ids() == set()
            for part in ("", "_postings", "_totals"):
                assert session.scalar(text(f"SELECT count(*) FROM search_index{part}")) == 0
            assert made.id
        engine.dispose()


def test_writers_of_different_resources_do_not_wait_for_each_other(
    postgres: PostgresServer,
) -> None:
    with postgres.database() as url:
        engine = make_engine(url)
        with LibrarySession(engine) as one, LibrarySession(engine) as other:
            entry = SearchEntry("a", "The same words", "", "", "", "")
            PostgresFullText(one).put([entry])
            other.execute(text("SET LOCAL lock_timeout = '2s'"))
            PostgresFullText(other).put([replace(entry, resource_id="b")])
            other.commit()
            one.commit()
            found = PostgresFullText(one).search(parse("words").keyword, 5)
            assert [resource for resource, _ in found] == ["a", "b"]
        engine.dispose()


def test_counts_are_summed_now_and_then_and_stay_right(postgres: PostgresServer) -> None:
    with postgres.database() as url:
        engine = make_engine(url)
        with LibrarySession(engine) as session:
            index = PostgresFullText(session)
            for number in range(250):
                index.put([SearchEntry(str(number % 120), f"Word {number}", "", "", "", "")])
            rows = session.scalar(text("SELECT count(*) FROM search_index_totals"))
            assert rows is not None
            assert rows <= 101
            totals = text("SELECT sum(documents), sum(tokens) FROM search_index_totals")
            assert [int(one) for one in session.execute(totals).one()] == [120, 360]
            assert index.count(parse("word").keyword) == 120
        engine.dispose()


def test_a_role_that_may_not_use_pgvector_gets_a_library_all_the_same(
    postgres: PostgresServer,
) -> None:
    with postgres.database() as url:
        engine = make_engine(url)
        with engine.begin() as connection:
            for statement in (
                "DROP SCHEMA public CASCADE",
                "CREATE SCHEMA library",
                "CREATE ROLE plain LOGIN",
                "ALTER SCHEMA library OWNER TO plain",
                "ALTER ROLE plain SET search_path = library",
            ):
                connection.execute(text(statement))
        engine.dispose()
        plain = make_engine(make_url(url).set(username="plain").render_as_string())
        migrate(plain)
        with LibrarySession(plain) as session:
            assert not make_column(session.connection())
            assert not can_compare(session)
            assert fill_directions(session) == 0
            made = Services(session).resources.create(Record(title="Tides"))
            store_vectors(session, "m", {made.id: (np.ones(4, np.float32), 1, 1)})
            session.commit()
            assert Services(session).fulltext.search(parse("tides").keyword, 5)
        plain.dispose()
