"""Near-duplicates are suggested, follow each change, and are not suggested once dismissed."""

from collections.abc import Collection
from pathlib import Path
from threading import Thread

import pytest
from sqlalchemy import func, select, text

from alexandria.bootstrap import Services
from alexandria.db import reading, writing
from alexandria.errors import InvalidInputError, NotFoundError
from alexandria.models import DuplicateKey, DuplicatePair, DuplicateSignature
from alexandria.protocols.extraction import Record
from alexandria.services.near_duplicates import service as near_duplicates

ABSTRACT = (
    "We describe a tagger that learns its rules from a corpus by itself. It makes as few errors "
    "as taggers that are built on statistics, needs far less memory, and its rules can be read "
    "and changed by a person, which makes it easy to carry over to another language."
)
PRINTED = Record(
    title="A Simple Rule-Based Part of Speech Tagger",
    authors=("Eric Brill", "Ada Moe"),
    year=1992,
    abstract=ABSTRACT,
)
PREPRINT = Record(
    title="A simple rule based part-of-speech taggcr",
    authors=("Brill, E.", "Moe, A."),
    year=1991,
    abstract=ABSTRACT.replace("taggers", "tag-gers").replace("far less", "much less"),
)
OTHER = Record(title="Bridges of stone", authors=("Bo Roe",), year=1992)


def add(*records: Record) -> list[str]:
    """Put resources in, and find their duplicates one by one, as tasks do."""
    with writing() as session:
        ids = [Services(session).resources.create(one).id for one in records]
    for one in ids:
        find(one)
    return ids


def find(*ids: str) -> None:
    with writing() as session:
        services = Services(session)
        read = services.near_duplicates.compute_duplicates(ids)
        services.ledger.computed("duplicates", read)


def suggested() -> list[frozenset[str]]:
    with reading() as session:
        page = Services(session).suggestions.page()
        assert page.total == len(page.items)
        return [frozenset((one.first.id, one.second.id)) for one in page.items]


def change(resource_id: str, **fields: object) -> None:
    with writing() as session:
        Services(session).resources.update(resource_id, fields)
    find(resource_id)


def test_two_versions_of_a_paper_are_suggested_with_what_speaks_for_it(
    either_library: Path,
) -> None:
    printed, preprint, _ = add(PRINTED, PREPRINT, OTHER)
    assert suggested() == [{printed, preprint}]
    with reading() as session:
        services = Services(session)
        (one,) = services.suggestions.of(printed)
        assert services.suggestions.of(preprint)[0].id == one.id
        assert 0.85 < one.score < 1
        words = {reason.name: reason.words for reason in one.reasons}
    assert words["authors"] == "2 of 2 authors are the same."
    assert words["year"] == "The years are one apart."
    assert words["abstract"].startswith("The abstracts share about ")


def test_suggestions_follow_edits_deletion_and_return(either_library: Path) -> None:
    printed, preprint = add(PRINTED, PREPRINT)
    change(preprint, title="Something else altogether", abstract="")
    assert suggested() == []
    change(preprint, title=PRINTED.title)
    assert suggested() == [{printed, preprint}]
    with writing() as session:
        Services(session).resources.delete(printed)
    assert suggested() == []  # at once
    find(printed)
    with reading() as session:
        assert session.scalar(select(func.count()).select_from(DuplicatePair)) == 0
        numbers = set(session.scalars(select(DuplicateKey.number)))
        assert numbers == set(session.scalars(select(DuplicateSignature.number)))
        assert len(numbers) == 1
    with writing() as session:
        Services(session).resources.restore(printed)
    find(printed)
    assert suggested() == [{printed, preprint}]


def test_many_computed_together_find_each_other(either_library: Path) -> None:
    with writing() as session:
        services = Services(session)
        ids = [services.resources.create(one).id for one in (PRINTED, PREPRINT, OTHER)]
    find(*ids, "unknown")
    assert suggested() == [set(ids[:2])]


def test_two_that_are_computed_at_once_find_each_other(either_library: Path) -> None:
    """Of two workers the second sees what the first has stored, or the pair would be missed."""
    with writing() as session:
        printed, preprint = (
            Services(session).resources.create(one).id for one in (PRINTED, PREPRINT)
        )
    with writing() as session:
        Services(session).near_duplicates.compute_duplicates([printed])
        other = Thread(target=find, args=(preprint,))
        other.start()
        other.join(0.5)
        assert other.is_alive()
    other.join(20)
    assert suggested() == [{printed, preprint}]


def test_what_is_dismissed_stays_so_until_it_is_undone(either_library: Path) -> None:
    printed, preprint = add(PRINTED, PREPRINT)
    with writing() as session:
        services = Services(session)
        pair = services.suggestions.of(printed)[0].id
        assert services.suggestions.dismiss(pair).dismissed_at
        assert services.suggestions.dismiss(pair).dismissed_at
    for one in (printed, preprint):
        change(one, tags=["read"], venue="A journal")
        change(one, title=f"{PRINTED.title}!")
    assert suggested() == []
    with reading() as session:
        page = Services(session).suggestions.page(dismissed=True)
        assert [one.id for one in page.items] == [pair]
    with writing() as session:
        assert Services(session).suggestions.undo_dismissal(pair).dismissed_at is None
    assert suggested() == [{printed, preprint}]


def test_pages_hold_each_suggestion_once(either_library: Path) -> None:
    add(*[PRINTED] * 4)
    with reading() as session:
        suggestions = Services(session).suggestions
        found, cursor = [], None
        while True:
            page = suggestions.page(4, cursor)
            assert page.total == 6
            found += [one.id for one in page.items]
            if (cursor := page.next_cursor) is None:
                break
        assert len(found) == len(set(found)) == 6
        for wrong in ("?", "W10", "bm9uZQ"):
            with pytest.raises(InvalidInputError):
                suggestions.page(4, wrong)
        with pytest.raises(NotFoundError):
            suggestions.get("unknown")


def test_a_signature_of_an_older_revision_never_replaces_a_newer(either_library: Path) -> None:
    """A worker that was slow stores what it read before the edit."""
    (one,) = add(PRINTED)
    with writing() as session:
        services = Services(session)
        late = services.near_duplicates._sources([one])
        services.resources.update(one, {"title": "Bridges of stone"})
        services.near_duplicates.compute_duplicates([one])
        source, revisions = late[one]
        signature = near_duplicates.signature_of(source)
        assert not services.near_duplicates._store(one, signature, revisions)
        row = session.scalars(select(DuplicateSignature)).one()
        assert (row.title, row.metadata_revision) == ("bridges of stone", 2)


def test_what_very_many_share_makes_no_candidates(
    either_library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(near_duplicates, "MOST_HOLDERS", 3)
    add(*[PRINTED] * 3)
    assert len(suggested()) == 3
    add(PRINTED)
    assert len(suggested()) == 3


@pytest.mark.parametrize(
    "record",
    [
        Record(title="?"),
        Record(title="Untitled"),
        Record(
            title="\u200b\U0001f989", text="\x00 \ud7ff" * 100, authors=("", "\u2014", "et al.")
        ),
        Record(title="{\\'E}tudes \\", abstract="a " * 100_000, year=1),
        Record(title="深層学習による機械翻訳の研究", text="深層学習を用いる。" * 100),
    ],
    ids=["sign", "generic", "odd", "latex", "japanese"],
)
def test_odd_records_are_taken(either_library: Path, record: Record) -> None:
    ids = add(record, record)
    with reading() as session:
        assert {*session.scalars(select(DuplicateSignature.resource_id))} == set(ids)


def test_the_doctor_finds_lost_signatures_and_keys(either_library: Path) -> None:
    ids = add(PRINTED, PREPRINT)
    for harm, kind in (
        ("DELETE FROM duplicate_keys WHERE key IN (SELECT min(key) FROM duplicate_keys)", "stale"),
        ("UPDATE duplicate_signatures SET content_revision = 9 WHERE number = 1", "stale"),
        ("DELETE FROM duplicate_signatures WHERE number = 1", "missing"),
    ):
        with writing() as session:
            session.execute(text(harm))
        with writing() as session:
            services = Services(session)
            report = services.doctor.examine()
            assert found_in(report.derivations["duplicates"].counts()) == {kind}
            services.doctor.repair(report)
        find(*ids)
        with reading() as session:
            counts = Services(session).doctor.examine().derivations["duplicates"].counts()
            assert found_in(counts) == set()
        assert suggested() == [set(ids)]


def found_in(counts: dict[str, int]) -> Collection[str]:
    return {name for name, count in counts.items() if count}
