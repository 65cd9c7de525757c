"""Why a result stands where it does: what its score is the sum of."""

from collections.abc import Mapping, Sequence
from typing import TypedDict

from alexandria.protocols import WordMatch
from alexandria.services.search.ranking import Hit


class ExplainedWord(TypedDict):
    word: str
    fields: dict[str, int]
    """Field to how often it stands there."""
    score: float
    """Its part of BM25."""


class ExplainedPart(TypedDict):
    name: str
    """`keyword`, `semantic`, `neighbours`, `awaited` or `identifier`."""
    value: float | None
    """BM25, or cosine."""
    normalised: float
    weight: float
    score: float
    """`normalised` times `weight`."""


class Explanation(TypedDict):
    score: float
    parts: list[ExplainedPart]
    """Their scores add up to the result's."""
    words: list[ExplainedWord]
    """Their scores add up to BM25."""
    field_weights: dict[str, float]
    """Field to how much a match in it counts in BM25."""


def explain(
    hit: Hit, words: Sequence[WordMatch], field_weights: Mapping[str, float]
) -> Explanation:
    values = {"keyword": hit.keyword, "semantic": hit.semantic}
    return Explanation(
        score=round(hit.score, 6),
        parts=[
            ExplainedPart(
                name=name,
                value=_rounded(values.get(name)),
                normalised=round(normalised, 6),
                weight=weight,
                score=round(normalised * weight, 6),
            )
            for name, (normalised, weight) in hit.parts.items()
        ],
        words=[
            ExplainedWord(word=one.word, fields=dict(one.fields), score=round(one.score, 6))
            for one in words
        ],
        field_weights=dict(field_weights),
    )


def in_words(explanation: Explanation) -> list[str]:
    """Give sentences for a reader, the sum last."""
    said: list[str] = []
    for part in explanation["parts"]:
        said.append(_part_in_words(part))
        if part["name"] == "keyword" and part["value"] is not None:
            weights = explanation["field_weights"]
            said += [_word_in_words(word, weights) for word in explanation["words"]]
    return [*said, f"Together: {explanation['score']:.3f}."]


_NOTHING = {
    "keyword": "Words give nothing: it has none of them.",
    "semantic": "Meaning gives nothing: it is not among the nearest.",
}
_BY_FEEDBACK = "Meaning gives {:.3f}: it is like the best results, though not among the nearest."
_NAMES = {"keyword": ("Words give", "BM25"), "semantic": ("Meaning gives", "a cosine")}


def _part_in_words(part: ExplainedPart) -> str:
    name, value = part["name"], part["value"]
    if name == "awaited":
        return f"Its meaning is not computed yet, and counts as its words do: {part['score']:.3f}."
    if name == "neighbours":
        return (
            f"Its neighbours give {part['score']:.3f}: the results that are most like it score "
            f"{part['normalised']:.3f}, times {part['weight']:.2g}."
        )
    if name not in _NAMES:
        return "It has the identifier that you typed, and so it comes first."
    if value is None:
        return _NOTHING[name] if not part["score"] else _BY_FEEDBACK.format(part["score"])
    given, measure = _NAMES[name]
    if part["weight"] == 1:
        return f"{given} {part['score']:.3f}, {measure}."
    return (
        f"{given} {part['score']:.3f}: {measure} of {value:.3f}, which is {part['normalised']:.3f} "
        f"on the way from the lowest to the highest found, times {part['weight']:.2g}."
    )


def _word_in_words(word: ExplainedWord, weights: Mapping[str, float]) -> str:
    places = ", ".join(
        f"{number} in {field}" + (f" (each counts {weights[field]:g})" * (weights[field] != 1))
        for field, number in word["fields"].items()
    )
    return f"“{word['word']}” adds {word['score']:.3f} to BM25" + (
        f": {places}." if places else "."
    )


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)
