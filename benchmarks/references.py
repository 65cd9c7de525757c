"""How long the shipped model takes to parse a reference.

    python benchmarks/references.py [--references 500]

The references are of four styles, their numbers made up. The time is of the processor: the median
of five runs, in ms a reference, with the first reference (which loads the model) apart.
"""

import argparse
import json
import random
import statistics
import sys
import time

from alexandria.bootstrap import citation_reader

STYLES = (
    "[{n}] A. Moe and B. Roe. The habits of owls. In Proceedings of Ornithology, pages {p}-{q}, {y}.",
    "Moe, A., & Roe, B. ({y}). Tides of the northern sea. Journal of Seas, {n}({m}), {p}-{q}.",
    "{n}. Moe A, Roe B. Bridges of stone. Arch. Eng. {y};{n}({m}):{p}-{q}. doi:10.1234/{p}.{q}",
    "Ada Moe, Bo Roe: On loads and arches. Masonry Letters {n}: {p}-{q} ({y})",
)


def made_up(count: int) -> list[str]:
    chance = random.Random(1)
    found = []
    for number in range(count):
        first = chance.randint(1, 900)
        parts = {"n": number % 90 + 1, "m": chance.randint(1, 12), "y": chance.randint(1950, 2025)}
        found.append(STYLES[number % 4].format(p=first, q=first + chance.randint(1, 30), **parts))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--references", type=int, default=500)
    references = made_up(parser.parse_args().references)
    reader = citation_reader()
    began = time.process_time()
    reader.parse_reference(references[0])
    first = time.process_time() - began
    spent = []
    for _ in range(5):
        began = time.process_time()
        for reference in references:
            reader.parse_reference(reference)
        spent.append(1000 * (time.process_time() - began) / len(references))
    report = {
        "references": len(references),
        "first_ms": round(1000 * first, 1),
        "ms_per_reference": round(statistics.median(spent), 2),
    }
    sys.stdout.write(json.dumps(report) + "\n")


if __name__ == "__main__":
    main()
