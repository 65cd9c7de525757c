"""Services, on SQLite and on PostgreSQL."""

from pathlib import Path
from typing import Any

from alexandria.bootstrap import Services, extractor
from alexandria.db import reading, writing
from alexandria.events import outbox
from alexandria.models import QualityScore
from alexandria.protocols.extraction import ExtractedDocument, Record
from alexandria.services.listing import ListRequest, list_resources
from alexandria.services.quality import _row
from alexandria.services.search import facets


def test_a_resource_is_made_changed_and_deleted(either_library: Path) -> None:
    with writing() as session:
        made = Services(session).resources.create(
            Record(title="A title", text="Words", authors=("Ada Lovelace",), tags=("flow",))
        )
    with writing() as session:
        changed = Services(session).resources.update(made.id, {"title": "Another"}, (1, 1))
        assert (changed.content_revision, changed.metadata_revision) == (1, 2)
    with reading() as session:
        found = Services(session).resources.get(made.id)
        assert (found.title, found.authors, found.tags) == ("Another", ["Ada Lovelace"], ["flow"])
        events = [one.name for one in reversed(outbox.events_of(session, made.id))]
        assert events == [
            *("resource.created", "resource.content_changed", "resource.metadata_changed"),
            *("authors.extracted", "resource.updated", "resource.metadata_changed"),
        ]
    with writing() as session:
        services = Services(session)
        assert services.quality.compute_qualities([made.id]) == {made.id: (1, 2)}
        services.resources.delete(made.id)
        assert services.quality.compute_qualities([made.id]) == {}


def test_scores_of_older_revisions_never_replace_newer_ones(either_library: Path) -> None:
    """A worker that was slow stores what it assessed before the edit."""
    with writing() as session:
        services = Services(session)
        made = services.resources.create(Record(title="A title")).id
        ((resource, assessment),) = services.quality._assess([made])
        late = _row(resource, assessment)
        services.resources.update(made, {"title": "Another", "year": 2020})
        services.quality.compute_qualities([made])
        kept = session.get_one(QualityScore, made)
        newer = kept.overall
        assert newer != late["overall"]
        services.quality._store(late)
        session.refresh(kept)
        assert (kept.metadata_revision, kept.overall) == (2, newer)


def test_derived_data_are_computed_and_noted(either_library: Path) -> None:
    with writing() as session:
        made = Services(session).resources.create(Record(title="Laminar flow")).id
    with writing() as session:
        services = Services(session)
        read = services.embeddings.generate_and_store_embeddings([made])
        assert services.ledger.computed("embedding", read) == []
    with reading() as session:
        services = Services(session)
        row = services.freshness.of([made])[made]["embedding"]
        assert services.freshness.state(row) == "fresh"
        assert services.freshness.backlog()["embedding"].fresh >= 1


def test_outliers_are_counted_and_the_worst_come_first(either_library: Path) -> None:
    good = [Record(title=f"Title {n}", authors=("Ada Lovelace",), year=2020) for n in range(30)]
    bad = [Record(title="scan.pdf", year=2020), Record(title="scan.pdf", authors=("a@b.example",))]
    with writing() as session:
        services = Services(session)
        ids = [services.resources.create(record).id for record in (*good, *bad)]
        services.quality.compute_qualities(ids)
    with reading() as session:
        total, found = Services(session).quality_monitor.outliers(1)
        assert (total, len(found)) == (2, 1)
        everything = Services(session).quality_monitor.outliers(10)[1]
        assert {one["resource_id"] for one in everything} == set(ids[30:])
        assert everything[0] == found[0]
        assert found[0]["overall"] < found[0]["threshold"]


def test_an_attempt_that_was_overtaken_leaves_the_ingestion_alone(
    either_library: Path, tmp_path: Path
) -> None:
    """A frozen worker wakes up after its task was given to another, which is done."""
    source = tmp_path / "note.txt"
    source.write_text("On tides\n\nThe tide follows the moon. " * 20)
    with writing() as session:
        ingestion_id = Services(session).ingestion.submit_file(source, "note.txt").id

    class Frozen:
        """Reads the file for the first attempt while the second takes it in."""

        def extract(self, *args: Any, **more: Any) -> ExtractedDocument:
            with writing() as other:
                done = Services(other).ingestion.process(ingestion_id, "task")
                assert done
                assert done.state == "completed"
            return extractor().extract(*args, **more)

    with writing() as session:
        slow = Services(session).ingestion
        slow._reader._extractor = Frozen()
        assert slow.process(ingestion_id, "task") is None
    with reading() as session:
        services = Services(session)
        assert services.ingestion.get(ingestion_id).state == "completed"
        assert list_resources(session, ListRequest()).total == 1


def test_facets_count_the_same_on_both_databases(either_library: Path) -> None:
    with writing() as session:
        services = Services(session)
        ids = [
            services.resources.create(record).id
            for record in (
                Record(title="A", year=2001, tags=("x", "y"), authors=("Ada Moe",), language="en"),
                Record(title="B", year=2002, tags=("x",), authors=("Ada Moe",), type="book"),
                Record(title="C", tags=("z",)),
            )
        ]
        services.quality.compute_qualities(ids)
    with reading() as session:
        found = facets.count(session, ids[:2])
    quality = found.pop("quality")
    assert quality[-1] == {"value": "0.2", "count": 2}
    assert found == {
        "year": [{"value": 2002, "count": 1}, {"value": 2001, "count": 1}],
        "venue": [],
        "type": [{"value": "book", "count": 1}],
        "language": [{"value": "en", "count": 1}],
        "author": [{"value": "Ada Moe", "count": 2}],
        "subject": [],
        "tag": [{"value": "x", "count": 2}, {"value": "y", "count": 1}],
    }
