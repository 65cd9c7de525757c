# ruff: noqa: RUF001 - letters of other scripts look like Latin ones
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from alexandria.adapters.text_analysis import (
    guess_language,
    hidden_stems,
    language_of,
    longer_runs,
    phrase,
    start,
    stop_words,
    tokens,
    variants,
)
from alexandria.adapters.text_analysis.characters import fold, fold_in_place
from alexandria.adapters.text_analysis.finding import ExactPhrase, Haystack


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("en", "Parsing the trees", "pars the tree"),
        ("de", "Die Häuser der Städte", "die haus der stadt"),
        ("fr", "Les droits naturels", "le droit naturel"),
        ("es", "Las investigaciones", "las investig"),
        ("ru", "Права и свободы", "прав и свобод"),
        ("ru", "Права and translations", "прав and translat"),
        ("zh", "机器学习", "机器 器学 学习 习"),
        ("zh", "BERT模型2", "bert 模型 型 2"),
        ("ja", "コンピュータ", "コン ンピ ピュ ュー ータ タ"),
        ("th", "สิทธิ", "สิท ทธิ ธิ"),
        ("ko", "권리와", "권리 리와 와"),
        ("hi", "अधिकारों", "अधिकार"),
        ("xx", "Nobody's tongue", "nobodi s tongu"),
        ("en", "C++, C# and covid-19", "c++ c# and covid 19"),
        ("en", "page#section x++y", "page section x y"),
        ("en", "trans\u00adlations and ﬁnding", "translat and find"),
        ("en", "Ｆｕｌｌ width", "full width"),
        ("de", "Straße", "strass"),
        ("pl", "Łódź", "lodz"),
    ],
)
def test_tokens(language: str, text: str, expected: str) -> None:
    assert tokens(text, language) == expected.split()


@pytest.mark.parametrize("language", ["fr", "es", "de", "pt", "cs", "sv"])
@pytest.mark.parametrize(
    "word", ["acceptées", "études", "canción", "Häuser", "ação", "možností", "smörgås", "naïve"]
)
def test_words_are_found_with_and_without_their_diacritics(language: str, word: str) -> None:
    held = tokens(f"x {word} y", language)
    for typed in (word, fold(word), word.upper()):
        assert any(one[0] in held for one in variants(typed, (language,))), typed


def test_a_mark_that_is_no_diacritic_stays() -> None:
    assert fold("Ёж й ά ü") == "еж й α u"
    assert fold("नी") == "नी"
    assert fold("が") == "が"


def test_a_word_is_looked_up_by_its_stems_in_every_language() -> None:
    assert variants("parsing", ("en", "de")) == (("pars",), ("parsing",))
    assert variants("haus", ("en", "de")) == (("haus",),)


def test_letters_without_spaces_are_looked_up_in_pairs() -> None:
    assert phrase("机器学习", "zh") == ("机器", "器学", "学习")
    assert phrase("中", "zh") == ("中",)
    assert longer_runs("机器学习") == []
    assert longer_runs("我们研究机器学习") == [
        "我们",
        "们研",
        "研究",
        "究机",
        "机器",
        "器学",
        "学习",
    ]
    assert longer_runs("基于BERT的预训练模型")[:3] == ["基于", "bert", "的预"]
    assert longer_runs("コンピュータビジョン") == []
    assert longer_runs("word") == []


def test_a_start_is_not_stemmed() -> None:
    assert start("machine transla", "en") == ("machin", "transla")
    assert "general" in hidden_stems("generali", ("en",))
    assert "happi" in hidden_stems("happy", ("en",))
    assert hidden_stems("gen", ("en",)) == []


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The rights of man", "en"),
        ("Die Würde des Menschen", "de"),
        ("Tous les êtres humains naissent libres et égaux", "fr"),
        ("Todos los seres humanos nacen libres e iguales en dignidad", "es"),
        ("Все люди рождаются свободными", "ru"),
        ("人人生而自由，在尊严和权利上一律平等。", "zh"),
        ("すべての人間は、生まれながらにして自由であり", "ja"),
        ("มนุษย์ทั้งหลายเกิดมามีอิสระ", "th"),
        ("모든 인간은 태어날 때부터 자유로우며", "ko"),
        ("Attention", "en"),
        ("x y e a o", "en"),
        ("", "en"),
        ("123 🙂", "en"),
    ],
)
def test_a_language_that_is_not_declared_is_guessed(text: str, language: str) -> None:
    assert guess_language(text) == language


@pytest.mark.parametrize("declared", ["de", "DE", "deu", "ger", "de-AT", "German", "deutsch"])
def test_a_declared_language_counts(declared: str) -> None:
    assert language_of(declared, "All words are English here") == "de"


def test_small_words_are_those_of_the_querys_language() -> None:
    assert {"der", "die", "the"} <= stop_words(["die", "würde", "der"], ("en", "de"))
    assert "die" not in stop_words(["die", "hard"], ("en",))


ANY = st.text(st.characters(), max_size=60)


@given(ANY, st.sampled_from(["en", "de", "ru", "zh", "th", "ar", "xx"]))
@example("⑴ ℀ ½ №5", "en")
def test_tokens_hold_what_the_index_takes(text: str, language: str) -> None:
    for token in tokens(text, language):
        assert token
        assert not set(token) & set(" \x00\"'()*:^-")


@given(ANY)
def test_a_folded_text_keeps_the_places(text: str) -> None:
    assert len(fold_in_place(text)) == len(text)
    assert len(Haystack(text).bytes) == len(text)


@given(st.text("abcéüßαжя中国. -", min_size=1, max_size=30))
def test_a_text_has_its_own_words_as_a_phrase(text: str) -> None:
    whole = ExactPhrase(text.split(), begun=False)
    assert not whole or whole.stands_in(f"before {text} after")


@pytest.mark.parametrize(
    ("words", "text", "there"),
    [
        ("neural network", "A Neural-Network model", True),
        ("neural network", "neural networks", False),
        ("neural network", "a network, neural", False),
        ("neural network", "xneural network", False),
        ("strasse", "in der Straße", True),
        ("Straße", "in der STRASSE", True),
        ("etudes", "les e\u0301tudes", True),
        ("права", "Права и свободы", True),
        ("право", "Права и свободы", False),
        ("学习", "机器学习方法", True),
        ("习学", "机器学习方法", False),
        ("c++", "in C++ code", True),
        ("šachy", "o šachách a Šachy", True),
    ],
)
def test_an_exact_phrase(words: str, text: str, there: bool) -> None:
    assert ExactPhrase(words.split(), begun=False).stands_in(text) is there
