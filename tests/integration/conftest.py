"""Libraries that this process uses as a worker would, each with the two Redis servers of its folder."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from alexandria import bootstrap
from in_process_worker import empty_library, own_redis
from postgres_server import PostgresServer


@pytest.fixture(scope="module")
def redis_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Give a folder whose Redis servers run as long as the module's tests do."""
    folder = tmp_path_factory.mktemp("library")
    with own_redis(folder):
        yield folder
        bootstrap.close()


@pytest.fixture
def library_with_redis(redis_folder: Path) -> Iterator[Path]:
    """Give the folder of an empty library on SQLite, with empty Redis servers."""
    with empty_library(redis_folder) as folder:
        yield folder


@pytest.fixture(params=["sqlite", "postgresql"])
def either_with_redis(request: pytest.FixtureRequest, redis_folder: Path) -> Iterator[Path]:
    """Give the folder of an empty library with empty Redis servers, on both databases in turn."""
    if request.param == "sqlite":
        with empty_library(redis_folder) as folder:
            yield folder
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    with server.database() as url, empty_library(redis_folder, url) as folder:
        yield folder
