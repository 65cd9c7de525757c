"""How well documents are read: the text and title of web pages, PDFs and JATS articles.

    python benchmarks/extraction.py --data DIR --predictions OUT [--json FILE]

DIR holds `web-pages`, `pdfs` and `full-papers-jats`, each with a list in JSON lines of what a
reader should get out of its files. What was read is written to OUT as JSON lines.
"""

import argparse
import collections
import json
import re
import time
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from alexandria.adapters.extractors.registry import extract
from alexandria.errors import ExtractionError
from alexandria.protocols.extraction import ExtractedDocument, Record

NOTHING = Record()


def main() -> None:
    options = _options()
    options.predictions.mkdir(parents=True, exist_ok=True)
    report: dict[str, dict[str, float]] = {}
    for name, measure in {
        "web-pages": _web_pages,
        "pdfs": _pdfs,
        "full-papers-jats": _articles,
    }.items():
        predicted, report[name] = measure(options.data / name)
        lines = (json.dumps(one, ensure_ascii=False) + "\n" for one in predicted)
        path = options.predictions / f"{name}.jsonl"
        path.write_text("".join(lines), encoding="utf-8")
    for name, figures in report.items():
        for figure, value in figures.items():
            print(f"{name} {figure}: {value:.4g}")
    if options.json:
        options.json.write_text(json.dumps(report, indent=2) + "\n")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--predictions", type=Path, required=True)
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


def _web_pages(folder: Path) -> tuple[list[dict[str, Any]], dict[str, float]]:
    pages = _lines(folder / "pages.jsonl")
    predicted, started = [], time.perf_counter()
    for page in pages:
        record = _record(_read(folder / page["file"], url=page["url"]))
        predicted.append({"id": page["id"], "text": record.text or "", "title": record.title})
    seconds = time.perf_counter() - started
    pairs = list(zip(pages, predicted, strict=True))
    wanted = [_share(page, "must_contain", one) for page, one in pairs]
    unwanted = [_share(page, "must_not_contain", one) for page, one in pairs]
    return predicted, {
        "token_f1": _mean(
            _token_f1(page["expected_text"], one["text"])
            for page, one in pairs
            if "expected_text" in page
        ),
        "wanted": sum(hits for hits, _ in wanted) / sum(count for _, count in wanted),
        "unwanted": sum(hits for hits, _ in unwanted) / sum(count for _, count in unwanted),
        "title_exact": _exact((p.get("title"), one["title"]) for p, one in pairs),
        "ms_a_page": 1000 * seconds / len(pages),
    }


def _pdfs(folder: Path) -> tuple[list[dict[str, Any]], dict[str, float]]:
    files = _lines(folder / "pdfs.jsonl")
    predicted: list[dict[str, Any]] = []
    for file in files:
        started = time.perf_counter()
        document = _read(folder / file["file"])
        record = _record(document)
        predicted.append(
            {
                "file": file["file"],
                "opened": document is not None,
                "chars": len(record.text or ""),
                "title": record.title,
                "authors": list(record.authors),
                "year": record.year,
                "seconds": time.perf_counter() - started,
                "pages": document.pages if document else 0,
            }
        )
    pairs = [pair for pair in zip(files, predicted, strict=True) if pair[1]["opened"]]
    seconds, pages = (sum(one[name] for _, one in pairs) for name in ("seconds", "pages"))
    return predicted, {
        "title_exact": _exact((file.get("title"), one["title"]) for file, one in pairs),
        "author_f1": _words_f1((file.get("authors"), one["authors"]) for file, one in pairs),
        "ms_a_page": 1000 * seconds / pages,
    }


def _articles(folder: Path) -> tuple[list[dict[str, Any]], dict[str, float]]:
    papers = _lines(folder / "papers.jsonl")
    records = [_record(_read(folder / paper["file"])) for paper in papers]
    pairs = list(zip(papers, records, strict=True))
    dois = [
        ({r["doi"].lower() for r in paper["references"] if r.get("doi")}, set(record.cites))
        for paper, record in pairs
    ]
    predicted = [
        {"file": paper["file"], "references": [{"doi": doi} for doi in record.cites]}
        for paper, record in pairs
    ]
    return predicted, {
        "title_exact": _exact((paper.get("title"), record.title) for paper, record in pairs),
        "author_f1": _words_f1((paper.get("authors"), record.authors) for paper, record in pairs),
        "abstract_f1": _mean(
            _token_f1(paper["abstract"], record.abstract or "")
            for paper, record in pairs
            if paper.get("abstract")
        ),
        "journal_exact": _exact((paper.get("journal"), record.venue) for paper, record in pairs),
        "year_exact": _exact((paper.get("year"), record.year) for paper, record in pairs),
        "doi_exact": _exact((paper.get("doi"), record.doi) for paper, record in pairs),
        "pmid_exact": _exact(
            (paper.get("pmid"), record.extra.get("pmid")) for paper, record in pairs
        ),
        "keyword_f1": _words_f1((paper.get("keywords"), record.tags) for paper, record in pairs),
        "section_titles": _mean(_titles_found(paper, record) for paper, record in pairs),
        "cites_recall": _ratio(dois, lambda gold, _: gold),
        "cites_precision": _ratio(dois, lambda _, found: found),
    }


def _read(path: Path, url: str | None = None) -> ExtractedDocument | None:
    try:
        return extract(path.read_bytes(), filename=path.name, url=url)
    except ExtractionError:
        return None


def _record(document: ExtractedDocument | None) -> Record:
    return (document.record if document else None) or NOTHING


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]


def _mean(values: Iterable[float]) -> float:
    found = list(values)
    return sum(found) / len(found) if found else 0.0


def _letters(value: object) -> str:
    text = unicodedata.normalize("NFKC", str(value or "")).casefold()
    return "".join(c for c in text if c.isalnum())


def _exact(pairs: Iterable[tuple[object, object]]) -> float:
    """Share of the pairs with a wanted value in which both have the same letters and digits."""
    return _mean(_letters(wanted) == _letters(found) for wanted, found in pairs if wanted)


def _token_f1(wanted: str, found: str) -> float:
    gold, ours = _tokens(wanted), _tokens(found)
    return _f1(sum((gold & ours).values()), sum(gold.values()), sum(ours.values()))


def _tokens(text: str) -> collections.Counter[str]:
    plain = unicodedata.normalize("NFKC", text).casefold()
    return collections.Counter(re.findall(r"\w+", plain))


def _words_f1(pairs: Iterable[tuple[Any, Iterable[str]]]) -> float:
    """Micro F1 of the words of names or keywords."""
    hits = wanted = found = 0
    for gold, ours in pairs:
        if not gold:
            continue
        names = [gold] if isinstance(gold, str) else [_name(one) for one in gold]
        left, right = _words(names), _words(ours)
        hits, wanted, found = hits + len(left & right), wanted + len(left), found + len(right)
    return _f1(hits, wanted, found)


def _name(value: Any) -> str:
    return value if isinstance(value, str) else " ".join(str(v) for v in value.values())


def _words(names: Iterable[str]) -> set[str]:
    text = unicodedata.normalize("NFKC", " ".join(names)).casefold()
    return {word for word in re.findall(r"[^\W\d_]+", text) if len(word) > 1} - {"and"}


def _f1(hits: int, wanted: int, found: int) -> float:
    return 2 * hits / (wanted + found) if hits else 0.0


def _share(page: dict[str, Any], field: str, one: dict[str, Any]) -> tuple[int, int]:
    text = re.sub(r"\s+", " ", one["text"])
    pieces = [re.sub(r"\s+", " ", piece).strip() for piece in page.get(field) or []]
    return sum(piece in text for piece in pieces), len(pieces)


def _titles_found(paper: dict[str, Any], record: Record) -> float:
    """Share of the article's headings that are lines of the text."""
    lines = {_letters(line) for line in (record.text or "").splitlines()}
    titles = [_name(one) for one in paper.get("sections") or []]
    return _mean(_letters(title) in lines for title in titles) if titles else 1.0


def _ratio(sets: list[tuple[set[str], set[str]]], whole: Any) -> float:
    total = sum(len(whole(gold, found)) for gold, found in sets)
    return sum(len(gold & found) for gold, found in sets) / total if total else 0.0


if __name__ == "__main__":
    main()
