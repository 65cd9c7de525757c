"""The keyword side of search, in the languages and forms in which people write and ask."""
# ruff: noqa: RUF001 - letters of other scripts look like Latin ones

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from alexandria.bootstrap import Services
from alexandria.db import reading, writing
from alexandria.migrations import migrate
from alexandria.models import Resource, ResourceIdentifier
from alexandria.services.evaluation import Library
from alexandria.services.search import SearchRequest, SearchResponse
from conftest import RunningLibrary
from search_parts import add_resource, open_library

# Article 1 of the Universal Declaration of Human Rights, in the United Nations' translations.
ARTICLE = {
    "en": "All human beings are born free and equal in dignity and rights. They are endowed with "
    "reason and conscience and should act towards one another in a spirit of brotherhood.",
    "de": "Alle Menschen sind frei und gleich an Würde und Rechten geboren. Sie sind mit Vernunft "
    "und Gewissen begabt und sollen einander im Geist der Brüderlichkeit begegnen.",
    "fr": "Tous les êtres humains naissent libres et égaux en dignité et en droits. Ils sont doués "
    "de raison et de conscience et doivent agir les uns envers les autres dans un esprit de "
    "fraternité.",
    "es": "Todos los seres humanos nacen libres e iguales en dignidad y derechos y, dotados como "
    "están de razón y conciencia, deben comportarse fraternalmente los unos con los otros.",
    "ru": "Все люди рождаются свободными и равными в своем достоинстве и правах. Они наделены "
    "разумом и совестью и должны поступать в отношении друг друга в духе братства.",
    "zh": "人人生而自由，在尊严和权利上一律平等。他们赋有理性和良心，并应以兄弟关系的精神相对待。",
    "ja": "すべての人間は、生まれながらにして自由であり、かつ、尊厳と権利とについて平等である。"
    "人間は、理性と良心とを授けられており、互いに同胞の精神をもって行動しなければならない。",
    "th": "มนุษย์ทั้งหลายเกิดมามีอิสระและเสมอภาคกันในเกียรติศักดิ์และสิทธิ ต่างมีเหตุผลและมโนธรรม "
    "และควรปฏิบัติต่อกันด้วยเจตนารมณ์แห่งภราดรภาพ",
    "ko": "모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다. 인간은 천부적으로 이성과 "
    "양심을 부여받았으며 서로 형제애의 정신으로 행동하여야 한다.",
}


@pytest.fixture
def lib(tmp_path: Path, database_url: str) -> Iterator[Library]:
    with open_library(tmp_path, database_url) as opened:
        yield opened


def add(lib: Library, title: str, **more: Any) -> Resource:
    resource = add_resource(lib.session, title, **more)
    lib.search.update_fts5_index([resource.id])
    lib.session.commit()
    return resource


def search(lib: Library, query: str, **more: Any) -> SearchResponse:
    return lib.search.search(SearchRequest(query, more.pop("mode", "keyword"), **more))


def titles(lib: Library, query: str, **more: Any) -> list[str]:
    return [one["title"] for one in search(lib, query, **more)["results"]]


@pytest.fixture(params=["declared", "guessed"])
def articles(lib: Library, request: pytest.FixtureRequest) -> Library:
    for language, article in ARTICLE.items():
        declared = language if request.param == "declared" else None
        add(lib, f"Article in {language}", abstract=article, language=declared)
    return lib


@pytest.mark.parametrize(
    ("query", "languages"),
    [
        ("equality of right", "en"),
        ("Mensch", "de"),
        ("Rechte", "de"),
        ("wurde", "de"),
        ("bruderlichkeit", "de"),
        ("droit", "fr"),
        ("fraternite", "fr"),
        ("égal", "fr"),
        ("derecho", "es"),
        ("iguales", "es"),
        ("право", "ru"),
        ("свободный человек", "ru"),
        ("自由", "zh ja"),
        ("尊严", "zh"),
        ("严", "zh"),
        ("尊厳", "ja"),
        ("人間の権利", "ja"),
        ("良心と理性", "ja zh"),
        ("สิทธิ", "th"),
        ("อิสระ", "th"),
        ("권리", "ko"),
        ("인간은", "ko"),
        ("양심", "ko"),
        ("frat*", "fr es"),
        ("기계 학습", ""),
    ],
)
def test_words_of_every_language_are_found(articles: Library, query: str, languages: str) -> None:
    found = search(articles, query)["results"]
    names = {one["title"].removeprefix("Article in ") for one in found}
    assert names == set(languages.split())
    for one in found:
        assert "<mark>" in one["snippet"], one


def test_the_language_follows_an_edit(lib: Library) -> None:
    resource = add(lib, "Haus", abstract="Häuser")
    assert titles(lib, "hauser") == ["Haus"]
    resource.language, resource.title = "de", "Zimmer"
    lib.search.update_fts5_index([resource.id])
    assert titles(lib, "haus") == ["Zimmer"]


def test_an_exact_phrase_is_of_its_very_words(lib: Library) -> None:
    add(lib, "Neural network", abstract="A neural network.")
    add(lib, "Networks", abstract="Neural networks of the mind.")
    add(lib, "Long", content="Words. " * 500 + "The Neural-Network here. " + "Words. " * 500)
    add(lib, "By name", authors=["Neural Network"])

    exact = {"Neural network", "Long", "By name"}
    assert set(titles(lib, '"neural network"')) == exact
    assert titles(lib, '"neural networks"') == ["Networks"]
    assert set(titles(lib, "neural network")) == exact | {"Networks"}
    assert titles(lib, 'neural -"neural network"') == ["Networks"]
    assert set(titles(lib, '"neural net"*')) == exact | {"Networks"}
    assert titles(lib, 'title:"neural network"') == ["Neural network"]
    assert titles(lib, 'title:"neural networks"') == []
    assert search(lib, '"neural network"', limit=1, facets=False)["total"] == 3
    assert search(lib, '"networks"')["total"] == 1
    snippets = [one["snippet"] for one in search(lib, '"neural network"')["results"]]
    assert any("The <mark>Neural-Network</mark> here." in one for one in snippets)


def test_the_densest_passage_of_a_long_text_is_shown(lib: Library) -> None:
    filler = "A sentence about nothing at all, which goes on. "
    content = (
        f"Parsing comes first. {filler * 200} Then parsing of treebanks by neural transducers "
        f"is shown. {filler * 200} Treebanks again."
    )
    add(lib, "Long", content=content)
    add(lib, "Other", abstract="parsing, parsing")

    snippet = search(lib, "parse treebank transducers")["results"][0]["snippet"]

    expected = (
        "Then <mark>parsing</mark> of <mark>treebanks</mark> by neural <mark>transducers</mark>"
    )
    assert expected in snippet
    assert snippet.startswith("…")
    assert snippet.endswith("…")


@pytest.fixture
def shelf(lib: Library) -> Library:
    for number in range(5):
        add(lib, f"Neural machine translation {number}", abstract="Of language by transformers.")
    add(lib, "Chomsky on grammar", abstract="Die Übersetzung der Häuser und der Sprachen")
    return lib


@pytest.mark.parametrize(
    ("query", "meant"),
    [
        ("transaltion", "translation"),
        ("machne tranlsation", "machine translation"),
        ("Nueral machine", "neural machine"),
        ("chmosky", "chomsky"),
        ("+gramar -house", "+grammar -house"),
        ("title:gramar", "title:grammar"),
        ("ubersetzng", "übersetzung"),
        ("transformrs", "transformers"),
        ("transfromer", "transformers"),
        ("grammatical", None),
        ("translation", None),
        ("translations neural", None),
        ('"transaltion"', None),
        ("zzzzzz", None),
        ("xy", None),
        ("12345", None),
        ("", None),
    ],
)
def test_a_word_that_is_misspelt_leads_to_one_that_is_there(
    shelf: Library, query: str, meant: str | None
) -> None:
    assert search(shelf, query)["did_you_mean"] == meant
    assert search(shelf, query, mode="hybrid")["did_you_mean"] == meant


def test_a_slip_that_a_text_shares_is_still_one(lib: Library) -> None:
    add(lib, "The langauge of law")
    for number in range(110):
        add_resource(lib.session, f"A language {number}")
    ids = [one.id for one in lib.session.query(Resource)]
    lib.search.update_fts5_index(ids)

    assert search(lib, "langauge")["did_you_mean"] == "language"
    assert search(lib, "language")["did_you_mean"] is None


def test_an_empty_library_means_nothing_else(lib: Library) -> None:
    answer = search(lib, "anything")
    assert (answer["did_you_mean"], answer["total"]) == (None, 0)


@pytest.fixture
def identified(lib: Library) -> Library:
    add(lib, "By DOI", doi="10.1000/xyz-1")
    for scheme, value in (*(("arxiv", "1706.03762"), ("isbn", "9780306406157"), ("pmid", "123")),):
        resource = add_resource(lib.session, f"By {scheme}")
        resource.identifier_rows = [ResourceIdentifier(scheme=scheme, value=value)]
        lib.search.update_fts5_index([resource.id])
    old = add_resource(lib.session, "Old style")
    old.identifier_rows = [ResourceIdentifier(scheme="arxiv", value="cs/0112017")]
    lib.search.update_fts5_index([old.id])
    add(lib, "Attention cites 10.1000/xyz-1", abstract="attention is all, says 1706.03762")
    lib.session.commit()
    return lib


@pytest.mark.parametrize(
    ("query", "title"),
    [
        ("10.1000/xyz-1", "By DOI"),
        ("10.1000/XYZ-1", "By DOI"),
        ("doi:10.1000/xyz-1", "By DOI"),
        ("https://doi.org/10.1000/xyz-1", "By DOI"),
        ("1706.03762", "By arxiv"),
        ("arXiv:1706.03762v2", "By arxiv"),
        ("https://arxiv.org/abs/1706.03762", "By arxiv"),
        ("10.48550/arXiv.1706.03762", "By arxiv"),
        ("cs/0112017", "Old style"),
        ("978-0-306-40615-7", "By isbn"),
        ("ISBN 0306406152", "By isbn"),
        ("0-306-40615-2", "By isbn"),
        ("pmid:123", "By pmid"),
    ],
)
@pytest.mark.parametrize("mode", ["keyword", "hybrid", "semantic"])
def test_an_identifier_finds_just_what_has_it(
    identified: Library, query: str, title: str, mode: str
) -> None:
    answer = search(identified, query, mode=mode)
    assert ([one["title"] for one in answer["results"]], answer["total"]) == ([title], 1)
    assert answer["did_you_mean"] is None


def test_what_has_the_identifier_comes_before_what_has_the_words(identified: Library) -> None:
    found = search(identified, "attention doi:10.1000/xyz-1", explain=True)["results"]
    assert [one["title"] for one in found] == ["By DOI", "Attention cites 10.1000/xyz-1"]
    assert found[0]["score"] >= found[1]["score"]
    assert [part["name"] for part in found[0]["explanation"]["parts"]] == ["identifier"]
    assert titles(identified, "doi:10.1000/xyz-1", year_from=2000) == []


@pytest.mark.parametrize(
    "query", ["10.1000/none", "doi:10.1000/none", "0-306-40615-3", "9999.99999"]
)
def test_an_identifier_that_nothing_has_counts_as_words(identified: Library, query: str) -> None:
    assert titles(identified, query) == []
    add(identified, "Mentions", abstract=f"See {query.removeprefix('doi:')} there.")
    assert titles(identified, query) == ["Mentions"]


def test_identifiers_are_known_on_either_database(either_library: Path) -> None:
    with writing() as session:
        migrate(session.get_bind())
        for title, identifiers in (
            ("By PubMed", {"pmid": "123", "doi": "10.1000/a"}),
            ("By ISBN", {"pmid": "1234", "isbn": "9780306406157"}),
        ):
            resource = add_resource(session, title)
            resource.identifier_rows = [
                ResourceIdentifier(scheme=scheme, value=value)
                for scheme, value in identifiers.items()
            ]
    with reading() as session:
        for query, found in (
            ("pmid:123", {"By PubMed"}),
            ("pmid:12", set()),
            ("0306406152", {"By ISBN"}),
            ("10.1000/a 978-0-306-40615-7", {"By PubMed", "By ISBN"}),
        ):
            answer = Services(session).search.search(SearchRequest(query, "semantic"))
            assert {one["title"] for one in answer["results"]} == found, query
            assert answer["did_you_mean"] is None


def test_the_interface_explains_and_corrects(running_library: RunningLibrary) -> None:
    with running_library.client() as client:
        client.post("/resources", json={"title": "Palimpsests", "content": "Of old palimpsests."})
        asked = {"q": "palimpsest", "mode": "keyword"}
        plain = client.get("/search", params=asked).json()
        told = client.get("/search", params=asked | {"explain": "true"}).json()
        slip = client.get("/search", params={"q": "palimspests"}).json()
    assert (plain["did_you_mean"], slip["did_you_mean"]) == (None, "palimpsests")
    assert "explanation" not in plain["results"][0]
    explained = told["results"][0]["explanation"]
    assert explained["words"][0]["fields"] == {"title": 1, "content": 1}
    assert explained["parts"][0]["score"] == told["results"][0]["score"]


@pytest.mark.parametrize("mode", ["keyword", "hybrid", "semantic"])
@pytest.mark.parametrize(
    "query", ["parsing trees", "+parsing parse trees", '"parsing trees"', "pars* title:parsing"]
)
def test_an_explanation_adds_up(lib: Library, query: str, mode: str) -> None:
    for title, abstract in (
        ("Parsing trees", "parsing of trees; parsing trees"),
        ("Parsing", "other trees"),
        ("Speech", "parsed trees"),
        ("Die Bäume", "das Parsing der Bäume und trees"),
    ):
        resource = add(lib, title, abstract=abstract)
        lib.embeddings.generate_and_store_embeddings([resource.id])

    results = search(lib, query, mode=mode, explain=True)["results"]

    assert results
    for one in results:
        explained = one["explanation"]
        assert sum(part["score"] for part in explained["parts"]) == pytest.approx(
            one["score"], abs=1e-5
        )
        keyword = one["scores"]["keyword"]
        if keyword is not None and mode != "semantic":
            words = sum(word["score"] for word in explained["words"])
            assert words == pytest.approx(keyword, abs=1e-5)
            assert all(word["fields"] for word in explained["words"])
    assert "explanation" not in search(lib, query, mode=mode)["results"][0]


def test_an_explanation_names_words_and_fields(lib: Library) -> None:
    add(lib, "Parsing trees", abstract="Parsing, parsed and parsing.", authors=["Parse"])
    add(lib, "Other")

    explained = search(lib, "parse", explain=True)["results"][0]["explanation"]

    (word,) = explained["words"]
    assert (word["word"], word["fields"]) == ("parse", {"title": 1, "abstract": 3, "authors": 1})
    assert explained["field_weights"]["title"] == 3


def test_a_language_with_few_texts_does_not_come_first_for_it(lib: Library) -> None:
    for number in range(40):
        add_resource(lib.session, f"On evaluation {number}", abstract="the evaluation", year=1)
    for number in range(20):
        add_resource(lib.session, f"Other {number}", abstract="something else", language="en")
    add_resource(
        lib.session, "Autres", abstract="une evaluation of the other", language="fr", year=2
    )
    ids = [one.id for one in lib.session.query(Resource)]
    lib.search.update_fts5_index(ids)

    results = search(lib, "evaluation", limit=50, explain=True)["results"]

    assert len(results) == 41
    assert results[-1]["title"] == "Autres"
    assert 0 < results[-1]["score"] < results[0]["score"]
    for one in results:
        words = sum(word["score"] for word in one["explanation"]["words"])
        assert words == pytest.approx(one["score"], abs=1e-5)
    assert titles(lib, "evaluation", limit=5, facets=False) == [one["title"] for one in results[:5]]
