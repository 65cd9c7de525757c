"""The doctor finds in both directions what is wrong with derived data, and puts it right."""

import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from alexandria.bootstrap import Services
from alexandria.db import now, writing
from alexandria.protocols.extraction import Record
from alexandria.services.doctor_report import Report
from alexandria.tasks import (
    recompute_quality_task,
    regenerate_embedding_task,
    update_search_index_task,
)
from alexandria.tasks.celery_tasks import examine_library_task
from alexandria.tasks.celery_tasks.derivations import TASK_OF

TASKS = (update_search_index_task, regenerate_embedding_task, recompute_quality_task)


ISBN = "9780306406157"


@pytest.fixture
def ids(library: Path) -> list[str]:
    """Resources of which everything is fresh."""
    return fill()


def fill() -> list[str]:
    with writing() as session:
        services = Services(session)
        made = [
            services.resources.create(
                Record(title=f"Title {number}", text="Some words.", authors=("Ada Moe",))
            ).id
            for number in range(4)
        ]
    compute(made)
    return made


def compute(ids: list[str]) -> None:
    with writing() as session:
        services = Services(session)
        for name, update in (
            ("search", services.search.update_fts5_index),
            ("embedding", services.embeddings.generate_and_store_embeddings),
            ("passages", services.passages.embed_passages),
            ("quality", services.quality.compute_qualities),
            ("classification", services.classification.classify_resources),
            ("duplicates", services.near_duplicates.compute_duplicates),
            ("citations", services.citations.extract_citations),
            ("graph", services.graph.add_citation_edges),
            ("authors", services.authors.normalize_names),
        ):
            if name in {one.name for one in services.ledger.active}:
                services.ledger.computed(name, update(ids))


def examine() -> Report:
    with writing() as session:
        return Services(session).doctor.examine()


def change(statement: str, **values: Any) -> None:
    with writing() as session:
        session.execute(text(statement), values)


def test_a_healthy_library_has_nothing_to_find(either_library: Path) -> None:
    fill()
    report = examine()
    assert report.found == 0
    assert report.as_dict()["ok"]


def test_identifiers_in_whatever_order_are_no_fault(library: Path) -> None:
    record = Record(title="Owls", url="https://example.org/owls", doi="10.1234/owls", isbn=ISBN)
    with writing() as session:
        made = Services(session).resources.create(record).id
    assert examine().derivations["search"].stale == set()
    with writing() as session:
        Services(session).resources.update(made, {"doi": None})
        Services(session).resources.update(made, {"doi": "10.1234/hawks"})
    assert examine().derivations["search"].stale == set()


HARM: dict[str, tuple[str, str, str]] = {
    "a vector is lost": ("embedding", "missing", "UPDATE embeddings SET vector = NULL WHERE"),
    "a vector is not a number": (
        *("embedding", "stale"),
        "UPDATE embeddings SET vector = zeroblob(768) WHERE",
    ),
    "a vector of another model": (
        *("embedding", "wrong_producer"),
        "UPDATE embeddings SET model = 'old' WHERE",
    ),
    "a score is lost": ("quality", "missing", "DELETE FROM quality_scores WHERE"),
    "a score of a revision to come": (
        *("quality", "stale"),
        "UPDATE quality_scores SET content_revision = 99 WHERE",
    ),
    "a vector older than the ledger says": (
        *("embedding", "stale"),
        "UPDATE embeddings SET content_revision = 0 WHERE",
    ),
    "a score older than the ledger says": (
        *("quality", "stale"),
        "UPDATE quality_scores SET metadata_revision = 0 WHERE",
    ),
    "passages are lost": ("passages", "missing", "UPDATE passages SET vectors = NULL WHERE"),
    "passages are cut off": (
        "passages",
        "stale",
        "UPDATE passages SET vectors = zeroblob(0) WHERE",
    ),
    "passages are not all there": (
        "passages",
        "stale",
        "UPDATE passages SET complete = FALSE WHERE",
    ),
    "a run of the classifier is lost": (
        "classification",
        "missing",
        "DELETE FROM classification_runs WHERE",
    ),
    "a signature is lost": ("duplicates", "missing", "DELETE FROM duplicate_signatures WHERE"),
    "references are lost": ("citations", "missing", "DELETE FROM citation_lists WHERE"),
    "a list says more than there is": (
        *("citations", "stale"),
        "UPDATE citation_lists SET total = 3 WHERE",
    ),
    "a node is lost": ("graph", "missing", "DELETE FROM graph_nodes WHERE"),
    "the title of a node is another": (
        *("graph", "stale"),
        "UPDATE graph_nodes SET title = 'Quite another title of a work' WHERE",
    ),
    "authors are lost": ("authors", "missing", "DELETE FROM author_lists WHERE"),
    "it is not known who an author is": (
        *("authors", "stale"),
        "UPDATE author_mentions SET author_id = NULL WHERE",
    ),
    "an entry is lost": ("search", "missing", "DELETE FROM search_documents WHERE"),
}


@pytest.mark.parametrize("name", HARM)
def test_what_is_lost_or_wrong_is_found_and_put_right(ids: list[str], name: str) -> None:
    derivation, kind, statement = HARM[name]
    change(f"{statement} resource_id = :one", one=ids[0])
    report = examine()
    assert report.derivations[derivation].counts() | {kind: 1} == (
        report.derivations[derivation].counts()
    )
    assert report.found == 1
    with writing() as session:
        services = Services(session)
        services.doctor.repair(report)
        assert services.freshness.unfinished() == 1
    compute(ids)
    assert examine().found == 0


def test_a_ledger_that_wants_a_revision_that_does_not_exist_is_put_right(ids: list[str]) -> None:
    change("UPDATE ledger SET wanted_content = 99 WHERE subject_id = :one", one=ids[0])
    change("UPDATE ledger SET wanted_metadata = 99 WHERE subject_id = :one", one=ids[1])
    report = examine()
    assert [check.counts()["stale"] for check in report.derivations.values()] == [2] * len(TASK_OF)
    with writing() as session:
        Services(session).doctor.repair(report)
    compute(ids)
    with writing() as session:
        assert Services(session).freshness.unfinished() == 0


def test_an_entry_that_says_something_else_is_found(ids: list[str]) -> None:
    change("UPDATE search_index SET title = 'Tampered' WHERE rowid = 1")
    assert examine().derivations["search"].counts()["stale"] == 1


def test_what_is_left_of_a_deleted_resource_is_taken_away(ids: list[str]) -> None:
    change(
        "UPDATE resources SET deleted_at = :now WHERE id = :one", one=ids[0], now=str(now())[:26]
    )
    report = examine()
    assert [check.counts()["phantom"] for check in report.derivations.values()] == [1] * len(
        TASK_OF
    )
    with writing() as session:
        Services(session).doctor.repair(report)
    assert examine().found == 0


def test_what_is_overdue_or_failed_is_found_with_its_age(ids: list[str]) -> None:
    with writing() as session:
        services = Services(session)
        services.resources.update(ids[0], {"title": "Edited"})
        services.resources.update(ids[1], {"title": "Edited too"})
        services.ledger.failed("quality", [ids[1]], "broken")
    past = now() - timedelta(hours=1)
    change(
        "UPDATE ledger SET due_at = :past, stale_since = :past WHERE due_at IS NOT NULL",
        past=str(past)[:26],
    )
    report = examine()
    counts = report.derivations["quality"].counts()
    assert (counts["stale"], counts["failed"]) == (1, 1)
    assert 3590 < report.oldest_seconds < 3700
    told = examine_library_task.apply().get()
    assert told.pop("files")["checked"] == 0
    assert told == report.as_dict() | {
        "oldest_seconds": pytest.approx(report.oldest_seconds, abs=60)
    }


def command(folder: Path, *arguments: str) -> tuple[int, dict[str, Any]]:
    done = subprocess.run(
        [sys.executable, "-m", "alexandria", "doctor", "--json", "--data", str(folder), *arguments],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"ALEXANDRIA_TIME_SCALE": "0.1"},
    )
    return done.returncode, json.loads(done.stdout)


def test_the_command_repairs_and_says_so_by_its_exit_code(ids: list[str], library: Path) -> None:
    change("DELETE FROM quality_scores")
    change("DELETE FROM search_documents")
    code, found = command(library)
    assert (code, found["found"]) == (1, 8)
    code, found = command(library, "--repair")
    assert (code, found["repaired"], found["left"]["found"]) == (0, 8, 0)
    assert command(library)[0] == 0
