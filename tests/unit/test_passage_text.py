import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alexandria.services.passage_text import passages

SENTENCES = [
    f"This is the sentence with the number {number}, and it says what it says."
    for number in range(50)
]


def cut(text: str) -> list[str]:
    return [text[start:end] for start, end in passages(text)]


def test_passages_are_whole_sentences() -> None:
    text = " ".join(SENTENCES)

    found = cut(text)

    assert " ".join(found) == text
    assert all(one.startswith("This") and one.endswith(".") for one in found)
    assert all(100 < len(one) < 400 for one in found)


def test_a_change_leaves_the_passages_far_from_it_as_they_were() -> None:
    before = set(cut(" ".join(SENTENCES)))
    after = set(cut(" ".join([*SENTENCES[:25], "Something was put in between. ", *SENTENCES[25:]])))

    assert len(before & after) >= 0.4 * len(before)


def test_what_has_no_sentences_is_cut_between_words() -> None:
    text = "word " * 500

    assert all(
        len(one) <= 380 and one.startswith("word") and one.endswith("word") for one in cut(text)
    )


@pytest.mark.parametrize(
    "sentence",
    ["日本語の文章には空白がありません。", "深度学习改变了机器翻译的方法。"],
)
def test_dense_scripts_make_shorter_passages(sentence: str) -> None:
    found = cut(sentence * 40)

    assert "".join(found) == sentence * 40
    assert all(one.endswith("。") and len(one) <= 126 for one in found)


@pytest.mark.parametrize("text", ["", "  \n ", "12 34 !!", "…"])
def test_what_has_no_letters_is_no_passage(text: str) -> None:
    assert passages(text) == []


@given(st.text())
def test_every_letter_of_any_text_is_in_one_passage(text: str) -> None:
    found = passages(text)

    assert all(0 <= start < end <= len(text) for start, end in found)
    assert all(one[1] <= two[0] for one, two in itertools.pairwise(found))
    covered = {place for start, end in found for place in range(start, end)}
    assert all(place in covered for place, one in enumerate(text) if one.isalpha())
