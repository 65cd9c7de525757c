"""References are read, matched with resources from either side, and follow what becomes of these."""

from pathlib import Path

import pytest
from sqlalchemy import select

from alexandria.bootstrap import Services
from alexandria.db import reading, writing
from alexandria.errors import NotFoundError
from alexandria.models import Citation, LedgerRow, OutboxEvent
from alexandria.protocols.extraction import Record

PAPER = """A study of owls

Owls hunt at night, as others have shown [1, 2].

References

[1] A. Moe and B. Ito. 1999. The hearing of barn owls: a field study. Journal of Birds, 12(3):1-20.
[2] C. Ray. 2001. Silent flight and the shape of feathers. Acta Zoologica, 7:30-44.
[3] D. Fox and E. Lund. 2004. Voles in winter and those who eat them. Polar Research, 3:5-9.
"""
HEARING = Record(title="The hearing of barn owls", authors=("Ada Moe", "Bo Ito"), year=1999)
FEATHERS = Record(title="Silent flight and the shape of feathers", authors=("Cleo Ray",), year=2001)


def add(record: Record) -> str:
    with writing() as session:
        return Services(session).resources.create(record).id


def settle() -> None:
    """Compute what is due of both derivations, in the order in which it falls due."""
    for name in ("citations", "graph"):
        with writing() as session:
            services = Services(session)
            due = list(
                session.scalars(
                    select(LedgerRow.subject_id).where(
                        LedgerRow.derivation == name, LedgerRow.due_at.is_not(None)
                    )
                )
            )
            compute = {
                "citations": services.citations.extract_citations,
                "graph": services.graph.add_citation_edges,
            }[name]
            read = compute(due)
            services.ledger.computed(name, {one: got for one, got in read.items() if got})
            services.ledger.close(name, set(due) - read.keys())


def cited_by(resource_id: str) -> list[str | None]:
    with reading() as session:
        found = session.scalars(
            select(Citation).where(Citation.resource_id == resource_id).order_by(Citation.position)
        )
        return [one.cited_id for one in found]


def test_references_are_matched_whichever_side_comes_first(either_library: Path) -> None:
    hearing = add(HEARING)
    owls = add(Record(title="A study of owls", text=PAPER))
    settle()
    assert cited_by(owls) == [hearing, None, None]
    feathers = add(FEATHERS)
    settle()
    assert cited_by(owls) == [hearing, feathers, None]
    with reading() as session:
        found = Services(session).graph.citations_of(feathers)
        (citing,) = found.citing
        assert (found.cited_by, citing.resource_id) == (1, owls)
        assert citing.evidence == {
            "basis": "title",
            "title": 1.0,
            "authors": "first",
            "years_apart": 0,
        }
        names = session.scalars(select(OutboxEvent.name)).all()
    assert names.count("citations.extracted") == 1
    assert names.count("graph.edge_added") == 2


def test_an_edge_goes_with_its_resource_and_comes_back(either_library: Path) -> None:
    hearing, owls = add(HEARING), add(Record(title="A study of owls", text=PAPER))
    settle()
    with writing() as session:
        Services(session).resources.delete(hearing)
    settle()
    assert cited_by(owls) == [None, None, None]
    with writing() as session:
        Services(session).resources.restore(hearing)
    settle()
    assert cited_by(owls)[0] == hearing
    with writing() as session:
        Services(session).resources.delete(owls)
    settle()
    assert cited_by(owls) == []


def test_a_changed_title_takes_the_edge_away_and_gives_it_back(library: Path) -> None:
    hearing, owls = add(HEARING), add(Record(title="A study of owls", text=PAPER))
    settle()
    for title, expected in (("On the sleep of bats", None), (HEARING.title, hearing)):
        with writing() as session:
            Services(session).resources.update(hearing, {"title": title})
        settle()
        assert cited_by(owls)[0] == expected


def test_what_is_merged_is_cited_as_what_it_went_into(library: Path) -> None:
    twin, owls = add(HEARING), add(Record(title="A study of owls", text=PAPER))
    settle()
    kept = add(Record(title="The hearing of barn owls: a field study", authors=("A. Moe",)))
    with writing() as session:
        merge = Services(session).merging.merge(kept, twin).id
    settle()
    assert cited_by(owls)[0] == kept
    with writing() as session:
        Services(session).merging.undo(merge)
    settle()
    assert cited_by(owls)[0] == twin


def test_a_record_names_what_it_cites_by_id_doi_or_title(library: Path) -> None:
    by_id = add(Record(title="One", external_id="P01-1001"))
    by_doi = add(Record(title="Two", doi="10.1234/two"))
    by_title = add(Record(title="A third of these papers here", year=1990))
    citing = add(
        Record(
            title="Four",
            cites=("P01-1001", "https://doi.org/10.1234/TWO", "A third of these papers here", "5"),
        )
    )
    settle()
    assert cited_by(citing) == [by_id, by_doi, by_title, None]


def test_what_the_record_and_the_document_name_is_one_reference(library: Path) -> None:
    """What a JATS file names is in its list of references, and in what the record cites."""
    text = PAPER.replace("12(3):1-20.", "12(3):1-20. doi:10.1234/owl.1")
    cites = ("https://doi.org/10.1234/OWL.1", "10.1234/unlisted")
    owls = add(Record(title="A study of owls", text=text, cites=cites))
    settle()
    with reading() as session:
        found = Services(session).graph.citations_of(owls).references
    assert [one.doi for one in found] == ["10.1234/unlisted", "10.1234/owl.1", None, None]
    assert [one.source for one in found] == ["record", "document", "document", "document"]


def test_what_a_person_decided_outlives_every_computation(either_library: Path) -> None:
    hearing, owls = add(HEARING), add(Record(title="A study of owls", text=PAPER))
    other = add(Record(title="Barn owls, and how they hear", authors=("X. Y. Zed",), year=1950))
    settle()
    with writing() as session:
        services = Services(session)
        first = services.graph.citations_of(owls).references[0].id
        services.graph.decide(owls, first, hearing, right=False)
    assert cited_by(owls)[0] is None
    with writing() as session:
        Services(session).graph.decide(owls, first, other, right=True)
    assert cited_by(owls)[0] == other
    with writing() as session:
        Services(session).resources.update(owls, {"content": PAPER + "\nA line more."})
    settle()
    assert cited_by(owls)[0] == other
    with writing() as session, pytest.raises(NotFoundError):
        Services(session).graph.decide(hearing, first, other, right=True)


def test_neighbours_paths_and_influence(library: Path) -> None:
    """a -> b -> c, d -> b, d -> c, and e alone."""
    ids = {}
    for name, cites in (("c", ()), ("b", ("c",)), ("a", ("b",)), ("d", ("b", "c")), ("e", ())):
        ids[name] = add(Record(title=f"Paper {name}", external_id=name, cites=cites))
    settle()
    names = {one: name for name, one in ids.items()}
    with reading() as session:
        graph = Services(session).graph
        near = graph.neighbors(ids["a"], depth=1)
        assert [(names[n["id"]], n["distance"]) for n in near["nodes"]] == [("a", 0), ("b", 1)]
        wide = graph.neighbors(ids["a"], depth=2)
        assert {names[n["id"]]: n["distance"] for n in wide["nodes"]} == {
            "a": 0,
            "b": 1,
            "c": 2,
            "d": 2,
        }
        assert len(wide["edges"]) == 4
        assert [names[n["id"]] for n in graph.path(ids["a"], ids["c"])] == ["a", "b", "c"]
        with pytest.raises(NotFoundError):
            graph.path(ids["a"], ids["e"])
        best = graph.influential(limit=2)
        assert [names[one["id"]] for one in best["items"]] == ["c", "b"]
        assert best["event_id"] > 0
        coupled = {
            names[one]: (score, evidence) for one, score, evidence in graph.coupled(ids["b"])
        }
        assert coupled["d"] == (0.7071, {"shared_references": 1, "cited_together": 0})
        assert coupled["c"] == (0.5, {"shared_references": 0, "cited_together": 1})


def test_text_without_references_leaves_an_empty_list(library: Path) -> None:
    odd = [
        add(Record(title="Nothing")),
        add(Record(title="Odd", text="References\n\n\ud800\x00 1999 [1] [2] \u202e\n" * 50)),
    ]
    settle()
    for one in odd:
        with reading() as session:
            assert Services(session).freshness.of([one])[one]["citations"].due_at is None
