"""A thesaurus becomes the tree of categories, and comes back whole, on both databases."""

from pathlib import Path

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from alexandria.adapters.skos import FORMATS, SkosFiles
from alexandria.bootstrap import Services
from alexandria.cli.common import app as commands
from alexandria.db import reading, writing
from alexandria.errors import InvalidInputError
from alexandria.models import Category
from alexandria.protocols.thesauri import Concept
from alexandria.services.classification.thesaurus import Imported

FILE = """@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix e: <http://e.org/> .
e:birds a skos:Concept; skos:prefLabel "Birds"@en, "Vögel"@de; skos:altLabel "Aves"@la, "Fowl"@en;
  skos:definition "Feathered animals"@en; skos:notation "598"; skos:broader e:animals.
e:animals a skos:Concept; skos:prefLabel "Tiere"@de, "Animals"@en; skos:topConceptOf e:scheme.
e:pets a skos:Concept; skos:prefLabel "Pets"@en.
e:parrots a skos:Concept; skos:prefLabel "Papageien"@de; skos:broader e:pets, e:birds.
"""


def take(text: str, language: str = "en") -> Imported:
    with writing() as session:
        return Services(session).thesaurus.take(SkosFiles().read(text.encode()), language)


def rows() -> dict[str, tuple[object, ...]]:
    names = ("id", "name", "slug", "parent_id", "description", "keywords", "notation")
    more = ("uri", "language", "labels", "updated_at")
    with reading() as session:
        return {
            one.name: tuple(getattr(one, name) for name in (*names, *more))
            for one in session.scalars(select(Category))
        }


def concepts() -> list[Concept]:
    with reading() as session:
        return Services(session).thesaurus.concepts()


def test_a_thesaurus_becomes_the_tree_once(either_library: Path) -> None:
    done = take(FILE)
    assert (done.added, done.several_broader) == (4, ["Papageien"])
    found = rows()
    birds, animals, parrots = (found[name] for name in ("Birds", "Animals", "Papageien"))
    assert birds[3:9] == (
        *(animals[0], "Feathered animals", ["Fowl"], "598", "http://e.org/birds", "en"),
    )
    assert birds[9] == {"de": {"preferred": "Vögel"}, "la": {"alternative": ["Aves"]}}
    assert (parrots[3], parrots[8]) == (birds[0], "de")
    assert take(FILE) == Imported(unchanged=4, several_broader=["Papageien"])
    assert rows() == found


@pytest.mark.parametrize("file_format", sorted(FORMATS))
def test_nothing_is_lost_on_the_way_out_and_in(either_library: Path, file_format: str) -> None:
    take(FILE)
    with writing() as session:
        categories = Services(session).categories
        own = {"name": "Own", "keywords": ["z", "a"], "description": "x\n"}
        above = categories.create(own).id
        categories.create({"name": "Below", "parent_id": above, "notation": "7"})
    before, given = rows(), concepts()
    data = SkosFiles().write(given, file_format)
    with writing() as session:
        done = Services(session).thesaurus.take(SkosFiles().read(data))
    assert (done.added, done.changed) == (0, 0)
    assert rows() == before
    with writing() as session:
        services = Services(session)
        for one in services.categories.categories():
            if one.parent_id is None:
                services.categories.delete(one.id, with_children=True)
        services.thesaurus.take(SkosFiles().read(data))
    assert SkosFiles().read(SkosFiles().write(concepts(), file_format)) == SkosFiles().read(data)


def test_a_changed_thesaurus_moves_what_it_holds_and_leaves_the_rest(either_library: Path) -> None:
    take(FILE)
    ids = {name: row[0] for name, row in rows().items()}
    turned = """@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix e: <http://e.org/> .
e:animals a skos:Concept; skos:prefLabel "Fauna"@en; skos:broader e:birds.
e:birds a skos:Concept; skos:prefLabel "Birds"@en."""
    assert take(turned).changed == 2
    found = rows()
    assert (found["Fauna"][0], found["Fauna"][3]) == (ids["Animals"], ids["Birds"])
    assert found["Birds"][3] is None
    assert found["Pets"][0] == ids["Pets"]


def test_a_circle_is_named_and_changes_nothing(either_library: Path) -> None:
    circle = FILE + "e:animals skos:broader e:parrots."
    with pytest.raises(InvalidInputError, match=r"Animals.*→"):
        take(circle)
    assert rows() == {}


def test_a_category_of_the_same_name_becomes_the_concept(either_library: Path) -> None:
    with writing() as session:
        mine = Services(session).categories.create({"name": "pets"}).id
    assert take(FILE).changed == 1
    assert rows()["Pets"][0] == mine


def test_rules_find_the_words_of_every_language(either_library: Path) -> None:
    take(FILE)
    with reading() as session:
        found = Services(session).classification.predict("Über Vögel im Watt")
    assert rows()["Birds"][0] in [one.category_id for one in found]


def test_the_commands_and_the_interface_say_what_they_did(
    either_library: Path, tmp_path: Path
) -> None:
    path = tmp_path / "animals.ttl"
    path.write_text(FILE)
    ended = CliRunner().invoke(commands, ["taxonomy", "import", str(path)])
    assert ended.exit_code == 0, ended.output
    assert "4 categories added" in ended.output
    assert "Papageien" in ended.output
    given = CliRunner().invoke(commands, ["taxonomy", "export", "--format", "rdf-xml"])
    assert [one.uri for one in SkosFiles().read(given.stdout_bytes)] == [
        f"http://e.org/{name}" for name in ("animals", "birds", "parrots", "pets")
    ]
    path.write_text(
        FILE.replace("e:pets a skos:Concept", "e:pets a skos:Concept; skos:broader e:pets")
    )
    ended = CliRunner().invoke(commands, ["taxonomy", "import", str(path)])
    assert ended.exit_code == 2
    assert "below themselves" in ended.output
