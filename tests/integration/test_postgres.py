"""Migrations on PostgreSQL 16; the tests of services run on it and on SQLite."""

from sqlalchemy import inspect, text

from alexandria.db import make_engine
from alexandria.migrations import migrate
from alexandria.models import Resource
from postgres_server import PostgresServer


def test_the_schema_is_that_of_the_models(postgres: PostgresServer) -> None:
    with postgres.database() as url:
        engine = make_engine(url)
        with engine.connect() as connection:
            version = connection.scalar(text("SHOW server_version_num"))
        assert str(version).startswith("16")
        assert set(Resource.metadata.tables) <= set(inspect(engine).get_table_names())
        migrate(engine)  # again, which changes nothing
        engine.dispose()
