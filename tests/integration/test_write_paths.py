"""Every way to write, found by its declaration: whatever it changes, all that is derived follows.

A route or command that is new fails the first test until it says here how to drive it, or why it
changes nothing that something is computed from.
"""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import typer
from fastapi.routing import iter_route_contexts
from fastapi.testclient import TestClient

import alexandria.cli  # noqa: F401 (it registers the commands)
from alexandria.app import create_app
from alexandria.bootstrap import Services
from alexandria.cli.common import app as commands
from alexandria.db import reading, writing
from alexandria.services.derivations import DERIVATIONS
from alexandria.services.fields import FIELDS, as_inputs
from alexandria.tasks.celery_tasks.derivations import TASK_OF
from derived_data import (
    all_computed,
    all_is_done,
    fields,
    nothing_is_silently_stale,
    wanted_is_what_was_changed,
)
from in_process_worker import run_all
from write_paths import COMMANDS, ROUTES, Driver, World

READS = {"GET", "HEAD", "OPTIONS"}


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


@pytest.fixture
def world(either_with_redis: Path) -> Iterator[World]:
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
        yield World(client, either_with_redis, *ids)


DRIVERS = {
    name: driver for name, driver in {**ROUTES, **COMMANDS}.items() if not isinstance(driver, str)
}


ON_EACH = [
    *(("sqlite", way) for way in DRIVERS),
    # The pages call the same services as the interface.
    *(("postgresql", way) for way in DRIVERS if "/ui/" not in way),
]


@pytest.mark.filterwarnings("ignore:Call to deprecated setex:DeprecationWarning")  # Celery's
@pytest.mark.parametrize(("either_with_redis", "way"), ON_EACH, indirect=["either_with_redis"])
def test_what_is_derived_follows(world: World, way: str) -> None:
    nothing_is_silently_stale()
    all_is_done()
    before = fields()
    DRIVERS[way](world)
    wanted_is_what_was_changed(before, fields())
    nothing_is_silently_stale()
    ran = run_all(after_each=nothing_is_silently_stale)
    assert ran or way in QUEUES_NOTHING
    reconcile()
    wanted_is_what_was_changed(before, fields())
    all_is_done()
    if way not in COMPUTED_ANEW:
        assert fields() != before, "the driver changes nothing"


DECISIONS_ON_AUTHORS = tuple(way for way in ROUTES if "/authors/" in way)
"""They are followed within the request."""
COMPUTED_ANEW = (
    "POST /resources/{resource_id}/restore",  # of what was deleted a moment before
    *("POST /ui/resources/{resource_id}/restore", "POST /ui/trash/restore"),
    *("POST /quality/recalculate", "POST /batch", "migrate"),
    *("POST /ui/resources/{resource_id}/compute/{derivation}", "POST /interactions"),
    "POST /ui/for-you/{resource_id}/save",
    "POST /ui/for-you/{resource_id}/save/undo",
    *("POST /ui/resources/{resource_id}/save", "POST /ui/resources/{resource_id}/save/undo"),
    *("POST /taxonomy/categories", "PATCH /taxonomy/categories/{category_id}"),
    *("DELETE /taxonomy/categories/{category_id}", "POST /taxonomy/classify/{resource_id}"),
    *("POST /taxonomy/import", "taxonomy import"),
    # These take back what was confirmed a moment before.
    "POST /resources/{resource_id}/classification/{category_id}/reject",
    "POST /resources/{resource_id}/classification/{category_id}/undo",
    "POST /ui/resources/{resource_id}/classification/{category_id}/{what}",
)
"""Ways that change no field of a resource."""
QUEUES_NOTHING = (
    *DECISIONS_ON_AUTHORS,
    *("migrate", "POST /taxonomy/categories", "PATCH /taxonomy/categories/{category_id}"),
    "DELETE /taxonomy/categories/{category_id}",
    *("POST /taxonomy/import", "taxonomy import"),
    "POST /ui/resources/{resource_id}/classification/{category_id}/{what}",  # its driver runs all
)
"""Ways that make much due at once, which the reconciler finds, or that leave nothing to do."""


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
    """A field that changes what is computed must make the computation due.

    It may do so by another derivation, which is an input itself.
    """
    assert VALUES.keys() == set(FIELDS)
    missing = []
    for field, value in VALUES.items():
        before = all_computed(world.first)
        with writing() as session:
            Services(session).resources.update(world.first, {field: value})
        after = all_computed(world.first)
        changed = as_inputs({field})
        changed |= {name for name, one in DERIVATIONS.items() if one.inputs & changed}
        missing += [
            f"{name} reads {field}"
            for name, derivation in DERIVATIONS.items()
            if before[name] != after[name] and not derivation.inputs & changed
        ]
    assert missing == []
