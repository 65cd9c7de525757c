"""How many duplicates are suggested, and how many suggestions are wrong.

    python benchmarks/near_duplicates.py --data DIR [--json FILE]

DIR holds the folders `acl-anthology`, `citation-graph` and `reference-strings`. Four questions:

- repeats: of 17,000 real papers, which are suggested? Every suggestion was judged by eye (below).
- references: which of 6,000 works, as the reference lists of papers print them, are suggested?
- variants: copies of 2,000 real papers, spoilt in the ways that exports, scans and preprints spoil
  them, among all the others: how many are found, and how many are taken for another paper?
- siblings: copies changed so that they are another work: how many are wrongly suggested?
"""

import argparse
import gzip
import json
import random
import re
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any

from alexandria.services.near_duplicates import verification
from alexandria.services.near_duplicates.service import MOST_HOLDERS
from alexandria.services.near_duplicates.signature import Signature, Source, keys_of, signature_of
from alexandria.services.near_duplicates.verification import verify
from alexandria.services.near_duplicates.words import name_of

SAMPLE = 2000
WRONG = {
    ("H05-1047", "P06-2105"),  # "A (Logic-Based) Semantic Approach to ...", another method
    ("J90-1002", "P89-1003"),  # "A (Three-Valued) Interpretation of Negation", a longer version
    ("P98-2198", "W98-0611"),  # "(Tools for) Locating Noun Phrases ...", hard to say
}
"""Pairs of the real papers that are suggested, and are not the same work, or not clearly so."""
JUDGED = 60
"""So many suggestions were looked at; another number wants another look."""

Papers = list[tuple[str, Source]]
Change = Callable[[Source, random.Random], Source]


def main() -> None:
    options = _options()
    papers = [*_papers(options.data / "acl-anthology"), *_papers(options.data / "citation-graph")]
    papers = list(dict(papers).items())
    begun = time.perf_counter()
    library = Index([signature_of(source) for _, source in papers])
    seconds = time.perf_counter() - begun
    report = {
        "papers": len(papers),
        "milliseconds_for_signature_and_keys": round(1000 * seconds / len(papers), 2),
        "repeats": _repeats(papers, library),
        "references": _references(options.data / "reference-strings"),
        "variants": _variants(papers, library),
        "siblings": _siblings(papers),
        "thresholds": _sweep(papers, library),
    }
    for name, value in report.items():
        print(f"{name}: {json.dumps(value, ensure_ascii=False)}")
    if options.json:
        options.json.write_text(json.dumps(report, indent=2))


class Index:
    """What the tables hold, in memory: signatures, and who holds each key."""

    def __init__(self, signatures: Sequence[Signature]) -> None:
        self.signatures = list(signatures)
        self._held = defaultdict(list)
        for number, signature in enumerate(self.signatures):
            for key in keys_of(signature):
                self._held[key].append(number)

    def candidates(self, signature: Signature) -> set[int]:
        held = (self._held.get(key, []) for key in keys_of(signature))
        return {one for holders in held if len(holders) <= MOST_HOLDERS for one in holders}

    def suggested(self, signature: Signature) -> set[int]:
        return {n for n in self.candidates(signature) if verify(signature, self.signatures[n])}

    def pairs(self) -> set[tuple[int, int]]:
        return {
            (number, other)
            for number, signature in enumerate(self.signatures)
            for other in self.suggested(signature)
            if number < other
        }


def _repeats(papers: Papers, library: Index) -> dict[str, Any]:
    begun = time.perf_counter()
    found = {tuple(sorted((papers[a][0], papers[b][0]))) for a, b in library.pairs()}
    seconds = time.perf_counter() - begun
    wrong = found & WRONG
    same = _equal_titles(papers)
    soon = {pair for pair, apart in same.items() if apart <= verification.MOST_YEARS_APART}
    return {
        "suggested": len(found),
        "judged": JUDGED,
        "wrong": len(wrong),
        "precision": round(1 - len(wrong) / len(found), 3),
        "of_equal_title_with_a_common_author_within_a_year": _share(len(found & soon), len(soon)),
        "of_those_further_apart": _share(len(found & (same.keys() - soon)), len(same) - len(soon)),
        "milliseconds_for_each_paper": round(1000 * seconds / len(papers), 2),
    }


def _equal_titles(papers: Papers) -> dict[tuple[str, str], int]:
    """Give pairs whose titles are equal and which have an author in common, with the years apart."""
    by_title = defaultdict(list)
    for name, source in papers:
        by_title[_key(source.title)].append((name, source))
    return {
        tuple(sorted((one, other))): abs((ours.year or 0) - (theirs.year or 0))
        for group in by_title.values()
        for (one, ours), (other, theirs) in combinations(group, 2)
        if _surnames(ours) & _surnames(theirs)
    }


def _key(title: str) -> str:
    return re.sub(r"\W", "", title.casefold())


def _surnames(source: Source) -> set[str]:
    return {name.surname for one in source.authors if (name := name_of(one))}


def _references(folder: Path) -> dict[str, Any]:
    rows = [row for row in _lines(folder / "references.jsonl.gz") if row.get("title")]
    works = [(str(row["id"]), _of_reference(row)) for row in rows]
    found = Index([signature_of(source) for _, source in works]).pairs()
    pairs = {(works[a][0], works[b][0]): (works[a][1], works[b][1]) for a, b in found}
    spelt = [(a.title, b.title) for a, b in pairs.values() if _key(a.title) != _key(b.title)]
    soon = {
        pair
        for pair, apart in _equal_titles(works).items()
        if apart <= verification.MOST_YEARS_APART
    }
    both = {tuple(sorted(pair)) for pair in pairs}
    return {
        "references": len(works),
        "suggested": len(pairs),
        "of_equal_title_with_a_common_author_within_a_year": _share(len(soon & both), len(soon)),
        "of_other_titles": sorted(spelt),
    }


def _of_reference(row: dict[str, Any]) -> Source:
    people = re.split(r"\s*(?:;|&|\band\b)\s*", str(row.get("author", "")))
    if len(people) == 1:  # "Moe, A., Roe, B." and "A. Moe, B. Roe"
        people = re.findall(r"[^,]+,\s*(?:[A-Z][.\s-]*)+(?=,|$)|[^,]+", people[0])
    return Source(row["title"], [one.strip() for one in people if one.strip()], row.get("year"))


def _variants(papers: Papers, library: Index) -> dict[str, Any]:
    chance = random.Random(1)
    with_abstract = [n for n, (_, source) in enumerate(papers) if source.abstract]
    chosen = chance.sample(with_abstract, SAMPLE)
    report = {}
    for name, change in VARIANTS.items():
        found = candidates = wrong = 0
        for number in chosen:
            signature = signature_of(change(papers[number][1], chance))
            candidates += number in library.candidates(signature)
            suggested = library.suggested(signature)
            found += number in suggested
            wrong += len(suggested - {number} - library.suggested(library.signatures[number]))
        report[name] = {
            "recall": round(found / SAMPLE, 3),
            "candidates": round(candidates / SAMPLE, 3),
            "other_papers_suggested": wrong,
        }
    return report


def _siblings(papers: Papers) -> dict[str, Any]:
    chance = random.Random(2)
    report = {}
    for name, change in SIBLINGS.items():
        tried = wrong = 0
        for _, source in papers:
            sibling = change(source, chance)
            if sibling is not source:
                tried += 1
                wrong += verify(signature_of(source), signature_of(sibling)) is not None
        report[name] = {"tried": tried, "wrongly_suggested": wrong}
    return report


def _sweep(papers: Papers, library: Index) -> dict[str, Any]:
    """Vary one threshold at a time: recall of the worst variants, and suggestions among all."""
    chance = random.Random(3)
    sample = chance.sample([n for n, (_, one) in enumerate(papers) if one.abstract], SAMPLE // 4)
    made = [(n, signature_of(_scanned_preprint(papers[n][1], chance))) for n in sample]
    pairs = [
        (library.signatures[a], library.signatures[b])
        for a, signature in enumerate(library.signatures)
        for b in library.candidates(signature)
        if a < b
    ]
    report = {}
    for name, values in THRESHOLDS.items():
        before = getattr(verification, name)
        for value in values:
            setattr(verification, name, value)
            found = sum(verify(library.signatures[n], one) is not None for n, one in made)
            report[f"{name} {value}"] = {
                "recall_of_scanned_preprints": round(found / len(made), 3),
                "suggested_among_all": sum(verify(*pair) is not None for pair in pairs),
            }
        setattr(verification, name, before)
    return report


THRESHOLDS = {
    "SAME_TITLE": (0.8, 0.85, 0.9, 0.95),
    "SAME_TEXT": (0.5, 0.6, 0.7, 0.8),
    "SAME_AUTHORS": (0.25, 0.5, 0.75),
    "OTHER_TEXT": (0.0, 0.15, 0.3),
    "MOST_YEARS_APART": (0, 1, 2, 4),
}


def _noise(text: str, chance: random.Random, share: float) -> str:
    """Misread letters as a scanner does."""
    confused = {"e": "c", "m": "rn", "l": "1", "h": "b", "i": "l", "o": "0", "d": "cl", "u": "n"}
    return "".join(
        confused[one] if one in confused and chance.random() < share else one for one in text
    )


def _scanned(source: Source, chance: random.Random) -> Source:
    return replace(
        source,
        title=_noise(source.title, chance, 0.03),
        abstract=_noise(source.abstract or "", chance, 0.02),
        authors=[_noise(one, chance, 0.03) for one in source.authors],
    )


def _initials(source: Source, _chance: random.Random) -> Source:
    names = [one.rsplit(" ", 1) for one in source.authors]
    short = [
        f"{n[-1]}, {' '.join(part[0] + '.' for part in n[0].split())}" if len(n) > 1 else n[0]
        for n in names
    ]
    return replace(source, authors=[*short[:3], "others"] if len(short) > 3 else short)


def _latex(source: Source, _chance: random.Random) -> Source:
    marks = {
        "é": "{\\'e}",
        "è": "{\\`e}",
        "ö": '{\\"o}',
        "ü": '{\\"u}',
        "á": "{\\'a}",
        "ñ": "{\\~n}",
    }

    def written(text: str) -> str:
        text = "".join(marks.get(one, one) for one in text)
        return re.sub(r"\b([A-Z]{2,})\b", r"{\1}", text)

    return replace(
        source, title=written(source.title), authors=[written(one) for one in source.authors]
    )


def _preprint(source: Source, chance: random.Random) -> Source:
    """Another year, an abstract of which sentences changed, no venue."""
    sentences = re.split(r"(?<=[.!?]) ", source.abstract or "")
    kept = [one for one in sentences if chance.random() > 0.15] or sentences
    return replace(source, year=(source.year or 0) - 1, abstract=" ".join(kept))


def _record_only(source: Source, chance: random.Random) -> Source:
    return replace(_initials(source, chance), abstract=None, title=source.title.upper())


def _retitled(source: Source, _chance: random.Random) -> Source:
    """A file whose title was read wrongly; only authors and abstract are right."""
    return replace(source, title="Microsoft Word - final camera ready.doc")


def _without_subtitle(source: Source, _chance: random.Random) -> Source:
    return replace(source, title=source.title.partition(":")[0])


def _scanned_preprint(source: Source, chance: random.Random) -> Source:
    return _scanned(_preprint(_initials(source, chance), chance), chance)


VARIANTS: dict[str, Change] = {
    "scanned": _scanned,
    "initials and et al.": _initials,
    "LaTeX": _latex,
    "preprint of the year before": _preprint,
    "no abstract, capitals, initials": _record_only,
    "title misread": _retitled,
    "subtitle left out": _without_subtitle,
    "scanned preprint with initials": _scanned_preprint,
}


def _next_number(source: Source, _chance: random.Random) -> Source:
    """The shared task of the year after, the next part."""
    title = re.sub(r"\d+", lambda m: str(int(m[0]) + 1), source.title)
    return source if title == source.title else replace(source, title=title, abstract=None)


def _marked(word: str) -> Change:
    return lambda source, _: replace(source, title=f"{word} {source.title}", abstract=None)


def _other_language(source: Source, _chance: random.Random) -> Source:
    languages = {"English": "German", "Chinese": "Finnish", "Arabic": "Turkish", "French": "Hindi"}
    for one, other in languages.items():
        if one in source.title:
            return replace(source, title=source.title.replace(one, other), abstract=None)
    return source


SIBLINGS: dict[str, Change] = {
    "the next number": _next_number,
    "part II": lambda one, _: replace(one, title=f"{one.title}, Part II", abstract=None),
    "erratum": _marked("Erratum:"),
    "comment": _marked("Comment on"),
    "another language": _other_language,
    "introduction": lambda one, _: replace(one, title="Introduction", abstract=None),
    "other people": lambda one, _: replace(one, authors=["Ada Moe", "Bo Roe"], abstract=None),
    "five years later": lambda one, _: replace(one, year=(one.year or 0) + 5, abstract=None),
}
"""Each keeps authors and year but for what it changes, and has no abstract that would help."""


def _papers(folder: Path) -> Iterator[tuple[str, Source]]:
    for row in _lines(folder / "papers.jsonl.gz"):
        yield row["id"], Source(row["title"], row["authors"], row["year"], row.get("abstract"))


def _lines(path: Path) -> Iterable[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def _share(part: int, whole: int) -> str:
    return f"{part} of {whole}"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    main()
