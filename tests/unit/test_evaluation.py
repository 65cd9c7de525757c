import gzip
import json
import math
from collections.abc import Mapping
from pathlib import Path

import pytest

from alexandria.errors import InvalidInputError
from alexandria.services.evaluation import evaluate_search, ndcg, read_collection, recall
from search_parts import open_library

CORPUS = [
    {"id": "d1", "title": "Wing flutter", "text": "Flutter of thin wings at high speed."},
    {"id": "d2", "title": "", "text": "Heat conduction in composite slabs."},
    {"id": "d3", "title": "Boundary layers", "text": ""},
    {"id": "d4", "title": "", "text": ""},
]
QUERIES = {"q1": "flutter of wings", "q2": "conducting heat", "q3": "submarines"}
QRELS = "query_id\tdoc_id\trelevance\nq1\td1\t4\nq1\td3\t0\nq2\td2\t1\nq3\td1\t0\nq9\td1\t2\n"


def write(folder: Path, *, zipped: bool = True, qrels: str = QRELS) -> Path:
    corpus = "\n".join(json.dumps(row) for row in CORPUS).encode()
    if zipped:
        (folder / "corpus.jsonl.gz").write_bytes(gzip.compress(corpus))
    else:
        (folder / "corpus.jsonl").write_bytes(corpus)
    (folder / "queries.jsonl").write_text(
        "\n".join(json.dumps({"id": one, "text": words}) for one, words in QUERIES.items())
    )
    (folder / "qrels.tsv").write_text(qrels)
    return folder


def dcg(*gains: int) -> float:
    return sum(gain / math.log2(rank + 2) for rank, gain in enumerate(gains))


@pytest.mark.parametrize(
    ("ranked", "judged", "expected"),
    [
        (["a", "b", "c"], {"a": 3, "b": 2, "c": 1}, 1.0),
        (["c", "b", "a"], {"a": 3, "b": 2, "c": 1}, dcg(1, 2, 3) / dcg(3, 2, 1)),
        (["x", "a"], {"a": 1}, 1 / math.log2(3)),
        (["a"], {"a": 1, "b": 1}, 1 / dcg(1, 1)),
        (["a", "b"], {"a": -1, "b": 2}, 2 / math.log2(3) / 2),
        (["x"] * 10 + ["a"], {"a": 1}, 0.0),
        ([], {"a": 1}, 0.0),
        (["a"], {"a": 0}, 0.0),
    ],
)
def test_ndcg_has_linear_gain_and_an_ideal_of_all_judged(
    ranked: list[str], judged: Mapping[str, int], expected: float
) -> None:
    assert ndcg(ranked, judged) == pytest.approx(expected)


def test_the_ideal_is_no_deeper_than_the_list() -> None:
    judged = {str(number): 1 for number in range(50)}

    assert ndcg([str(number) for number in range(10)], judged) == pytest.approx(1.0)


def test_recall_counts_what_is_relevant_at_all() -> None:
    judged = {"a": 1, "b": 4, "c": 0, "d": 1, "e": 2}

    assert recall(["a", "c", "x", "b"], judged) == 0.5
    assert recall(["x"] * 100 + ["a"], judged) == 0.0
    assert recall(["a"], {"a": 0}) == 0.0


@pytest.mark.parametrize("zipped", [True, False])
def test_reads_a_collection(tmp_path: Path, *, zipped: bool) -> None:
    collection = read_collection(write(tmp_path, zipped=zipped))

    assert [one.id for one in collection.documents] == ["d1", "d2", "d3", "d4"]
    assert collection.documents[0].title == "Wing flutter"
    assert collection.queries == QUERIES
    assert collection.judgements == {"q1": {"d1": 4, "d3": 0}, "q2": {"d2": 1}, "q3": {"d1": 0}}


def test_the_header_line_may_be_missing(tmp_path: Path) -> None:
    folder = write(tmp_path, qrels="q1\td1\t4\nq2\td2\t-1\n")

    assert read_collection(folder).judgements == {"q1": {"d1": 4}, "q2": {"d2": -1}}


@pytest.mark.parametrize("missing", ["corpus.jsonl.gz", "queries.jsonl", "qrels.tsv"])
def test_a_missing_file_is_named(tmp_path: Path, missing: str) -> None:
    (write(tmp_path) / missing).unlink()

    with pytest.raises(InvalidInputError) as raised:
        read_collection(tmp_path)
    assert missing.removesuffix(".gz") in raised.value.message
    assert raised.value.remedy


@pytest.mark.parametrize(
    ("name", "content", "place"),
    [
        ("queries.jsonl", '{"id": "1", "text": "x"}\n{broken', "line 2"),
        ("queries.jsonl", '["1", "x"]', "line 1"),
        ("queries.jsonl", '{"id": "1"}', "line 1"),
        ("qrels.tsv", "q1\td1\t1\nq1 d1 1", "line 2"),
        ("qrels.tsv", "q1\td1\t1\nq1\td2\tvery", "line 2"),
        ("qrels.tsv", "query_id\tdoc_id\trelevance\n", "no judgement"),
    ],
)
def test_a_broken_line_is_named(tmp_path: Path, name: str, content: str, place: str) -> None:
    (write(tmp_path) / name).write_text(content)

    with pytest.raises(InvalidInputError, match=place):
        read_collection(tmp_path)


def test_measures_each_way_of_search(tmp_path: Path) -> None:
    steps: dict[str, tuple[int, int]] = {}

    def note(step: str, done: int, total: int) -> None:
        steps[step] = (done, total)

    measured = evaluate_search(write(tmp_path), open_library, note)

    perfect = {"ndcg@10": 1.0, "recall@100": 1.0}
    assert measured == {
        "dataset": tmp_path.name,
        "documents": 4,
        "queries": 2,
        "keyword": perfect,
        "semantic": perfect,
        "hybrid": perfect,
    }
    assert steps == {"load": (4, 4), "keyword": (2, 2), "semantic": (2, 2), "hybrid": (2, 2)}
