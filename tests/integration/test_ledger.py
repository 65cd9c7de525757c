"""The ledger on both databases: who may compute what, and when a row is fresh."""

from datetime import timedelta
from pathlib import Path
from threading import Barrier, Thread

from alexandria.bootstrap import Services
from alexandria.db import LibrarySession, get_engine, now, reading, writing
from alexandria.models import LedgerRow
from alexandria.protocols.extraction import Record
from alexandria.services.ledger import RESOURCE, Claim

LEASE = timedelta(seconds=60)


def make(count: int = 1) -> list[str]:
    """Add resources of which everything is due by now."""
    with writing() as session:
        services = Services(session)
        ids = [services.resources.create(Record(title=f"Title {n}")).id for n in range(count)]
        session.flush()
        for resource_id in ids:
            for row in services.freshness.of([resource_id])[resource_id].values():
                row.due_at = row.due_at and now() - timedelta(hours=1)
    return ids


def row(resource_id: str) -> LedgerRow:
    with reading() as session:
        found = session.get(LedgerRow, (RESOURCE, resource_id, "quality"))
        assert found
        return found


def claim(first: str, limit: int = 32, lease: timedelta = LEASE) -> dict[str, Claim]:
    with writing() as session:
        return Services(session).ledger.claim("quality", first, limit, lease)


def computed(resource_id: str, content: int, metadata: int) -> list[str]:
    with writing() as session:
        done = {resource_id: (content, metadata)}
        return Services(session).ledger.computed("quality", done)


def test_what_one_has_claimed_another_does_not_get(either_library: Path) -> None:
    first, second, third = make(3)
    assert set(claim(first, limit=2)) >= {first}
    others = claim(third)
    assert len(others) == 1
    assert claim(first) == claim(second) == {}


def test_a_lease_that_ran_out_frees_the_row(either_library: Path) -> None:
    (only,) = make()
    assert claim(only, lease=timedelta(seconds=-1)) == {only: (1, 1, 0)}
    assert claim(only) == {only: (1, 1, 0)}


def test_an_edit_during_the_computation_leaves_the_row_due(either_library: Path) -> None:
    (only,) = make()
    claimed = claim(only)
    with writing() as session:
        Services(session).resources.update(only, {"title": "Another"})
    assert computed(only, *claimed[only][:2]) == [only]
    assert row(only).due_at is not None
    assert computed(only, 1, 2) == []
    assert row(only).due_at is None


def test_an_older_computation_does_not_take_a_newer_one_back(either_library: Path) -> None:
    (only,) = make()
    with writing() as session:
        Services(session).resources.update(only, {"title": "Another"})
    computed(only, 1, 2)
    computed(only, 1, 1)
    assert (row(only).metadata_revision, row(only).due_at) == (2, None)


def test_what_failed_waits_for_a_change_or_a_person(either_library: Path) -> None:
    (only,) = make()
    claim(only)
    with writing() as session:
        Services(session).ledger.failed("quality", [only], "it broke")
    assert claim(only) == {}
    with reading() as session:
        assert Services(session).ledger.overdue("quality", 10) == []
    with writing() as session:
        Services(session).resources.update(only, {"title": "Another"})
    assert claim(only) == {only: (1, 2, 0)}


def test_overdue_is_what_nobody_is_at(either_library: Path) -> None:
    first, second = make(2)
    claim(first, limit=1)
    with reading() as session:
        assert Services(session).ledger.overdue("quality", 10) == [second]


def test_two_at_the_same_moment_share_the_rows_between_them(either_library: Path) -> None:
    ids = make(40)
    begin = Barrier(4)
    found: list[str] = []

    def take(first: str) -> None:
        begin.wait()
        with LibrarySession(get_engine()) as session:
            found.extend(Services(session).ledger.claim("quality", first, 10, LEASE))
            session.commit()

    threads = [Thread(target=take, args=(ids[number],)) for number in (0, 0, 1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == len(set(found)) >= 30


def test_a_new_producer_makes_everything_due(either_library: Path) -> None:
    (only,) = make()
    computed(only, 1, 1)
    with writing() as session:
        services = Services(session)
        of = services.producer_of
        services.ledger.producer_of = lambda name: "other rules" if name == "quality" else of(name)
        assert services.rebuilds.catch_up(follow_settings=True) == 1
    assert row(only).due_at is not None
