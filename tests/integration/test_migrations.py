"""Libraries of older versions are brought up to date, and lose nothing."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import Engine, inspect, text

from alexandria.db import make_engine
from alexandria.migrations import _config, migrate
from postgres_server import PostgresServer

RESOURCE = """
INSERT INTO resources (id, title, type, extra, content_revision, metadata_revision, created_at,
 updated_at) VALUES ('a', 'A title', 'document', '{}', 3, 2, CURRENT_TIMESTAMP, CURRENT_TIMESTAMP)
"""
VECTOR = """
INSERT INTO embeddings (resource_id, change, vector, model, content_revision, metadata_revision,
 computed_at) VALUES ('a', 7, :vector, 'a model', 3, 2, CURRENT_TIMESTAMP)
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """Give a database without any table."""
    if request.param == "sqlite":
        engine = make_engine(f"sqlite:///{tmp_path / 'library.db'}")
        yield engine
        engine.dispose()
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    with server.database() as url:
        engine = make_engine(url)
        with engine.begin() as connection:
            connection.execute(text("DROP SCHEMA public CASCADE"))
            connection.execute(text("CREATE SCHEMA public"))
        yield engine
        engine.dispose()


def upgrade(engine: Engine, revision: str) -> None:
    config = _config()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def test_vectors_keep_serving_when_models_can_stand_side_by_side(empty: Engine) -> None:
    upgrade(empty, "0002")
    with empty.begin() as connection:
        connection.execute(text(RESOURCE))
        connection.execute(text(VECTOR), {"vector": b"\x00\x3c"})
    migrate(empty)
    with empty.begin() as connection:
        rows = connection.execute(text("SELECT resource_id, model, change, vector FROM embeddings"))
        assert [(*row[:3], bytes(row[3])) for row in rows] == [("a", "a model", 7, b"\x00\x3c")]
        builds = connection.execute(text("SELECT derivation, version, place, state FROM builds"))
        found = {tuple(row) for row in builds}
    is_sqlite = empty.dialect.name == "sqlite"
    schema = "FTS5, schema 1" if is_sqlite else "postings, schema 1"
    index = ("search", schema, "search_index", "serving")
    model = ("embedding", "a model", None, "serving")
    assert found == {model, index}
    assert inspect(empty).get_pk_constraint("embeddings")["constrained_columns"] == [
        "resource_id",
        "model",
    ]
    foreign = inspect(empty).get_foreign_keys("embeddings")[0]
    assert foreign["options"].get("ondelete") == "CASCADE"


EXTRAS = {
    "a": '{"pmid": "PMID: 0009997", "pages": "1-9"}',
    "b": '{"note": "its \\"pmid\\" is not known", "pmid": "none"}',
    "c": "{}",
}
LEDGER = """
INSERT INTO ledger (subject_type, subject_id, derivation, content_revision, metadata_revision,
 wanted_content, wanted_metadata, marks) VALUES ('resource', :id, 'search', 3, 2, 3, 2, 0)
"""


def test_a_pmid_among_the_extra_fields_becomes_an_identifier_and_is_indexed(empty: Engine) -> None:
    upgrade(empty, "0005")
    with empty.begin() as connection:
        for one, extra in EXTRAS.items():
            connection.execute(text(RESOURCE.replace("'a'", f"'{one}'")))
            changed = text("UPDATE resources SET extra = :extra WHERE id = :id")
            if empty.dialect.name == "postgresql":
                changed = text("UPDATE resources SET extra = CAST(:extra AS JSONB) WHERE id = :id")
            connection.execute(changed, {"extra": extra, "id": one})
            connection.execute(text(LEDGER), {"id": one})
    migrate(empty)
    with empty.begin() as connection:
        rows = connection.execute(
            text("SELECT resource_id, scheme, value FROM resource_identifiers")
        )
        assert [tuple(row) for row in rows] == [("a", "pmid", "9997")]
        due = connection.execute(
            text(
                "SELECT subject_id, marks FROM ledger "
                "WHERE due_at IS NOT NULL AND derivation = 'search' ORDER BY subject_id"
            )
        )
        assert ("a", 1) in [tuple(row) for row in due]
