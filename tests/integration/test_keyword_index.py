"""The keyword index, on both databases: what is put is found, in the same order and no further."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.orm import Session

from alexandria.adapters.fulltext_index import KeywordIndex
from alexandria.adapters.fulltext_sqlite import fts5_available
from alexandria.models import Resource, ResourceContent
from alexandria.protocols import KeywordQuery, SearchEntry, Term
from search_parts import full_text, open_engine, session_of


@pytest.fixture
def session(tmp_path: Path, database_url: str) -> Iterator[Session]:
    with open_engine(tmp_path, database_url) as engine, session_of(engine) as session:
        yield session


@pytest.fixture
def index(session: Session) -> KeywordIndex:
    return full_text(session)


def entry(resource_id: str, title: str = "", **columns: str) -> SearchEntry:
    empty = SearchEntry(resource_id, title, "", "", "", "")
    return replace(empty, **columns)


def keep(index: KeywordIndex, *entries: SearchEntry) -> None:
    """Put entries of resources that are there: snippets and exact phrases come from their texts."""
    for one in entries:
        resource = Resource(id=one.resource_id, title=one.title, abstract=one.abstract or None)
        if one.content:
            resource.body = ResourceContent(text=one.content, sha256="0" * 64)
        index._session.add(resource)
    index._session.flush()
    index.put(entries)


def any_of(*words: str) -> KeywordQuery:
    return KeywordQuery(any_of=tuple(Term((word,)) for word in words))


def starting(*words: str) -> KeywordQuery:
    return KeywordQuery(any_of=(Term(words, prefix=True),))


def found(index: KeywordIndex, query: KeywordQuery) -> list[str]:
    return [resource_id for resource_id, _ in index.search(query, 100)]


def test_finds_what_was_put(index: KeywordIndex) -> None:
    index.put([entry("a", "Parsing with grammars"), entry("b", "Speech recognition")])

    assert found(index, any_of("grammar")) == ["a"]
    assert sorted(found(index, any_of("speech", "parse"))) == ["a", "b"]
    assert index.count(any_of("speech", "parse")) == 2


def test_the_best_comes_first_and_scores_higher(index: KeywordIndex) -> None:
    index.put([entry(str(n), f"filler {n}", abstract="other words") for n in range(20)])
    index.put([entry("one", "x", abstract="turbulence here")])
    index.put([entry("two", "turbulence", abstract="of boundary layers")])

    ranked = index.search(any_of("turbulence", "boundary"), 10)

    assert [resource_id for resource_id, _ in ranked] == ["two", "one"]
    assert ranked[0][1] > ranked[1][1] > 0


def test_a_word_in_the_title_weighs_more(index: KeywordIndex) -> None:
    index.put([entry(str(n), f"filler {n}") for n in range(20)])
    index.put([entry("abstract", "words", abstract="entropy")])
    index.put([entry("title", "entropy", abstract="words")])

    assert found(index, any_of("entropy")) == ["title", "abstract"]


def test_put_replaces(index: KeywordIndex) -> None:
    index.put([entry("a", "old words"), entry("b", "kept words")])
    index.put([entry("a", "new words"), entry("a", "newest words")])

    assert found(index, any_of("old")) == []
    assert found(index, any_of("new")) == []
    assert found(index, any_of("newest")) == ["a"]
    assert index.count(any_of("words")) == 2


def test_remove_leaves_nothing_behind(index: KeywordIndex, session: Session) -> None:
    index.put([entry("a", "one", content="long text"), entry("b", "two")])
    index.remove(["a", "unknown"])

    assert found(index, any_of("one", "long", "text")) == []
    assert found(index, any_of("two")) == ["b"]
    assert session.scalar(text("SELECT count(*) FROM search_documents")) == 1
    if session.get_bind().dialect.name == "sqlite":
        session.execute(text("INSERT INTO search_index (search_index) VALUES ('integrity-check')"))
    else:
        left = session.scalars(
            text("SELECT DISTINCT term FROM search_index_postings ORDER BY term")
        )
        assert left.all() == ["#en", "two"]
        totals = session.execute(
            text("SELECT sum(documents), sum(tokens) FROM search_index_totals")
        )
        assert [tuple(map(int, row)) for row in totals] == [(1, 2)]


def test_nothing_is_committed_by_itself(index: KeywordIndex, session: Session) -> None:
    index.put([entry("a", "kept")])
    session.commit()
    index.put([entry("a", "changed"), entry("b", "added")])
    session.rollback()

    assert found(index, any_of("kept", "changed", "added")) == ["a"]
    assert found(index, any_of("changed", "added")) == []


def test_limits_what_it_gives_but_not_what_it_counts(index: KeywordIndex) -> None:
    index.put([entry(str(number), "same title") for number in range(30)])

    assert len(index.search(any_of("title"), 7)) == 7
    assert index.count(any_of("title")) == 30


def test_stop_words_do_not_count_beside_others(index: KeywordIndex) -> None:
    index.put([entry("a", "the history of the book"), entry("b", "parsing")])

    assert found(index, any_of("what", "is", "the", "parsing")) == ["b"]


def test_stop_words_alone_are_searched_for(index: KeywordIndex) -> None:
    index.put([entry("a", "to be or not to be"), entry("b", "parsing")])

    assert found(index, any_of("to", "be", "or", "not")) == ["a"]
    assert found(index, any_of("to", "be", "🙂")) == ["a"]


def test_a_phrase_wants_its_words_in_order(index: KeywordIndex) -> None:
    index.put([entry("a", "machine translation"), entry("b", "translation by machine")])

    assert found(index, KeywordQuery(all_of=(Term(("machine", "translation")),))) == ["a"]


def test_required_and_excluded_terms(index: KeywordIndex) -> None:
    index.put(
        [
            entry("a", "parsing of german"),
            entry("b", "parsing of french"),
            entry("c", "speech in german"),
        ]
    )
    parsing, german = Term(("parsing",)), Term(("german",))

    assert found(index, KeywordQuery(any_of=(parsing,), all_of=(german,))) == ["a", "c"]
    assert found(index, KeywordQuery(all_of=(parsing, german))) == ["a"]
    assert found(index, KeywordQuery(any_of=(parsing,), none_of=(german,))) == ["b"]
    assert found(index, KeywordQuery(none_of=(german,))) == []


def test_a_column_limits_where_words_stand(index: KeywordIndex) -> None:
    index.put([entry("a", "smith charts"), entry("b", "charts", authors="Anna Smith")])

    assert found(index, KeywordQuery(all_of=(Term(("smith",), column="authors"),))) == ["b"]
    assert found(index, KeywordQuery(all_of=(Term(("smi",), True, "title"),))) == ["a"]
    assert sorted(found(index, KeywordQuery(all_of=(Term(("smith",), column="x"),)))) == ["a", "b"]


def test_accents_and_case_make_no_difference(index: KeywordIndex) -> None:
    index.put([entry("a", "Études naïves", authors="José Núñez")])

    assert found(index, any_of("etudes")) == ["a"]
    assert found(index, any_of("NUÑEZ")) == ["a"]


@pytest.mark.parametrize(
    ("start", "title"),
    [
        ("transl", "translation"),
        ("translati", "translation"),
        ("generat", "generation"),
        ("generaliz", "generalization"),
        ("poly", "polynomial"),
        ("analy", "analysis"),
        ("analys", "analysis"),
        ("learning", "learning"),
        ("univers", "university"),
        ("universiti", "universities"),
        ("électr", "électricité"),
        ("covid-1", "covid-19"),
    ],
)
def test_a_prefix_finds_words_whatever_their_stem(
    index: KeywordIndex, start: str, title: str
) -> None:
    index.put([entry("a", f"on {title}"), entry("b", "policies of publishing")])

    assert found(index, starting(start)) == ["a"]


def test_a_phrase_may_end_in_a_prefix(index: KeywordIndex) -> None:
    index.put([entry("a", "machine generation"), entry("b", "generation of machines")])

    assert found(index, starting("machine", "generat")) == ["a"]


ODD = [
    *(
        "c++",
        "covid-19",
        "title:",
        '"',
        '"unbalanced',
        "*",
        "NEAR(",
        "a NEAR b",
        "AND",
        "🙂",
        "\x00",
    ),
    *("a\x00b", "{title}:", "^start", "col : x", "'; DROP TABLE resources; --", "(", "\ud800"),
    *("-", "+", "x" * 10_000, "word " * 2_000, "\n", "ﬁ", "한국어", "a\u0301", "\u0301", "%", "\\"),
]


@pytest.mark.parametrize("odd", ODD, ids=ascii)
def test_odd_input_never_raises(index: KeywordIndex, odd: str) -> None:
    index.put([entry("a", "c++ and covid-19", abstract="plain words")])

    for term in (Term((odd,)), Term((odd,), prefix=True), Term((odd, "words"), column="title")):
        for query in (
            KeywordQuery(any_of=(term,)),
            KeywordQuery(all_of=(term,), none_of=(Term(("x",)), term)),
        ):
            index.search(query, 10)
            index.count(query)
            index.snippets(query, ["a"])


def test_odd_words_find_their_like(index: KeywordIndex) -> None:
    index.put([entry("a", "covid-19 in numbers"), entry("b", "19 cases of covid")])

    assert found(index, any_of("covid-19")) == ["a"]
    assert found(index, any_of("🙂", "numbers")) == ["a"]
    assert found(index, KeywordQuery(all_of=(Term(("🙂",)), Term(("numbers",))))) == ["a"]


words = st.text(st.characters(), max_size=12) | st.text('"*:^(){}-+ abNEAR\x00', max_size=12)
terms = st.lists(
    st.builds(
        Term,
        st.lists(words, max_size=3).map(tuple),
        st.booleans(),
        st.sampled_from([None, "title", "authors", "nothing"]),
    ),
    max_size=3,
).map(tuple)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.builds(KeywordQuery, terms, terms, terms))
def test_every_query_is_understood(index: KeywordIndex, query: KeywordQuery) -> None:
    assert isinstance(index.search(query, 10), list)
    assert index.snippets(query, ["a"]) == {}


def test_a_very_long_query_is_answered(index: KeywordIndex) -> None:
    index.put([entry("a", "the needle")])

    query = any_of("needle", *(f"word{number}" for number in range(5_000)))

    assert found(index, query) == ["a"]
    assert len(index._reading().asked(query).match) < 10_000


def test_snippets_mark_what_matched_and_escape_the_rest(index: KeywordIndex) -> None:
    keep(index, entry("a", "T", abstract="<script>alert('x')</script> & parsing <b>trees</b>"))

    assert index.snippets(any_of("parse", "b"), ["a"]) == {
        "a": "&lt;script&gt;alert(&#x27;x&#x27;)&lt;/script&gt; &amp; <mark>parsing</mark> "
        "&lt;<mark>b</mark>&gt;trees&lt;/<mark>b</mark>&gt;"
    }


def test_text_cannot_bring_its_own_marks(index: KeywordIndex) -> None:
    keep(index, entry("a", "T", abstract="\x02evil\x03 <mark>words</mark>"))

    snippet = index.snippets(any_of("evil"), ["a"])["a"]

    assert snippet == "\x02<mark>evil</mark>\x03 &lt;mark&gt;words&lt;/mark&gt;"


def test_a_snippet_comes_from_the_text_that_shows_most(index: KeywordIndex) -> None:
    keep(
        index,
        entry("a", "parsing trees", abstract="about trees", content="parsing of trees"),
        entry("b", "only the title is parsing", abstract="nothing", content="nothing"),
        entry("c", "the title of a record that is parsing"),
    )

    snippets = index.snippets(any_of("parsing", "tree"), ["a", "b", "c", "unknown"])

    assert snippets == {
        "a": "<mark>parsing</mark> of <mark>trees</mark>",
        "c": "the title of a record that is <mark>parsing</mark>",
    }


def test_a_snippet_is_short_and_well_formed(index: KeywordIndex) -> None:
    long_word = "needle" * 200
    keep(
        index,
        entry("a", "T", abstract=f"{'<hay> ' * 500}needle {'hay& ' * 500}"),
        entry("b", "T", abstract=f"{long_word} " * 50),
    )

    snippets = index.snippets(any_of("needle", long_word), ["a", "b"])

    assert "<mark>needle</mark>" in snippets["a"]
    for snippet in snippets.values():
        assert snippet.count("<mark>") == snippet.count("</mark>") >= 1
        assert len(re.sub(r"</?mark>|&\w+;", "x", snippet)) < 350


def test_snippets_are_only_of_what_matches(index: KeywordIndex) -> None:
    keep(index, entry("a", "parsing"), entry("b", "speech"))

    assert index.snippets(any_of("speech"), ["a"]) == {}
    assert index.snippets(any_of("speech"), []) == {}
    assert index.snippets(
        KeywordQuery(any_of=(Term(("speech",)),), none_of=(Term(("x",)),)), ["b"]
    ) == {"b": "<mark>speech</mark>"}


def test_many_are_put_and_removed_at_once(index: KeywordIndex, session: Session) -> None:
    index.put([entry(str(number), f"title {number}") for number in range(3_000)])
    index.remove([str(number) for number in range(1, 3_000)])

    assert found(index, any_of("title")) == ["0"]
    assert session.scalar(text("SELECT count(*) FROM search_index")) == 1


def test_fts5_is_available(tmp_path: Path) -> None:
    with open_engine(tmp_path) as engine, engine.connect() as connection:
        assert fts5_available(connection)
