"""A library with something in every table, what it answers, and the commands that save it."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import null, select
from typer.testing import CliRunner, Result

import alexandria.cli  # noqa: F401 (it registers the commands)
from alexandria import bootstrap
from alexandria.bootstrap import Services
from alexandria.cli.common import app as commands
from alexandria.config import get_settings
from alexandria.db import dispose_engine, new_id, now, reading, writing
from alexandria.models import (
    BatchRun,
    EmbeddingRow,
    Ingestion,
    Lookup,
    OutboxEvent,
    QualityScore,
    Resource,
)
from alexandria.protocols.extraction import Record
from alexandria.protocols.thesauri import Concept
from alexandria.services.backup.tables import CLEARED, kept_tables
from alexandria.services.dead_letters import Failure
from alexandria.services.search import SearchRequest

NOTE = b"On the growth of crystals\n\n" + b"Crystals grow from seeds in a solution. " * 20
HUGE = "A letter from far away. " * 4000
QUERIES = ("growth of crystals", "birds that hunt in the dark", "bridges", "l'été à Zürich")


@contextmanager
def library_at(folder: Path, database_url: str | None = None) -> Iterator[Path]:
    """Let this process use the library in the folder, which may not exist yet."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ALEXANDRIA_DATA_DIR", str(folder))
        if database_url:
            patch.setenv("DATABASE_URL", database_url)
        else:
            patch.delenv("DATABASE_URL", raising=False)
        dispose_engine()
        get_settings.cache_clear()
        yield folder
        dispose_engine()
    get_settings.cache_clear()


def command(*arguments: str | Path) -> Result:
    """Run a command as in a process of its own, without its way of logging afterwards."""
    dispose_engine()
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        return CliRunner().invoke(commands, [str(one) for one in arguments])
    finally:
        root.handlers[:], root.level = handlers, level
        dispose_engine()


def answer(*arguments: str | Path, code: int = 0) -> Any:
    ended = command(*arguments, "--json")
    assert ended.exit_code == code, (ended.output, ended.exception)
    return json.loads(ended.stdout)


def fill() -> str:
    """Put something into every table; give an API token that is valid."""
    with writing() as session:
        services = Services(session)
        owls = services.resources.create(
            Record(
                title="The habits of owls: l'été à Zürich",
                text="Owls hunt at night. \u2028 \U0001f989 " + HUGE,
                authors=("Ada Moe", "Bo Ångström"),
                year=1931,
                doi="10.1234/owls",
                tags=("birds", "night"),
                subjects=("zoology",),
                cites=("10.1234/hawks",),
                extra={"pages": "1-2", "note": 'a "quoted" \\u0000 back\\slash'},
            )
        )
        bridges = services.resources.create(Record(title="Bridges of stone", text="An arch."))
        gone = services.resources.create(Record(title="To be deleted", text="Soon gone."))
    with writing() as session:
        services = Services(session)
        services.resources.update(owls.id, {"title": "The habits of owls", "content": "By night."})
        services.resources.update(owls.id, {"tags": ["owls"], "abstract": "Birds at night."})
        services.resources.delete(gone.id)
        twin = services.resources.create(Record(title="Bridges, of stone", tags=("arches",)))
        services.merging.merge(bridges.id, twin.id)
        alike = Record(title="The habits of owls", authors=("Ada Moe",), year=1931)
        pair = [owls.id, services.resources.create(alike).id]
        services.near_duplicates.compute_duplicates(pair)
        services.suggestions.dismiss(services.suggestions.of(owls.id)[0].id)
        hawks = services.resources.create(Record(title="Hawks", doi="10.1234/hawks"))
        services.citations.extract_citations([owls.id])
        services.graph.add_citation_edges([owls.id, hawks.id])
        (reference,) = services.graph.citations_of(owls.id).references
        services.graph.decide(owls.id, reference.id, hawks.id, right=True)
        reader = services.users.add("reader")
        services.authors.normalize_names(pair)
        people = services.authors.find("moe").items + services.authors.find("bo").items
        said = services.authors.merge([one.id for one in people], reader.id)
        services.authors.undo(said.id)
        animals = services.categories.create({"name": "Animals", "keywords": ["owl"]})
        tiere = Concept("http://e.org/animals", {"en": "Animals", "de": "Tiere"})
        services.thesaurus.take([tiere])
        birds = services.categories.create({"name": "Birds", "parent_id": animals.id})
        services.taxonomy.confirm(owls.id, birds.id, reader.id)
        token = services.users.new_token("reader", "write")
        services.users.sign_in(services.users.new_sign_in_link())
        services.users.new_sign_in_link()
        services.saved_searches.create(
            reader.id, "Owls, l'été", SearchRequest("owls", sort="-year", year_from=1900)
        )
        services.interactions.track(reader.id, bridges.id, "rate", 4.5)
        services.recommendations.dismiss(reader.id, owls.id)
        fell = {"resource_id": bridges.id, "before": 0.75, "now": 0.5}
        services.quality_review.note_degradations([fell])
        services.quality_review.mark(bridges.id, "degradation", seen=True)
        services.dead_letters.record(
            "alexandria.tasks.recompute_quality_task",
            [bridges.id],
            Failure("It broke.", None, "Traceback …", 3, new_id(), None),
        )
    _ingest()
    _leave_work_undone(owls.id)
    return token


def _ingest() -> None:
    note = get_settings().data_dir / "note.txt"
    note.parent.mkdir(exist_ok=True)
    note.write_bytes(NOTE)
    with writing() as session:
        made = Services(session).ingestion.submit_file(note, "note.txt").id
    note.unlink()
    with writing() as session:
        assert Services(session).ingestion.process(made, "a task")
    bootstrap.extractor().close()


def _leave_work_undone(resource_id: str) -> None:
    """Leave a file of records, a batch and an event as a process that is killed leaves them."""
    soon = now() + timedelta(hours=1)
    with writing() as session:
        parent = Ingestion(id="f" * 36, source="file", name="two.bib", state="running", total=1)
        parent.lease_until, parent.lease_by, parent.sha256 = soon, "a task", "0" * 64
        session.add(parent)
        session.flush()
        child = {"parent_id": parent.id, "position": 0, "source": "record", "name": "one"}
        session.add(Ingestion(id="0" * 36, state="failed", record={"title": "One"}, **child))
        session.add(
            BatchRun(operation="none", resource_ids=[resource_id], lease_until=soon, current=1)
        )
        session.add_all(
            [
                Lookup(
                    scheme="doi",
                    value="10.1234/owls",
                    state="found",
                    service="Crossref",
                    payload={"title": "The habits of owls", "extra": {"pages": "1-2"}},
                    fetched_at=now(),
                ),
                Lookup(scheme="pmid", value="1", lease_until=soon, lease_by="a task", attempt=1),
            ]
        )
        event = session.scalars(select(OutboxEvent).limit(1)).one()
        event.handed_over_at, event.claimed_until = null(), soon


def rows() -> dict[str, list[dict[str, Any]]]:
    """Give all that a backup must keep."""
    found = {}
    with reading() as session:
        for table in kept_tables():
            query = select(table).order_by(*table.primary_key.columns)
            found[table.name] = [dict(row) for row in session.execute(query).mappings()]
    for name, columns in CLEARED.items():
        for row in found[name]:
            for column in columns:
                del row[column]
    found["credentials"] = [row for row in found["credentials"] if row["kind"] == "token"]
    for row in found["outbox"]:
        del row["handed_over_at"]
    return found


def derive() -> None:
    """Compute what the ledger says is due."""
    with writing() as session:
        services = Services(session)
        ids = list(session.scalars(select(Resource.id).where(Resource.deleted_at.is_(None))))
        for name, compute in (
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
                due = [one for one in ids if services.ledger.is_due(name, one)]
                services.ledger.computed(name, compute(due))


def answers() -> dict[str, Any]:
    """Give what searches find, and each quality; by meaning alone where there is no other way."""
    found: dict[str, Any] = {}
    with reading() as session:
        services = Services(session)
        for mode in ("keyword", "semantic") if services.fulltext else ("semantic",):
            for query in QUERIES:
                response = services.search.search(SearchRequest(query, mode))
                found[f"{mode}: {query}"] = {
                    hit["id"]: pytest.approx(hit["score"], abs=0.05) for hit in response["results"]
                }
        for row in session.scalars(select(QualityScore)):
            found[row.resource_id] = (row.overall, row.reasons)
    return found


def falsify() -> None:
    """Spoil every vector and score, as a fault of a disk or a program might."""
    with writing() as session:
        for vector in session.scalars(select(EmbeddingRow).where(EmbeddingRow.vector.is_not(None))):
            vector.vector = bytes(reversed(vector.vector or b""))
        for score in session.scalars(select(QualityScore)):
            score.overall, score.reasons = 0.123, {}
