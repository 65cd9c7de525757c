"""Pairs the references of a paper with those that were found, one to one."""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any

from alexandria.services.citations.metrics import Tally, letters, rounded

_DOI_PREFIX = re.compile(r"^(https?://)?(dx\.)?doi(\.org/|:)\s*")
_TITLE = 10
"""Letters that a title must have to tell a work."""
_ALIKE = 0.9

Record = Mapping[str, Any]
_Test = Callable[[Record, Record], bool]


def paper_score(gold: Sequence[Record], predicted: Mapping[Any, Record]) -> dict[str, Any]:
    """Give recall and precision of the references of whole papers."""
    every, dois = Tally(), Tally()
    for record in gold:
        found = predicted.get(record["file"], {}).get("references", [])
        every.add(matched(record["references"], found), len(found), len(record["references"]))
        wanted_dois = {_doi(each) for each in record["references"]} - {""}
        found_dois = {_doi(each) for each in found} - {""}
        dois.add(len(wanted_dois & found_dois), len(found_dois), len(wanted_dois))
    return {
        "cited_recall": rounded(every.recall),
        "cited_precision": rounded(every.precision),
        "doi_recall": rounded(dois.recall),
        "doi_precision": rounded(dois.precision),
        "references": every.wanted,
    }


def matched(gold: Sequence[Record], found: Sequence[Record]) -> int:
    """Count pairs: by DOI, by title, by a title much alike, by first author and year."""
    free_gold, free_found = list(range(len(gold))), list(range(len(found)))
    for test in (_same_doi, _same_title, _like_title, _same_author):
        for i in list(free_gold):
            j = next((j for j in free_found if test(gold[i], found[j])), None)
            if j is not None:
                free_gold.remove(i)
                free_found.remove(j)
    return len(gold) - len(free_gold)


def _same_doi(a: Record, b: Record) -> bool:
    return bool(_doi(a)) and _doi(a) == _doi(b)


def _same_title(a: Record, b: Record) -> bool:
    return len(_title(a)) >= _TITLE and _title(a) == _title(b)


def _like_title(a: Record, b: Record) -> bool:
    one, other = _title(a), _title(b)
    if len(one) < _TITLE or len(other) < _TITLE:
        return False
    if _year(a) and _year(b) and _year(a) != _year(b):
        return False
    compared = SequenceMatcher(None, one, other, autojunk=False)
    return compared.real_quick_ratio() >= _ALIKE and compared.ratio() >= _ALIKE


def _same_author(a: Record, b: Record) -> bool:
    if a.get("doi") or len(_title(a)) >= _TITLE:
        return False
    return bool(_family(a)) and _family(a) == _family(b) and _year(a) == _year(b)


def _doi(record: Record) -> str:
    return _DOI_PREFIX.sub("", (record.get("doi") or "").strip().casefold()).rstrip(".,;")


def _title(record: Record) -> str:
    return letters(record.get("title"))


def _year(record: Record) -> str:
    return re.sub(r"\D", "", str(record.get("year") or ""))[:4]


def _family(record: Record) -> str:
    authors = record.get("authors")
    if not authors:
        return ""
    first = authors if isinstance(authors, str) else authors[0]
    if isinstance(first, dict):
        names = (first.get(name) for name in ("last", "surname", "family", "name"))
        first = next((name for name in names if name), "")
    words = re.findall(r"[^\W\d_]{2,}", unicodedata.normalize("NFKC", first).casefold())
    return max(words, key=len, default="")
