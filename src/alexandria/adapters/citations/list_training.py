"""Trains the models that find and split lists of references."""

import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any

from alexandria.adapters.citations.finder_features import finder_features
from alexandria.adapters.citations.list_features import ListFeatures
from alexandria.adapters.citations.list_finder import BODY, LISTED, printed_lines
from alexandria.adapters.citations.made_up_lists import BEGIN, INSIDE, OUTSIDE, made_up_lists
from alexandria.adapters.citations.sequence_model import train
from alexandria.adapters.citations.words import WordClasses

LISTS, FINDER = ("lists-1.crf", "lists-2.crf"), "finder.crf"
_LIST_SETTINGS = (
    {"c1": 0.1, "c2": 0.1, "max_iterations": 100},
    {"c1": 0.5, "c2": 0.3, "max_iterations": 80},
)
_FINDER_SETTINGS = {"c1": 0.3, "c2": 0.3, "max_iterations": 80}
_MADE_UP = 500
_REPEATED = 2
"""How often each real list counts beside the made-up ones."""
_DOCUMENTS = 160
_BODY_LINES = (100, 500)

Record = Mapping[str, Any]


def train_lists(
    sections: Sequence[Record], references: Sequence[Record], classes: WordClasses, folder: Path
) -> None:
    """Write the models that split a list, learned from real lists and each from made-up ones."""
    features = ListFeatures(classes)
    real = [label_lines(record) for record in sections] * _REPEATED
    pairs = [(each["source"], each["raw"]) for each in references]
    for seed, (name, settings) in enumerate(zip(LISTS, _LIST_SETTINGS, strict=True), start=1):
        lists = [*real, *made_up_lists(pairs, _MADE_UP, seed)]
        rows = ((features(lines), labels) for lines, labels in lists)
        train(rows, folder / name, **settings)


def label_lines(section: Record) -> tuple[list[str], list[str]]:
    """Give the lines of a section, and which begin or belong to a reference."""
    lines = section["section_text"].split("\n")
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    labels = [OUTSIDE] * len(lines)
    text, places = letters(section["section_text"])
    at = 0
    for reference in section["references"]:
        for wanted in (reference.get("label", "") + reference["text"], reference["text"]):
            key, _ = letters(wanted)
            found = text.find(key, at) if key else -1
            if found >= 0:
                first = bisect_right(starts, places[found]) - 1
                last = bisect_right(starts, places[found + len(key) - 1]) - 1
                labels[first : last + 1] = [BEGIN, *[INSIDE] * (last - first)]
                at = found + len(key)
                break
    for i, line in enumerate(lines[:-1]):
        is_dash = bool(line.strip()) and not any(c.isalnum() for c in line)
        follows = i > 0 and labels[i - 1] != OUTSIDE
        if is_dash and follows and labels[i] == OUTSIDE and labels[i + 1] == BEGIN:
            labels[i : i + 2] = [BEGIN, INSIDE]  # the dash for the author above
    return lines, labels


def letters(text: str) -> tuple[str, list[int]]:
    """Give the letters and digits of a text in one case, and where each stands."""
    found = [
        (folded, at)
        for at, character in enumerate(text)
        for folded in unicodedata.normalize("NFKC", character).casefold()
        if folded.isalnum()
    ]
    return "".join(character for character, _ in found), [at for _, at in found]


def train_finder(
    bodies: Sequence[str], sections: Sequence[Record], references: Sequence[Record], folder: Path
) -> None:
    """Write the model that finds lists, learned from documents put together from parts.

    A document is some running text, lists, and text between and behind them; so no thesis is
    needed, whose licences mostly forbid it.
    """
    documents = _documents(bodies, sections, references, Random(1))  # noqa: S311 - no secret
    rows = (_finder_rows(lines, listed) for lines, listed in documents)
    train(rows, folder / FINDER, **_FINDER_SETTINGS)


def _finder_rows(lines: Sequence[str], listed: Sequence[bool]) -> tuple[list[list[str]], list[str]]:
    numbers, texts, gaps = printed_lines(lines)
    return finder_features(texts, gaps), [LISTED if listed[i] else BODY for i in numbers]


def _documents(
    bodies: Sequence[str], sections: Sequence[Record], references: Sequence[Record], random: Random
) -> Iterator[tuple[list[str], list[bool]]]:
    real = [label_lines(section) for section in sections]
    pairs = [(each["source"], each["raw"]) for each in references]
    made_up = list(made_up_lists(pairs, _DOCUMENTS, seed=2, laid_out=True))
    for _ in range(_DOCUMENTS):
        lines: list[str] = []
        listed: list[bool] = []
        for _ in range(random.choice((1, 1, 2, 3))):
            body = _body(random.choice(bodies), random)
            lines += body
            listed += [False] * len(body)
            found, labels = random.choice(real if real and random.random() < 0.4 else made_up)
            indent = " " * random.choice((0, 0, 4, 8))
            first = next((i for i, label in enumerate(labels) if label != OUTSIDE), 0)
            lines += (indent + line for line in found)
            listed += (i >= first for i in range(len(found)))
        if random.random() < 0.5:
            body = _body(random.choice(bodies), random)
            lines += ["", random.choice(("Appendix A", "APPENDIX", "Supplementary Figures")), *body]
            listed += [False] * (len(body) + 2)
        if random.random() < 0.3:  # typed with double spacing
            lines = [part for line in lines for part in (line, "")]
            listed = [flag for flag in listed for _ in range(2)]
        yield lines, listed


def _body(text: str, random: Random) -> list[str]:
    """Give a stretch of running text as lines of one width, with headings and gaps."""
    width = random.choice((45, 60, 70, 80, 95))
    indent = " " * random.choice((0, 0, 0, 4, 8))
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line = ""
        for word in paragraph.split():
            if line and len(line) + len(word) >= width:
                lines.append(indent + line)
                line = word
            else:
                line = f"{line} {word}" if line else word
        lines += [indent + line, *[""] * random.choice((0, 1, 2))]
    size = random.randint(*_BODY_LINES)
    start = random.randrange(max(1, len(lines) - size))
    lines = lines[start : start + size]
    for make, chance in ((_contents, 0.4), (_table, 0.5), (_table, 0.5)):
        if random.random() < chance:
            at = random.randrange(len(lines) + 1)
            lines[at:at] = make(text, random)
    return lines


def _contents(text: str, random: Random) -> list[str]:
    """Make up a table of contents from short lines of the text."""
    short = [line for line in text.split("\n") if 5 < len(line) < 60]
    page = 1
    lines = ["Table of Contents", ""]
    for line in short:
        page += random.randint(1, 9)
        lines.append(f"{line} {'.' * (70 - len(line))} {page}")
    return lines


def _table(text: str, random: Random) -> list[str]:
    """Make up a table of words and numbers, such as may be taken for volumes and pages."""
    words = random.sample(text.split(), min(40, len(text.split())))
    cells: tuple[Callable[[], str], ...] = (
        lambda: " ".join(random.sample(words, random.randint(1, 3))),
        lambda: random.choice(words).title(),
        lambda: str(random.randint(1, 2_030)),
        lambda: str(random.randint(1_950, 2_016)),
        lambda: f"{random.uniform(0, 90):.2f}",
        lambda: f"{random.randint(1, 40)}-{random.randint(1, 90)}",
        lambda: f"{random.choice(words).title()}, {random.choice(words)[:1].upper()}.",
        lambda: random.choice(("--", "PASS", "(0.02)", "[kN]", "%", "•")),
    )
    columns = [random.choice(cells) for _ in range(random.randint(2, 6))]
    gap = random.choice((3, 6, 10))
    return [
        " " * gap + "".join(cell().ljust(len(cell()) + gap) for cell in columns)
        for _ in range(random.randint(5, 40))
    ]
