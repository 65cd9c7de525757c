from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alexandria.services.quality_rules import WEIGHTS, QualityInputs, assess

OTHER = (
    "Parsers trained on newspapers lose accuracy when people write short messages. Annotating a "
    "thousand sentences by hand recovers most of what was lost, and active selection needs only "
    "half of these labels."
)
GOOD = QualityInputs(
    title="Laminar flow over thin airfoils",
    abstract="We measure the drag of thin airfoils in slow flow. A wind tunnel with very little "
    "turbulence keeps the boundary layer laminar up to three quarters of the chord, and hot wires "
    "follow its transition.",
    text="Laminar flow over thin airfoils. We measure the drag. Earlier tunnels had shown a sharp "
    "rise near the nose, which theory could not explain; our polished models give smooth curves at "
    "every angle of attack below stall.",
    authors=("Ada Lovelace", "Emmy Noether"),
    year=2020,
    venue="A journal",
    identifiers={"doi": "10.1234/abc", "arxiv": "2001.01234"},
    language="en",
    interactions=4,
    cited_by=2,
)


@pytest.mark.parametrize(
    ("defect", "dimension"),
    [
        ({"title": "final_version.pdf"}, "accuracy"),
        ({"authors": ("Ada Lovelace", "ada@example.org")}, "accuracy"),
        ({"identifiers": {"doi": "no doi", "arxiv": "2001.01234"}}, "accuracy"),
        ({"text": "(cid:12)(cid:13) flow " * 20}, "accuracy"),
        ({"text": OTHER.replace("e", "\ufffd")}, "accuracy"),
        ({"title": "Laminar \ufffdow over thin airfoils"}, "accuracy"),
        ({"venue": None}, "completeness"),
        ({"language": None}, "completeness"),
        ({"text": ""}, "completeness"),
        ({"abstract": GOOD.title}, "consistency"),
        ({"abstract": OTHER}, "consistency"),
        ({"text": OTHER}, "consistency"),
        ({"authors": ("Ada Lovelace", "ada lovelace")}, "consistency"),
        ({"identifiers": {"doi": "10.1234/abc", "arxiv": "1001.01234"}}, "consistency"),
        ({"interactions": 1}, "relevance"),
    ],
)
def test_a_defect_lowers_exactly_its_dimension(defect: dict[str, Any], dimension: str) -> None:
    before = assess(GOOD, 2024).dimensions
    after = assess(replace(GOOD, **defect), 2024).dimensions
    lower = {n for n in WEIGHTS if (after[n].score or 0) < (before[n].score or 0)}
    assert lower == {dimension}


def test_ten_years_halve_timeliness() -> None:
    assert assess(GOOD, 2030).dimensions["timeliness"].score == pytest.approx(0.5)


def test_without_evidence_there_is_no_score() -> None:
    found = assess(QualityInputs(title="A title alone"), 2024).dimensions
    assert found["consistency"].score is None
    assert found["timeliness"].score is None
    assert found["relevance"].score is None


def test_the_overall_score_leaves_out_what_is_not_known() -> None:
    found = assess(QualityInputs(title="A title alone"), 2024)
    accuracy, completeness = (found.dimensions[n].score for n in ("accuracy", "completeness"))
    assert accuracy == 1
    assert completeness == 0
    assert found.overall == pytest.approx(0.30 / 0.55)


@given(
    st.text(),
    st.none() | st.text(),
    st.text(),
    st.lists(st.text()),
    st.none() | st.integers(-3000, 3000),
    st.dictionaries(st.sampled_from(["doi", "arxiv", "isbn", "url"]), st.text()),
)
def test_any_record_has_scores_from_0_to_1_and_reasons(
    title: str,
    abstract: str | None,
    text: str,
    authors: list[str],
    year: int | None,
    identifiers: dict[str, str],
) -> None:
    inputs = QualityInputs(title, abstract, text, tuple(authors), year, identifiers=identifiers)
    found = assess(inputs, 2024)
    for dimension in found.dimensions.values():
        assert dimension.score is None or 0 <= dimension.score <= 1
        assert dimension.reasons
