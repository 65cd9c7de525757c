"""How long it takes to train the classifier of subjects, and to predict one resource's.

    python benchmarks/classification.py [--examples 6000] [--dataset DIR]

Without a data set the titles are made up of the words of seven subjects. Training is timed without
and with the embedding of its texts, a prediction as the median of 200 titles, one at a time.
"""

import argparse
import json
import random
import statistics
import sys
import time
from pathlib import Path

from alexandria.adapters.kernel_classifier import KernelTrainer
from alexandria.bootstrap import embedder
from alexandria.services.classification.evaluation import read_examples

WORDS = 400
ASKED = 200


def made_up(count: int) -> list[tuple[str, str]]:
    """Give texts and labels: ten words, of which four are of the label's own kind."""
    chance = random.Random(1)
    letters = "abcdefghijklmnopqrstuvwxyz"
    words = ["".join(chance.choices(letters, k=chance.randint(4, 9))) for _ in range(9 * WORDS)]
    found = []
    for number in range(count):
        label = number % 7
        own = words[(label + 2) * WORDS : (label + 3) * WORDS]
        picked = chance.choices(own, k=4) + chance.choices(words[: 2 * WORDS], k=6)
        found.append((" ".join(picked), f"subject {label}"))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=6000)
    parser.add_argument("--dataset", type=Path)
    options = parser.parse_args()
    examples = (
        [(one.text, one.label) for one in read_examples(options.dataset)[0]]
        if options.dataset
        else made_up(options.examples + ASKED)
    )
    asked = [text for text, _ in examples[-ASKED:]]
    learned = examples[: options.examples]
    texts = [text for text, _ in learned]
    model = embedder()
    began = time.perf_counter()
    vectors = model.embed(texts)
    embedded = time.perf_counter()
    classifier = KernelTrainer().train(texts, vectors, [label for _, label in learned])
    trained = time.perf_counter()
    alone, whole = [], []
    for text in asked:
        start = time.perf_counter()
        vector = model.embed([text])
        between = time.perf_counter()
        classifier.probabilities([text], vector)
        end = time.perf_counter()
        alone.append(1000 * (end - between))
        whole.append(1000 * (end - start))
    report = {
        "examples": len(learned),
        "embedding_seconds": round(embedded - began, 1),
        "training_seconds": round(trained - embedded, 1),
        "prediction_ms": round(statistics.median(alone), 1),
        "prediction_with_embedding_ms": round(statistics.median(whole), 1),
    }
    sys.stdout.write(json.dumps(report) + "\n")


if __name__ == "__main__":
    main()
