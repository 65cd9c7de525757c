import pytest
from hypothesis import given
from hypothesis import strategies as st

from alexandria.protocols import KeywordQuery, Term
from alexandria.services.search.conditions import HasIdentifier, HasTag, Years
from alexandria.services.search.query import MAX_CHARACTERS, clean, parse

ANYTHING = st.text(st.characters(), max_size=200) | st.text('"+-*: aétitlegyr0219\x00', max_size=60)


def word(value: str, *, prefix: bool = False, column: str | None = None) -> Term:
    return Term((value,), prefix=prefix, column=column)


def test_words_are_alternatives() -> None:
    parsed = parse("  neural   machine translation ")

    assert parsed.keyword == KeywordQuery(
        any_of=(word("neural"), word("machine"), word("translation"))
    )
    assert parsed.text == "neural machine translation"


def test_a_phrase_must_be_met() -> None:
    parsed = parse('attention "neural machine translation"')

    assert parsed.keyword.any_of == (word("attention"),)
    assert parsed.keyword.all_of == (Term(("neural", "machine", "translation"), exact=True),)
    assert parsed.text == "attention neural machine translation"


def test_a_star_asks_for_the_start_of_a_word() -> None:
    assert parse("transl*").keyword.any_of == (word("transl", prefix=True),)
    assert parse('"machine transl"*').keyword.all_of == (
        Term(("machine", "transl"), prefix=True, exact=True),
    )


@pytest.mark.parametrize(
    ("typed", "column"),
    [
        ("title", "title"),
        ("abstract", "abstract"),
        ("author", "authors"),
        ("text", "content"),
        ("TITLE", "title"),
    ],
)
def test_a_field_asks_for_its_column(typed: str, column: str) -> None:
    assert parse(f"{typed}:parsing").keyword.all_of == (word("parsing", column=column),)


def test_a_field_takes_phrases_prefixes_and_signs() -> None:
    assert parse('title:"deep learning"').keyword.all_of == (
        Term(("deep", "learning"), column="title", exact=True),
    )
    assert parse("author:schm*").keyword.all_of == (word("schm", prefix=True, column="authors"),)
    assert parse("-author:smith").keyword.none_of == (word("smith", column="authors"),)


def test_signs_exclude_and_require() -> None:
    parsed = parse('parsing +dependency -japanese -"shared task"')

    assert parsed.keyword == KeywordQuery(
        any_of=(word("parsing"),),
        all_of=(word("dependency"),),
        none_of=(word("japanese"), Term(("shared", "task"), exact=True)),
    )
    assert parsed.text == "parsing dependency"


def test_a_sign_inside_a_word_or_alone_is_no_operator() -> None:
    parsed = parse("covid-19 c++ - + state-of-the-art")

    assert parsed.keyword == KeywordQuery(
        any_of=(word("covid-19"), word("c++"), word("state-of-the-art"))
    )


@pytest.mark.parametrize(
    ("typed", "years"),
    [
        ("year:2019", Years(2019, 2019)),
        ("year:2019-2021", Years(2019, 2021)),
        ("year:2019..2021", Years(2019, 2021)),
        ("year:2019-", Years(2019, None)),
        ("year:-2021", Years(None, 2021)),
    ],
)
def test_years(typed: str, years: Years) -> None:
    parsed = parse(f"parsing {typed}")

    assert parsed.conditions.required == (years,)
    assert parsed.text == "parsing"


@pytest.mark.parametrize("typed", ["year:soon", "year:-", "year:20192021", "year:2019-x"])
def test_a_year_that_is_none_counts_as_words(typed: str) -> None:
    parsed = parse(typed)

    assert not parsed.conditions
    assert word("year") in parsed.keyword.any_of


def test_tags_and_identifiers_are_conditions() -> None:
    parsed = parse('tag:"to read" -tag:done doi:https://doi.org/10.1000/ABC')

    assert parsed.conditions.required == (
        HasTag("to read"),
        HasIdentifier("doi", "10.1000/abc"),
    )
    assert parsed.conditions.excluded == (HasTag("done"),)
    assert not parsed.wants_words


def test_an_identifier_typed_in_is_a_word() -> None:
    assert parse("10.18653/v1/P19-1001").keyword.any_of == (word("10.18653/v1/P19-1001"),)


def test_an_unknown_field_means_the_plain_words() -> None:
    assert parse("venue:acl arxiv:1706.03762").keyword.any_of == (
        word("venue"),
        word("acl"),
        word("arxiv"),
        word("1706.03762"),
    )


def test_a_quote_that_never_closes_is_ignored() -> None:
    assert parse('5" pipe "flow').keyword == KeywordQuery(
        any_of=(word("5"), word("pipe"), word("flow"))
    )


@pytest.mark.parametrize(
    "typed", ["", " ", '"', '""', "*", "-", "+", "title:", 'title:""', "🙂", "\x00", "()", "-*"]
)
def test_input_without_words_asks_for_nothing(typed: str) -> None:
    parsed = parse(typed)

    assert not parsed.keyword.all_of
    assert not parsed.keyword.none_of
    assert not parsed.conditions
    assert parsed.keyword.any_of in {(), (word("title:"),)}


def test_a_long_query_is_cut() -> None:
    assert len(clean("a" * 50_000)) == MAX_CHARACTERS


@given(ANYTHING)
def test_anything_parses(typed: str) -> None:
    parsed = parse(typed)

    terms = parsed.keyword.any_of + parsed.keyword.all_of + parsed.keyword.none_of
    for one in (*(word for term in terms for word in term.words), *parsed.text.split()):
        assert one
        assert one == clean(one)
        one.encode()


@given(st.text("abcdef ", max_size=40))
def test_plain_words_are_embedded_as_typed(typed: str) -> None:
    assert parse(typed).text == " ".join(typed.split())
