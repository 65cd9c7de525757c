"""Services tell what they did (SPEC 8.6)."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from alexandria.bootstrap import Services
from alexandria.db import reading, writing
from alexandria.errors import InvalidInputError, NotFoundError, PreconditionFailedError
from alexandria.models import Ingestion, OutboxEvent
from alexandria.protocols.extraction import Record


def events() -> list[tuple[str, dict[str, Any]]]:
    with reading() as session:
        rows = session.scalars(select(OutboxEvent).order_by(OutboxEvent.id))
        return [(row.name, row.data) for row in rows]


def names() -> list[str]:
    return [name for name, _ in events()]


def create(**fields: Any) -> str:
    with writing() as session:
        return Services(session).resources.create(Record(**{"title": "A title"} | fields)).id


def test_a_new_resource_counts_as_its_first_change(either_library: Path) -> None:
    create(text="Words")
    assert names() == [
        "resource.created",
        "resource.content_changed",
        "resource.metadata_changed",
        "authors.extracted",
    ]


def test_authors_are_told_when_they_come_and_when_they_change(either_library: Path) -> None:
    """SPEC 8.5; a list of hundreds is cut short in the event, with its true length beside it."""
    resource_id = create(authors=("Ada Lovelace",))
    name, told = events()[-1]
    assert (name, told["resource_id"]) == ("authors.extracted", resource_id)
    assert (told["total"], told["authors"]) == (1, ["Ada Lovelace"])
    before = len(names())
    with writing() as session:
        Services(session).resources.update(resource_id, {"title": "Another"})
    assert "authors.extracted" not in names()[before:]
    with writing() as session:
        many = [f"Author Number {number}" for number in range(130)]
        Services(session).resources.update(resource_id, {"authors": many})
    name, told = events()[-1]
    assert name == "authors.extracted"
    assert (told["total"], told["authors"]) == (130, many[:100])


def test_a_changed_title_is_a_change_of_metadata_only(either_library: Path) -> None:
    resource_id = create(text="Words")
    with writing() as session:
        resource = Services(session).resources.update(resource_id, {"title": "Another"})
    assert (resource.content_revision, resource.metadata_revision) == (1, 2)
    assert names()[4:] == ["resource.updated", "resource.metadata_changed"]
    assert events()[-1][1]["fields"] == ["title"]


def test_a_changed_text_is_a_change_of_content_only(either_library: Path) -> None:
    resource_id = create(text="Words")
    with writing() as session:
        resource = Services(session).resources.update(resource_id, {"content": "Other words"})
    assert (resource.content_revision, resource.metadata_revision) == (2, 1)
    assert names()[4:] == ["resource.updated", "resource.content_changed"]


def test_what_does_not_change_anything_says_nothing(either_library: Path) -> None:
    resource_id = create(authors=("Ada Lovelace",))
    before = names()
    with writing() as session:
        Services(session).resources.update(
            resource_id, {"title": "A title", "authors": ["Ada Lovelace"]}
        )
    assert names() == before


def test_what_a_change_replaced_is_kept(either_library: Path) -> None:
    resource_id = create()
    with writing() as session:
        Services(session).resources.update(resource_id, {"title": "Another", "year": 1990})
    with reading() as session:
        (revision,) = Services(session).resources.revisions(resource_id)
    assert revision.replaced == {"title": "A title", "year": None}


def test_two_writers_do_not_overwrite_each_other(either_library: Path) -> None:
    resource_id = create()
    with writing() as session:
        Services(session).resources.update(resource_id, {"title": "First"}, (1, 1))
    with writing() as session, pytest.raises(PreconditionFailedError):
        Services(session).resources.update(resource_id, {"title": "Second"}, (1, 1))


def test_a_deleted_resource_is_gone_and_says_so(either_library: Path) -> None:
    resource_id = create()
    with writing() as session:
        Services(session).resources.delete(resource_id)
    assert names()[-1] == "resource.deleted"
    with reading() as session, pytest.raises(NotFoundError):
        Services(session).resources.get(resource_id)


def test_a_malformed_identifier_is_refused(either_library: Path) -> None:
    with pytest.raises(InvalidInputError, match="not a valid doi"):
        create(doi="no doi")


def test_an_interaction_carries_the_readers_total(either_library: Path) -> None:
    resource_id = create()
    with writing() as session:
        services = Services(session)
        user = services.users.ensure("owner")
        assert services.interactions.track(user.id, resource_id, "view") == 1
        assert services.interactions.track(user.id, resource_id, "rate", 4.0) == 2
    name, data = events()[-1]
    assert name == "user.interaction_tracked"
    assert (data["total_interactions"], data["interaction_type"]) == (2, "rate")
    assert (data["user_id"], data["resource_id"]) == (user.id, resource_id)


def ingest(path: Path, **options: Any) -> Ingestion:
    with writing() as session:
        submitted = Services(session).ingestion.submit_file(path, path.name, **options).id
    with writing() as session:
        done = Services(session).ingestion.process(submitted, "task-1")
    assert done
    return done


def test_an_ingestion_tells_of_its_start_and_its_success(either_library: Path) -> None:
    path = either_library / "note.txt"
    path.write_text("On the motion of fluids\n\n" + "Fluids move along a path of least work. " * 20)
    ingestion = ingest(path)
    assert ingestion.state == "completed"
    found = dict(events())
    assert names()[0] == "ingestion.started"
    assert found["ingestion.completed"]["success"] is True
    assert found["ingestion.completed"]["duration"] >= 0
    assert found["ingestion.completed"]["resource_id"] == ingestion.resource_id


def test_a_damaged_file_fails_with_a_remedy_and_keeps_its_bytes(either_library: Path) -> None:
    path = either_library / "broken.pdf"
    path.write_bytes(b"%PDF-1.4\nnothing that follows is a page")
    ingestion = ingest(path)
    assert ingestion.state == "failed"
    assert ingestion.error
    assert ingestion.remedy
    assert dict(events())["ingestion.failed"]["success"] is False
    with writing() as session:
        assert Services(session).ingestion.retry(ingestion.id).state == "queued"


def test_the_same_file_twice_is_a_duplicate_that_can_be_added_anyway(either_library: Path) -> None:
    path = either_library / "note.txt"
    path.write_text("A note that is brought twice. " * 20)
    first = ingest(path)
    second = ingest(path)
    assert (second.state, second.duplicate_of) == ("duplicate", first.resource_id)
    assert ingest(path, add_anyway=True).state == "completed"


def test_a_bibliography_names_its_broken_entry_and_adds_the_others(either_library: Path) -> None:
    path = either_library / "refs.bib"
    path.write_text(
        "@article{one, title={First title}, author={Doe, Jane}, year=1999}\n"
        "@article{two, title={Second title}, author={Roe, Richard}, year=2001}\n"
        "@article{three, title={Never closed, year=2002\n"
    )
    parent = ingest(path)
    with reading() as session:
        counts = Services(session).ingestion.counts([parent.id])[parent.id]
        broken = session.scalars(
            select(Ingestion).where(Ingestion.parent_id == parent.id, Ingestion.state == "failed")
        ).one()
    assert (parent.state, parent.resource_id) == ("completed", None)
    assert counts == {"added": 2, "duplicates": 0, "failed": 1}
    assert broken.line == 3
    assert broken.error


def test_an_entry_without_title_is_kept_under_another_name(either_library: Path) -> None:
    path = either_library / "refs.bib"
    path.write_text(
        "@article{key1, author={Doe, Jane}, journal={A journal}}\n@misc{key2, year=1999}"
    )
    parent = ingest(path)
    with reading() as session:
        query = select(Ingestion).where(Ingestion.parent_id == parent.id)
        titles = {
            Services(session).resources.get(row.resource_id or "").title
            for row in session.scalars(query)
        }
    assert titles == {"A journal", "key2"}


def test_an_import_taken_up_again_doubles_nothing(either_library: Path) -> None:
    path = either_library / "refs.bib"
    path.write_text("".join(f"@misc{{k{n}, title={{Title {n}}}}}\n" for n in range(5)))
    parent = ingest(path)
    with writing() as session:
        again = session.get(Ingestion, parent.id)
        assert again
        again.state = "running"
    with writing() as session:
        Services(session).ingestion.process(parent.id, "task-2")
    with reading() as session:
        assert Services(session).ingestion.counts([parent.id])[parent.id]["added"] == 5


def test_a_duplicate_fills_in_what_its_twin_lacks(either_library: Path) -> None:
    resource_id = create(doi="10.1234/abc")
    path = either_library / "refs.bib"
    path.write_text("@article{a, title={A title}, doi={10.1234/ABC}, journal={A journal}}")
    ingest(path)
    with reading() as session:
        resource = Services(session).resources.get(resource_id)
    assert resource.venue == "A journal"
