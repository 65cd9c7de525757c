"""Authors follow what becomes of resources, and what people said of them stays."""

from pathlib import Path

from sqlalchemy import delete, func, select

from alexandria.bootstrap import Services
from alexandria.db import now, reading, writing
from alexandria.models import (
    Author,
    AuthorDecision,
    AuthorDecisionMention,
    AuthorLink,
    AuthorList,
    AuthorMention,
    AuthorNameKey,
)
from alexandria.protocols.extraction import Record
from alexandria.services.authors.lists import damaged_author_lists
from alexandria.services.authors.registry import AuthorRegistry


def add(*authors: str, **fields: object) -> str:
    with writing() as session:
        record = Record(title=f"Work of {authors[0]}", authors=authors, **fields)  # type: ignore[arg-type]
        return Services(session).resources.create(record).id


def compute(*ids: str) -> set[str]:
    with writing() as session:
        return set(AuthorRegistry(session).update(ids))


def who(resource_id: str, position: int = 0) -> str | None:
    with reading() as session:
        return session.get_one(AuthorMention, (resource_id, position)).author_id


def decide(kind: str, *mentions: tuple[str, str, int]) -> int:
    with writing() as session:
        decision = AuthorDecision(kind=kind)
        session.add(decision)
        session.flush()
        for resource_id, printed, side in mentions:
            session.add(
                AuthorDecisionMention(
                    decision_id=decision.id,
                    resource_id=resource_id,
                    position=0,
                    printed=printed,
                    side=side,
                )
            )
        return decision.id


def test_variants_become_one_author_and_the_reason_is_kept(either_library: Path) -> None:
    one = add("Kathleen McKeown", "Hongyan Jing")
    other = add("Kathleen R. McKeown", "Hongyan Jing")
    compute(one)
    compute(other)
    assert who(one) == who(other)
    with reading() as session:
        link = session.scalars(select(AuthorLink).where(AuthorLink.kind == "middle name")).one()
        assert {link.first, link.second} == {"Kathleen McKeown", "Kathleen R. McKeown"}
        assert link.evidence["coauthors"] == ["h jing"]
        assert session.get_one(Author, link.author_id).name == "Kathleen R. McKeown"
        assert damaged_author_lists(session) == set()


def test_what_was_split_stays_split_until_that_is_undone(either_library: Path) -> None:
    one, other = add("Kathleen McKeown"), add("Kathy McKeown")
    compute(one, other)
    assert who(one) == who(other)
    said = decide("split", (one, "Kathleen McKeown", 0), (other, "Kathy McKeown", 1))
    compute(other)
    assert who(one) != who(other)
    third = add("Kathleen McKeown")
    compute(third)
    compute(one, other, third)
    assert who(one) != who(other)
    with writing() as session:
        session.get_one(AuthorDecision, said).undone_at = now()
    compute(other)
    assert who(one) == who(other) == who(third)


def test_what_was_merged_stays_merged_and_a_newer_decision_counts(either_library: Path) -> None:
    one, other = add("Rie Kubota"), add("Ada Johnson")
    compute(one, other)
    assert who(one) != who(other)
    decide("merge", (one, "Rie Kubota", 0), (other, "Ada Johnson", 1))
    compute(one)
    assert who(one) == who(other)
    with writing() as session:  # as after a restore
        for table in (AuthorList, Author):
            session.execute(delete(table))
    compute(one)
    compute(other)
    assert who(one) == who(other) is not None
    decide("split", (one, "Rie Kubota", 0), (other, "Ada Johnson", 1))
    compute(one)
    assert who(one) != who(other)


def test_an_author_of_deleted_works_is_gone_and_one_that_is_renamed_moves(
    either_library: Path,
) -> None:
    one, other = add("Ada Byron"), add("Max Planck")
    compute(one, other)
    with writing() as session:
        services = Services(session)
        services.resources.delete(one)
        services.resources.update(other, {"authors": ["Maxine Plank-Unger"]})
    assert compute(one, other) == {other}
    with reading() as session:
        assert list(session.scalars(select(Author.name))) == ["Maxine Plank-Unger"]
        names = set(session.scalars(select(AuthorNameKey.name_key)))
        assert names == {"maxine plank , unger"}
        assert session.scalar(select(func.count()).select_from(AuthorMention)) == 1
