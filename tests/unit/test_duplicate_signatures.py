"""Signatures and verification of near-duplicates: what is one work, and what is another."""

from dataclasses import replace
from itertools import permutations

import pytest

from alexandria.services.near_duplicates.explanation import explain
from alexandria.services.near_duplicates.pairs import pair_of
from alexandria.services.near_duplicates.signature import (
    NUMBERS,
    Source,
    jaccard,
    keys_of,
    signature_of,
)
from alexandria.services.near_duplicates.verification import Evidence, compare, verify
from alexandria.services.near_duplicates.words import (
    Name,
    is_generic,
    name_of,
    numbers_in,
    words_of,
)

PAPER = Source(
    title="Inside-Outside Reestimation From Partially Bracketed Corpora",
    authors=("Fernando Pereira", "Yves Schabes"),
    year=1992,
)
WORDS = [f"word{number}" for number in range(400)]


def suggested(one: Source, other: Source) -> Evidence | None:
    """Give the evidence, if the index brings the two together and they are worth a look."""
    ours, theirs = signature_of(one), signature_of(other)
    assert verify(ours, theirs) == verify(theirs, ours)
    return verify(ours, theirs) if keys_of(ours) & keys_of(theirs) else None


@pytest.mark.parametrize(
    "other",
    [
        PAPER,
        replace(PAPER, title=PAPER.title.upper(), authors=("Pereira, F.", "Schabes, Y.")),
        replace(PAPER, title="lnside-Outside Recstimation From Partially Brackcted Corpora"),
        replace(PAPER, title="Inside Outside {R}eestimation from partially bracketed corpora."),
        replace(PAPER, title=f"{PAPER.title}: a longer look", year=1993),
        replace(PAPER, authors=("Yves Schabes", "Fernando C. N. Pereira", "et al."), year=None),
        replace(PAPER, authors=("Pereira", "Schabcs")),
        replace(PAPER, authors=()),
    ],
    ids=[
        *("equal", "capitals, initials", "scanned", "LaTeX", "subtitle, next year"),
        *("order, no year", "surnames", "no authors"),
    ],
)
def test_one_work_as_it_is_written_elsewhere_is_suggested(other: Source) -> None:
    assert suggested(PAPER, other)


@pytest.mark.parametrize(
    "other",
    [
        replace(PAPER, title=f"{PAPER.title}, Part II"),
        replace(PAPER, title=f"{PAPER.title} 2"),
        replace(PAPER, title=f"Erratum: {PAPER.title}"),
        replace(PAPER, title=PAPER.title.replace("Partially", "Completely")),
        replace(PAPER, title=PAPER.title.replace("Bracketed", "Unbracketed")),
        replace(PAPER, title="Parsing With Partially Bracketed Corpora"),
        replace(PAPER, year=1994),
        replace(PAPER, authors=("Ada Moe", "Bo Roe")),
        replace(PAPER, authors=("Gonzalo Pereira", "Zoe Schabes")),
        replace(PAPER, authors=(), year=1993),
    ],
    ids=[
        *("part", "number", "erratum", "a word", "a prefix", "another title", "two years later"),
        *("other people", "namesakes", "no authors and another year"),
    ],
)
def test_another_work_is_not(other: Source) -> None:
    assert suggested(PAPER, other) is None


@pytest.mark.parametrize(
    "title", ["Introduction", "Book Reviews", "Untitled", "Preface to the 2nd"]
)
def test_a_title_that_many_have_says_nothing(title: str) -> None:
    one = Source(title=title, authors=("Ada Moe",), year=2001)
    assert suggested(one, one) is None
    text = " ".join(WORDS[:60])
    assert suggested(replace(one, abstract=text), replace(one, abstract=text))


def test_abstracts_say_that_two_of_one_title_are_two() -> None:
    one, other = (replace(PAPER, abstract=" ".join(part)) for part in (WORDS[:80], WORDS[80:160]))
    assert suggested(one, other) is None
    assert suggested(one, PAPER)


def test_a_text_tells_one_work_whatever_its_title() -> None:
    text = " ".join(WORDS)
    one = Source(title="scan0001.pdf", content=text)
    assert suggested(one, Source(title="On owls", content=text))
    shared = Source(title="On owls", content=" ".join([*WORDS[:340], *map(str, range(60))]))
    evidence = compare(signature_of(one), signature_of(shared))
    assert evidence.content == pytest.approx(338 / 458, abs=0.12)
    assert suggested(one, shared) is None, "nothing else speaks for it"
    people = ("Ada Moe",)
    assert suggested(replace(one, authors=people), replace(shared, authors=people))


def test_the_same_identifier_counts_if_title_or_text_agree() -> None:
    one = replace(PAPER, identifiers={"doi": "10.1234/x", "url": "https://example.org"})
    renamed = replace(one, title=f"{PAPER.title} of English: A Report", year=1999, authors=())
    found = suggested(one, renamed)
    assert found
    assert (found.identifiers, found.score) == (("doi",), 1.0)
    assert suggested(one, replace(one, title="Chapter seven: on owls", authors=())) is None


def test_sketches_estimate_the_jaccard_coefficient() -> None:
    for shared in (0, 100, 200, 300, 398):
        ours, theirs = (
            signature_of(Source("t", content=" ".join(words)))
            for words in (WORDS, [*WORDS[:shared], *(f"other{n}" for n in range(400 - shared))])
        )
        grams = max(0, shared - 2)
        true = grams / (2 * 398 - grams)
        error = 4 * (true * (1 - true) / NUMBERS) ** 0.5 + 0.01
        assert jaccard(ours.sketches["content"], theirs.sketches["content"]) == pytest.approx(
            true, abs=error
        )


def test_sketches_are_the_same_in_every_process() -> None:
    """They are stored: what computes others has to name another producer."""
    sketch = signature_of(Source("Inside outside")).sketches["title"]
    assert sketch[:3].tolist() == [3346571116, 3319000102, 3396646781]
    assert min(keys_of(signature_of(Source("Inside outside")))) == 1036580595835996841


@pytest.mark.parametrize(
    ("author", "name"),
    [
        ("Ada B. Moe", Name("moe", "ab")),
        ("Moe, Ada B.", Name("moe", "ab")),
        ("van der Moe, Ada", Name("moe", "a")),
        ("MOE", Name("moe", "")),
        ("Bo Ångström Jr.", Name("angstrom", "b")),
        ("S{\\o}ren M{\\'u}ller", Name("muller", "s")),
        ("et al.", None),
        ("others", None),
        ("—", None),
        ("", None),
    ],
)
def test_names_are_read_however_they_are_printed(author: str, name: Name | None) -> None:
    assert name_of(author) == name


def test_words_and_numbers_of_titles() -> None:
    assert words_of("L\u2019été: ﬁve {\\'E}tudes_d'Œuvre") == ["lete", "five", "etudes", "doeuvre"]
    assert words_of("機械翻訳 2") == ["機", "械", "翻", "訳", "2"]
    assert numbers_in(words_of("The 5th SemEval-2019 Task 03, part B and Vol. IV")) == [
        *("2019", "3", "4", "5", "b")
    ]
    assert numbers_in(words_of("I saw a 1ong mix of seq2seq")) == []
    assert is_generic(["book", "reviews"])
    assert not is_generic(["machine", "transliteration"])
    assert is_generic([])


def test_a_pair_is_the_same_from_both_sides() -> None:
    pairs = {pair_of(*two) for two in permutations(["a", "b"])}
    assert len(pairs) == 1
    assert pair_of("a", "b").id != pair_of("a", "c").id


def test_every_kind_of_evidence_has_words() -> None:
    signature = signature_of(replace(PAPER, abstract=" ".join(WORDS), identifiers={"arxiv": "1"}))
    told = explain(compare(signature, signature).as_dict())
    assert [(one.name, one.words) for one in told] == [
        ("arxiv", "They have the same arXiv id."),
        ("title", "The titles are the same."),
        ("authors", "2 of 2 authors are the same."),
        ("year", "The year is the same."),
        ("abstract", "The abstracts share about 100 % of their phrases."),
    ]
    bare = signature_of(Source("Owls", authors=("Ada Moe",), year=2003))
    words = [one.words for one in explain(compare(signature, bare).as_dict())]
    assert words[1:] == ["The author is another.", "The years are 11 apart."]
    words = [one.words for one in explain(compare(signature, signature_of(Source("O"))).as_dict())]
    assert words[1:] == ["One of the two names no authors.", "One of the two gives no year."]
