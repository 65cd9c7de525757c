"""How right predicted references, lists and headers are, in normal forms that forgive print."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

FIELDS = ("author", "title", "year", "venue", "volume", "pages")

_DASHES = re.compile("[\u2010-\u2015\u2212\ufe58\ufe63\uff0d\u00ad-]+")
_YEAR = re.compile(r"(?<!\d)(1[4-9]\d\d|20\d\d)(?!\d)")
_NUMBER = re.compile(r"\d+|[ivxlc]+")
_PAGES = re.compile(r"^p{1,2}\.?(?=\d)")
_NO_NAMES = frozenset({"and", "und", "et", "by"})

Record = Mapping[str, Any]


@dataclass(slots=True)
class Tally:
    right: int = 0
    predicted: int = 0
    wanted: int = 0

    def add(self, right: int, predicted: int, wanted: int) -> None:
        self.right += right
        self.predicted += predicted
        self.wanted += wanted

    @property
    def precision(self) -> float:
        return self.right / self.predicted if self.predicted else 0.0

    @property
    def recall(self) -> float:
        return self.right / self.wanted if self.wanted else 0.0

    @property
    def f1(self) -> float:
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total else 0.0


def letters(text: str | None) -> str:
    """Give only letters and digits, in one case (NFKC, casefold)."""
    folded = unicodedata.normalize("NFKC", text or "").casefold()
    return "".join(c for c in folded if c.isalnum())


def field_form(field: str, value: Any, *, leading_volume: bool = True) -> str:
    """Give the form in which two values of a field of a reference are compared.

    No white space, one case, one dash, no marks at the ends; the year alone of a date; of a
    volume its first number, since some print the issue into it.
    """
    if value is None:
        return ""
    if field == "year":
        found = _YEAR.search(str(value))
        return found.group(1) if found else ""
    text = unicodedata.normalize("NFKC", str(value)).casefold()
    text = re.sub(r"\s+", "", _DASHES.sub("-", text))
    if field == "author":
        text = re.sub("[;,]", "", text)
    start, end = 0, len(text)
    while start < end and not text[start].isalnum():
        start += 1
    while end > start and not text[end - 1].isalnum():
        end -= 1
    text = text[start:end]
    if field == "pages":
        return _PAGES.sub("", text)
    if field == "volume" and leading_volume and (number := _NUMBER.search(text)):
        return number.group()
    return text


def reference_score(gold: Sequence[Record], predicted: Mapping[Any, Record]) -> dict[str, Any]:
    """Give micro F1 over six fields, and the share of references with all six right."""
    fields = {name: Tally() for name in FIELDS}
    exact = 0
    for record in gold:
        wanted = {**record, "venue": record.get("journal") or record.get("booktitle")}
        answer = predicted.get(record["id"], {})
        right = True
        for name, tally in fields.items():
            a, b = field_form(name, wanted.get(name)), field_form(name, answer.get(name))
            tally.add(bool(a) and a == b, bool(b), bool(a))
            right = right and a == b
        exact += right
    total = _sum(fields.values())
    return {
        "reference_field_f1": rounded(total.f1),
        "reference_exact": rounded(exact / len(gold)),
        "fields": {name: rounded(tally.f1) for name, tally in fields.items()},
    }


def segmentation(record: Record, predicted: Iterable[str]) -> Tally:
    """Count the references with exact boundaries, each with or without its label."""
    left = Counter(form for text in predicted if (form := letters(text)))
    tally = Tally(0, sum(left.values()), len(record["references"]))
    for wanted in record["references"]:
        for form in (letters(wanted["text"]), letters(wanted.get("label", "") + wanted["text"])):
            if left[form] > 0:
                left[form] -= 1
                tally.right += 1
                break
    return tally


def segmentation_score(gold: Sequence[Record], predicted: Mapping[Any, Record]) -> dict[str, Any]:
    """Give micro F1 of the references of all sections, and of those with and without labels."""
    every, labelled, plain = Tally(), Tally(), Tally()
    for record in gold:
        found = segmentation(record, predicted.get(record["id"], {}).get("references", ()))
        counts = found.right, found.predicted, found.wanted
        every.add(*counts)
        if all("label" in each for each in record["references"]):
            labelled.add(*counts)
        if not any("label" in each for each in record["references"]):
            plain.add(*counts)
    return {
        "reference_segmentation_f1": rounded(every.f1),
        "precision": rounded(every.precision),
        "recall": rounded(every.recall),
        "labelled_f1": rounded(labelled.f1),
        "unlabelled_f1": rounded(plain.f1),
        "references": every.wanted,
    }


def line_score(gold: Sequence[Record], predicted: Mapping[Any, Record]) -> dict[str, Any]:
    """Give micro F1 over the lines with a letter or digit."""
    every = Tally()
    each_f1 = {}
    for record in gold:
        lines = record["text"].split("\n")
        printed = {i for i, line in enumerate(lines) if any(map(str.isalnum, line))}
        ranges = record["reference_line_ranges"]
        wanted = {i for first, after in ranges for i in range(first, after)} & printed
        found = set(predicted.get(record["id"], {}).get("lines", ())) & printed
        one = Tally(len(wanted & found), len(found), len(wanted))
        each_f1[record["id"]] = rounded(one.f1)
        every.add(one.right, one.predicted, one.wanted)
    return {
        "reference_line_f1": rounded(every.f1),
        "precision": rounded(every.precision),
        "recall": rounded(every.recall),
        "texts": each_f1,
    }


def header_score(gold: Sequence[Record], predicted: Mapping[Any, Record]) -> dict[str, Any]:
    """Give the share of exact titles, and micro F1 over the words of the authors' names."""
    titles = right = 0
    authors = Tally()
    for record in gold:
        answer = predicted.get(record["id"], {})
        if record.get("title"):
            titles += 1
            right += letters(record["title"]) == letters(answer.get("title"))
        if record.get("authors"):
            wanted, found = _name_words(record["authors"]), _name_words(answer.get("authors"))
            authors.add(len(wanted & found), len(found), len(wanted))
    return {
        "header_title_accuracy": rounded(right / titles if titles else 0.0),
        "header_author_f1": rounded(authors.f1),
        "author_precision": rounded(authors.precision),
        "author_recall": rounded(authors.recall),
    }


def _name_words(names: str | Iterable[str] | None) -> set[str]:
    text = names if isinstance(names, str) else " ".join(names or ())
    found = re.findall(r"[^\W\d_]+", unicodedata.normalize("NFKC", text).casefold())
    return {word for word in found if len(word) > 1 and word not in _NO_NAMES}


def _sum(tallies: Iterable[Tally]) -> Tally:
    total = Tally()
    for tally in tallies:
        total.add(tally.right, tally.predicted, tally.wanted)
    return total


def rounded(value: float) -> float:
    return round(value, 4)
