import gzip
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "src" / "alexandria" / "data" / "sample"
BUILD = ROOT / "tools" / "build_sample.py"

ABSTRACT = "We study how parsers of free word order follow the shape of words, and report. " * 8


def sample() -> list[dict[str, Any]]:
    text = (SAMPLE / "papers.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def test_each_paper_of_the_sample_is_whole_and_free_to_pass_on() -> None:
    papers = sample()
    assert 250 <= len(papers) <= 350
    for paper in papers:
        assert all(paper[field] for field in ("id", "title", "abstract", "authors", "venue")), paper
        # Of the Anthology, the association's own proceedings of 2016 and later are CC BY 4.0.
        assert paper["year"] >= 2016
        assert paper["doi"] == f"10.18653/v1/{paper['id'].lower()}"
        assert paper["url"] == f"https://aclanthology.org/{paper['id']}/"


def test_no_paper_stands_twice() -> None:
    papers = sample()
    assert len({paper["doi"] for paper in papers}) == len(papers)
    assert len({paper["title"].casefold() for paper in papers}) == len(papers)


def test_the_attribution_names_source_licence_and_the_true_count() -> None:
    text = (SAMPLE / "ATTRIBUTION.md").read_text(encoding="utf-8")
    assert "https://aclanthology.org/" in text
    assert "https://creativecommons.org/licenses/by/4.0/" in text
    assert re.findall(r"records of (\d+) papers", text) == [str(len(sample()))]


def paper(number: int, **changes: object) -> dict[str, object]:
    return {
        "id": f"W19-{number:04}",
        "title": f"A treebank, number {number}",
        "abstract": f"{ABSTRACT} {number}",
        "authors": ["First Author"],
        "year": 2019,
        "venue": f"Workshop {number % 3}",
        "doi": f"10.18653/v1/W19-{number:04}",
        **changes,
    }


def build(tmp_path: Path, papers: list[dict[str, object]]) -> str:
    source = tmp_path / "papers.jsonl.gz"
    with gzip.open(source, "wt", encoding="utf-8") as lines:
        lines.writelines(json.dumps(one) + "\n" for one in papers)
    command = [sys.executable, str(BUILD), str(source), "--output", str(tmp_path)]
    subprocess.run(command, check=True, capture_output=True)
    return (tmp_path / "papers.jsonl").read_text(encoding="utf-8")


def test_the_same_papers_in_any_order_give_the_same_sample(tmp_path: Path) -> None:
    papers = [paper(number) for number in range(30)]
    built = build(tmp_path, papers)
    assert len(built.splitlines()) == 8  # four papers on a topic, and with each its nearest
    assert build(tmp_path, papers[::-1]) == built


def test_only_papers_with_the_right_to_pass_them_on_are_taken(tmp_path: Path) -> None:
    papers = [
        paper(1),
        paper(2, year=2015),
        paper(3, doi="10.1162/coli_a_00300"),
        paper(4, doi=None),
        paper(5, abstract="Too short."),
        paper(6, title="A treebank in $\\LaTeX$"),
    ]
    assert [json.loads(line)["id"] for line in build(tmp_path, papers).splitlines()] == ["W19-0001"]
