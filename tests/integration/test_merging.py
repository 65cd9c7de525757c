"""Deleted resources come back, and two that are one are merged, and parted again."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import inspect, select

from alexandria.bootstrap import Services
from alexandria.db import Base, get_engine, reading, writing
from alexandria.errors import ConflictError, InvalidInputError, NotFoundError
from alexandria.models import Interaction, Merge, ResourceFile, User
from alexandria.protocols.extraction import Record
from alexandria.services.fields import FIELDS, read_field
from alexandria.services.listing import ListRequest, list_resources
from alexandria.services.merging import _ROWS, LEFT

PRINTED = Record(
    title="On owls",
    text="Owls hunt at night.",
    authors=("Ada Moe",),
    year=2001,
    doi="10.1234/owls",
    tags=("birds",),
    extra={"volume": "3"},
)
PREPRINT = Record(
    title="On owls (preprint)",
    abstract="What owls do.",
    text="Owls hunt at dusk.",
    authors=("A. Moe",),
    arxiv_id="2101.01234",
    tags=("birds", "night"),
    extra={"volume": "0", "note": "A draft."},
)


@pytest.fixture
def pair(either_library: Path) -> tuple[str, str]:
    with writing() as session:
        services = Services(session)
        kept, other = (services.resources.create(one).id for one in (PRINTED, PREPRINT))
        for one, name in ((kept, "a" * 64), (other, "a" * 64), (other, "b" * 64)):
            session.add(
                ResourceFile(resource_id=one, sha256=name, media_type="text/plain", bytes=1)
            )
        reader = User(name="reader")
        session.add(reader)
        session.flush()
        for one in (kept, other, other):
            services.interactions.track(reader.id, one, "view")
    return kept, other


def fields(resource_id: str) -> dict[str, Any]:
    with reading() as session:
        resource = Services(session).resources.get(resource_id)
        return {name: read_field(resource, name) for name in FIELDS}


def belongings(resource_id: str) -> tuple[list[str], int]:
    with reading() as session:
        files = select(ResourceFile.sha256).where(ResourceFile.resource_id == resource_id)
        views = select(Interaction.id).where(Interaction.resource_id == resource_id)
        return sorted(one[:1] for one in session.scalars(files)), len(session.scalars(views).all())


def merge(kept: str, other: str) -> Merge:
    with writing() as session:
        return Services(session).merging.merge(kept, other)


def undo(merge_id: str) -> None:
    with writing() as session:
        Services(session).merging.undo(merge_id)


def test_a_deleted_resource_comes_back(pair: tuple[str, str]) -> None:
    kept, other = pair
    before = fields(kept)
    with writing() as session:
        Services(session).resources.delete(kept)
    with reading() as session:
        gone = list_resources(session, ListRequest(deleted=True))
        assert [one.id for one in gone.items] == [kept]
        assert [one.id for one in list_resources(session, ListRequest()).items] == [other]
    with writing() as session:
        services = Services(session)
        first = services.resources.restore(kept).metadata_revision
        assert services.resources.restore(kept).metadata_revision == first
        assert set(services.freshness.of([kept])[kept]) == {d.name for d in services.ledger.active}
    assert fields(kept) == before


def test_what_never_was_can_not_come_back(either_library: Path) -> None:
    with writing() as session, pytest.raises(NotFoundError):
        Services(session).resources.restore("unknown")


def test_the_kept_one_keeps_what_it_has_and_gets_what_it_lacks(pair: tuple[str, str]) -> None:
    kept, other = pair
    before = fields(kept)
    made = merge(kept, other)
    assert fields(kept) == before | {
        "abstract": "What owls do.",
        "arxiv_id": "2101.01234",
        "tags": ["birds", "night"],
        "extra": {"volume": "3", "note": "A draft."},
    }
    assert belongings(kept) == (["a", "b"], 3)
    assert belongings(other) == (["a"], 0)
    with reading() as session, pytest.raises(NotFoundError) as refused:
        Services(session).resources.get(other)
    assert kept in refused.value.remedy
    with reading() as session:
        assert [one.id for one in Services(session).merging.of(kept)] == [made.id]


def test_a_merge_that_is_undone_leaves_no_trace(pair: tuple[str, str]) -> None:
    kept, other = pair
    before = [(fields(one), belongings(one)) for one in pair]
    made = merge(kept, other)
    undo(made.id)
    assert [(fields(one), belongings(one)) for one in pair] == before
    with pytest.raises(ConflictError):
        undo(made.id)
    undo(merge(kept, other).id)  # and once more
    assert [(fields(one), belongings(one)) for one in pair] == before


def test_what_somebody_changed_since_stays_when_a_merge_is_undone(pair: tuple[str, str]) -> None:
    kept, other = pair
    made = merge(kept, other)
    with writing() as session:
        Services(session).resources.update(
            kept, {"abstract": "My own words.", "tags": ["birds", "night", "mine"]}
        )
        reader = session.scalars(select(User)).one()
        Services(session).interactions.track(reader.id, kept, "download")
    undo(made.id)
    assert (fields(kept)["abstract"], fields(kept)["tags"]) == ("My own words.", ["birds", "mine"])
    assert fields(kept)["arxiv_id"] is None
    assert belongings(kept) == (["a"], 2)
    assert belongings(other) == (["a", "b"], 2)


def test_quality_is_due_by_what_went_over(pair: tuple[str, str]) -> None:
    kept, other = pair
    with writing() as session:
        services = Services(session)
        services.resources.update(kept, fields(other) | {"doi": "10.1234/owls"})
        resource = services.resources.get(kept)
        services.ledger.computed(
            "quality", {kept: (resource.content_revision, resource.metadata_revision)}
        )
    merge(kept, other)
    with reading() as session:
        assert Services(session).freshness.of([kept])[kept]["quality"].due_at is not None


@pytest.mark.parametrize("which", ["itself", "unknown"])
def test_a_resource_is_merged_with_another_that_is_there(pair: tuple[str, str], which: str) -> None:
    error = InvalidInputError if which == "itself" else NotFoundError
    with pytest.raises(error):
        merge(pair[0], pair[0] if which == "itself" else which)
    with pytest.raises(NotFoundError):
        undo("unknown")


@pytest.mark.filterwarnings("ignore:Did not recognize type 'halfvec'")  # pgvector's
def test_every_table_with_rows_of_a_resource_follows_a_merge_or_says_why_not(
    either_library: Path,
) -> None:
    """A table that is new fails this until merging moves its rows, or says why they stay."""
    moved = {table.__tablename__ for table, _ in _ROWS.values()}
    found = {
        table.name
        for table in Base.metadata.tables.values()
        if "resource_id" in table.columns
        or any(key.column.table.name == "resources" for key in table.foreign_keys)
    }
    there = inspect(get_engine())
    found |= {
        name
        for name in there.get_table_names()
        if not name.startswith("search_index")
        and "resource_id" in {column["name"] for column in there.get_columns(name)}
    }
    assert found - moved - LEFT.keys() == set(), "move its rows, or say in LEFT why they stay"
    known = {"search_documents"} | Base.metadata.tables.keys()
    assert (moved | LEFT.keys()) - known == set(), "it is gone"
    assert moved & LEFT.keys() == set()


def test_revisions_go_over_and_come_back(pair: tuple[str, str]) -> None:
    kept, other = pair
    with writing() as session:
        Services(session).resources.update(other, {"title": "On owls, again", "year": 2000})

    def replaced(resource_id: str) -> list[Any]:
        with reading() as session:
            rows = Services(session).resources.revisions(resource_id)
            return [row.replaced.get("title") for row in rows if "title" in row.replaced]

    made = merge(kept, other)
    assert (replaced(kept), replaced(other)) == ([PREPRINT.title], [])
    undo(made.id)
    assert (replaced(kept), replaced(other)) == ([], [PREPRINT.title])


def test_what_is_not_the_other_is_not_the_kept_one_either(pair: tuple[str, str]) -> None:
    kept, other = pair
    with writing() as session:
        services = Services(session)
        third = services.resources.create(PREPRINT).id
        for one in (kept, other, third):
            services.near_duplicates.compute_duplicates([one])
        (suggestion,) = [
            one for one in services.suggestions.of(third) if other in {one.first.id, one.second.id}
        ]
        services.suggestions.dismiss(suggestion.id)
        session.commit()
        services.resources.update(kept, fields(other) | {"doi": "10.1234/owls"})
        services.near_duplicates.compute_duplicates([kept])

    def suggested_for(resource_id: str) -> set[str]:
        with reading() as session:
            found = Services(session).suggestions.of(resource_id)
            return {one.first.id for one in found} | {one.second.id for one in found}

    assert suggested_for(third) == {kept, third}
    made = merge(kept, other)
    assert made.moved["dismissals"]
    assert suggested_for(third) == set()
    undo(made.id)
    assert suggested_for(third) == {kept, third}
