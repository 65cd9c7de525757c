import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = {"module": ROOT / "src" / "alexandria", "test": ROOT / "tests", "guide": ROOT / "docs"}
NOT_YET = re.compile(r"not yet: with [a-zA-Z ]+(\([a-z ]+\))?")


def numbered(counts: dict[int, int]) -> list[str]:
    return [f"{group}.{n}" for group, count in counts.items() for n in range(1, count + 1)]


# How many items each group of the specification has. Group 1 of the plan is one item by itself.
PLAN = [
    "1",
    *numbered({2: 3, 3: 3, 4: 9, 5: 10, 6: 7, 7: 2, 8: 6, 9: 4, 10: 5, 11: 6, 12: 3, 13: 5, 14: 3}),
]
REQUIREMENTS = numbered(
    {1: 5, 2: 5, 3: 8, 4: 7, 5: 8, 6: 4, 7: 5, 8: 4, 9: 5, 10: 5, 11: 5, 12: 4, 13: 5, 14: 5, 15: 5}
)


@dataclass(frozen=True)
class Row:
    item: str
    what: str
    module: str
    test: str
    guide: str


def rows(heading: str) -> list[Row]:
    text = (ROOT / "docs" / "specification.md").read_text(encoding="utf-8")
    section = text.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")][2:]
    return [Row(*(cell.strip() for cell in line.strip("|").split("|"))) for line in lines]


def entries() -> Iterator[tuple[str, str, str]]:
    """Item, kind and one entry of its cell: a path in backticks or a `not yet`."""
    for heading in ("The plan", "The requirements"):
        for row in rows(heading):
            for kind in FOLDERS:
                for entry in re.split(r", (?=`|not yet)", getattr(row, kind)):
                    yield f"{heading} {row.item}", kind, entry


def is_there(kind: str, path: str) -> bool:
    return any((folder / path).exists() for folder in (FOLDERS[kind], ROOT))


@pytest.mark.parametrize(
    ("heading", "items"), [("The plan", PLAN), ("The requirements", REQUIREMENTS)]
)
def test_each_item_stands_once_and_in_order(heading: str, items: list[str]) -> None:
    assert [row.item for row in rows(heading)] == items


def test_each_path_exists() -> None:
    named = {(kind, entry.strip("`")) for _, kind, entry in entries() if "`" in entry}
    assert sorted(path for kind, path in named if not is_there(kind, path)) == []


def test_each_cell_names_a_path_or_the_work_that_brings_it() -> None:
    path = re.compile(r"`[\w./-]+`")
    odd = [
        (item, entry)
        for item, _, entry in entries()
        if not (path.fullmatch(entry) or NOT_YET.fullmatch(entry))
    ]
    assert odd == []
