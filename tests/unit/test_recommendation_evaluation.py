import json
from pathlib import Path

import pytest

from alexandria.bootstrap import learn_readings
from alexandria.errors import InvalidInputError
from alexandria.services.recommendations.evaluation import evaluate_recommendations


def quiet(step: str, done: int, total: int) -> None:
    del step, done, total


def write(folder: Path, users: list[dict[str, object]]) -> None:
    items = [{"id": n, "tags": ["even" if n % 2 == 0 else "odd"]} for n in range(1, 41)]
    for name, rows in (("users", users), ("items", items)):
        (folder / f"{name}.jsonl").write_text("\n".join(map(json.dumps, rows)))
    (folder / "citations.tsv").write_text("item\tlinked_item\n1\t3\n3\t1\n")


def test_what_others_read_together_is_found_and_written(tmp_path: Path) -> None:
    odd = [n for n in range(1, 41) if n % 2]
    users: list[dict[str, object]] = [
        {"user": n, "library": odd[:-1], "withheld": []} for n in range(8)
    ]
    users.append({"user": 8, "library": odd[:10], "withheld": odd[10:12]})
    write(tmp_path, users)
    out = tmp_path / "out.jsonl"
    report = evaluate_recommendations(tmp_path, learn_readings, quiet, out)
    assert (report["readers"], report["recommendation_recall_at_20"]) == (1, 1.0)
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    assert [row["user"] for row in rows] == list(range(9))
    assert not set(rows[8]["items"]) & set(odd[:10])


def test_a_folder_without_files_or_withheld_items_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match=r"users\.jsonl"):
        evaluate_recommendations(tmp_path, learn_readings, quiet)
    write(tmp_path, [{"user": 1, "library": [1], "withheld": []}])
    with pytest.raises(InvalidInputError, match="withheld"):
        evaluate_recommendations(tmp_path, learn_readings, quiet)
