"""Two workers under one name: each keeps what it took, unless it was replaced."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from alexandria.tasks import status
from in_process_worker import empty_library, own_redis


@pytest.fixture
def _broker(tmp_path: Path) -> Iterator[None]:
    with own_redis(tmp_path), empty_library(tmp_path):
        yield


@pytest.fixture(autouse=True)
def _nothing_seen(monkeypatch: pytest.MonkeyPatch, _broker: None) -> None:
    monkeypatch.setattr(status, "_seen", {})


def beat(incarnation: str) -> None:
    status.beat(incarnation, {"name": "worker@host"})


def test_one_that_was_replaced_is_dead_at_once() -> None:
    beat("first")
    beat("second")
    assert status.dead_incarnations() == ["first"]


def test_one_that_goes_on_beating_is_not() -> None:
    for one in ("first", "second"):
        beat(one)
    status.dead_incarnations()
    for _ in range(3):
        for one in ("first", "second"):
            beat(one)
        assert status.dead_incarnations() == []
