# ruff: noqa: RUF001 - letters of other scripts look like Latin ones
import html
import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alexandria.adapters.fulltext_match import Reading
from alexandria.adapters.snippets import Snippets, Wanted, as_html
from alexandria.services.search.query import parse


def snippet(query: str, text: str, *languages: str) -> str | None:
    reading = Reading(languages or ("en",))
    wanted = [Wanted(one, 1.0) for one in reading.asked(parse(query).keyword).wanted]
    passage = Snippets(wanted, reading.languages).passage(text)
    return as_html(passage) if passage else None


@pytest.mark.parametrize(
    ("query", "text", "shown"),
    [
        ("parse", "Parsing and parsed", "<mark>Parsing</mark> and <mark>parsed</mark>"),
        ("happy", "an unhappy, happy end", "an unhappy, <mark>happy</mark> end"),
        ("hope", "hoping", "<mark>hoping</mark>"),
        ("state-of-the-art", "the state of the art.", "the <mark>state of the art</mark>."),
        ('"neural nets"', "neural net, neural-nets", "neural net, <mark>neural-nets</mark>"),
        ("pars*", "Parsers, spars", "<mark>Parsers</mark>, spars"),
        ('"deep lear"*', "deep learning", "<mark>deep learning</mark>"),
        ("c++", "C, C++ and c", "C, <mark>C++</mark> and c"),
        ("Haus", "viele Häuser", "viele <mark>Häuser</mark>"),
        ("strasse", "die Straße", "die <mark>Straße</mark>"),
        ("etude", "les e\u0301tudes", "les <mark>études</mark>"),
        ("право", "о правах", "о <mark>правах</mark>"),
        ("自由", "人人生而自由，在", "人人生而<mark>自由</mark>，在"),
        ("中", "在中国", "在<mark>中</mark>国"),
        ("機械学習の研究", "機械学習を研究する", "<mark>機械学習</mark>を<mark>研究</mark>する"),
        ("สิทธิ", "ศักดิ์และสิทธิ ต่าง", "ศักดิ์และ<mark>สิทธิ</mark> ต่าง"),
        ("권리", "존엄과 권리에 있어", "존엄과 <mark>권리</mark>에 있어"),
        ("x", "nothing of it", None),
        ("x", "", None),
    ],
)
def test_what_matches_is_marked(query: str, text: str, shown: str | None) -> None:
    assert snippet(query, text, "en", "de", "fr", "ru", "zh") == shown


def test_white_space_is_folded() -> None:
    assert snippet("b", "a\n\n   b\t c") == "a <mark>b</mark> c"


def test_the_passage_with_the_rare_word_is_preferred() -> None:
    reading = Reading(("en",))
    common, rare = reading.asked(parse("common rare").keyword).wanted
    snippets = Snippets([Wanted(common, 0.1), Wanted(rare, 0.5)], reading.languages)
    filler = "words and words " * 50
    passage = snippets.passage(f"common common {filler} rare {filler} common")
    assert passage
    assert "<mark>rare</mark>" in as_html(passage)
    assert not snippets.shows_all(passage)
    assert snippets.shows_all(snippets.passage("common and rare"))


ALPHABET = 'aäßé<&>"x中国สิж한 \n.\u0301+*-\x00🙂'


@given(st.text(ALPHABET, max_size=30), st.text(ALPHABET, max_size=400))
def test_a_snippet_is_a_piece_of_the_text(query: str, text: str) -> None:
    found = snippet(f"{query} a 中", text, "en", "de")
    if found is None:
        return
    assert re.fullmatch(r"(?:[^<>]|<mark>[^<>]+</mark>)*", found)
    plain = html.unescape(re.sub("</?mark>", "", found)).strip("…")
    whole = re.sub(r"\s+", " ", unicodedata.normalize("NFC", text))
    assert plain.strip() in whole
