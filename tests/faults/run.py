"""`make faults SECONDS=600 SEED=1`: fault runs with one seed after the other until the time is up."""

import argparse
import sys
import time
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from killing import disturbed, undisturbed


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    deadline = time.monotonic() + asked.seconds
    kills: Counter[str] = Counter()
    wrong = runs = 0
    with TemporaryDirectory() as folder:
        expected = undisturbed(Path(folder), asked.seed)
    seed = asked.seed
    while time.monotonic() < deadline:
        with TemporaryDirectory() as folder:
            outcome = disturbed(Path(folder), seed, asked.seed, expected)
        kills += outcome.kills
        runs, seed, wrong = runs + 1, seed + 1, wrong + bool(outcome.wrong)
        verdict = "; ".join(outcome.wrong) or "as undisturbed"
        print(
            f"seed {outcome.seed}: {outcome.kills.total()} kills, settled after "
            f"{outcome.settled_seconds:.1f} s: {verdict}",
            flush=True,
        )
    places = ", ".join(f"{place} {count}" for place, count in sorted(kills.items()))
    print(f"{runs} runs, {kills.total()} kills ({places}): {wrong} runs differ")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
