"""How good a classifier is: macro F1, accuracy, and the expected calibration error."""

from collections import Counter
from collections.abc import Mapping, Sequence

BINS = 15

Probabilities = Mapping[str, float]
"""Label to probability."""


def measure(truth: Sequence[str], answers: Sequence[Probabilities]) -> dict[str, float]:
    """Give macro F1 over the labels of the truth, accuracy, and ECE.

    ECE (Naeini et al., 2015): 15 bins of equal width over the top probability; the mean distance,
    by share of the answers in a bin, between how often they are right and how sure they are.
    """
    counts: Counter[tuple[str, str]] = Counter()
    bins = [[0, 0, 0.0] for _ in range(BINS)]
    for label, answer in zip(truth, answers, strict=True):
        found = max(answer, key=lambda one: answer[one]) if answer else ""
        sure = min(1.0, max(0.0, answer.get(found, 1.0)))
        counts["truth", label] += 1
        counts["found", found] += 1
        counts["right", label] += found == label
        place = bins[min(BINS - 1, int(sure * BINS))]
        place[0], place[1], place[2] = place[0] + 1, place[1] + (found == label), place[2] + sure
    labels = sorted(set(truth))
    scores = [
        2 * counts["right", one] / (counts["truth", one] + counts["found", one]) for one in labels
    ]
    total = max(1, len(truth))
    return {
        "macro_f1": sum(scores) / max(1, len(scores)),
        "accuracy": sum(counts["right", one] for one in labels) / total,
        "ece": sum(abs(right - sure) for _, right, sure in bins) / total,
    }
