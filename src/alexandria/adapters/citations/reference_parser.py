"""Printed references taken apart by a sequence model, identifiers by rules."""

import re
from collections.abc import Mapping, Sequence

from alexandria.adapters.citations.alignment import OTHER, VENUE, spans_of
from alexandria.adapters.citations.people import split_people
from alexandria.adapters.citations.reference_features import ReferenceFeatures
from alexandria.adapters.citations.sequence_model import SequenceModel
from alexandria.adapters.citations.tokens import tokenize
from alexandria.adapters.citations.words import QUOTES
from alexandria.adapters.extractors.text import clean_line
from alexandria.protocols.citations import Reference
from alexandria.protocols.identifiers import canonical_url, find_arxiv, find_doi

_LONGEST = 4_000
"""Characters; what is longer is no single reference."""
_YEAR = re.compile(r"(?<!\d)(1[4-9]\d\d|20\d\d)(?!\d)")
_PAGES = re.compile(r"^\W*(?:pages?|pp?|pgs?)\b\.?\s*", re.IGNORECASE)
_URL = re.compile(r"(?:https?://|www\.)[^\s<>\"“”]+", re.IGNORECASE)
_LINKED_DOI = re.compile(r"doi", re.IGNORECASE)
_BRACKETS = {"(": ")", "[": "]", "{": "}"}
_SHORTENED = re.compile(r"(?:^|[\s.])(?:[A-Z][a-z]{0,4}|[A-Z]\.)*[A-Z][a-z]{0,4}\.$")

Spans = Mapping[str, Sequence[tuple[int, int]]]


class ReferenceParser:
    def __init__(self, model: SequenceModel, features: ReferenceFeatures) -> None:
        self._model = model
        self._features = features

    def parse(self, text: str) -> Reference:
        """Take one reference apart; a text without any sign of one has only its raw form."""
        raw = (clean_line(text) or "")[:_LONGEST]
        tokens = tokenize(raw)
        labels, likely = self._model.tag_with_doubt(*self._features(raw, tokens))
        spans = spans_of(labels, tokens)
        doubts = [each for each, label in zip(likely, labels, strict=True) if label != OTHER]
        return _reference(raw, spans, min(doubts, default=0.0))


def _reference(raw: str, spans: Spans, confidence: float) -> Reference:
    author = _first(raw, spans, "author")
    url = _URL.search(raw)
    link = None if url is None or _LINKED_DOI.search(url.group()) else url.group().rstrip(".,;)]")
    return Reference(
        raw=raw,
        authors=tuple(split_people(author)) if author else (),
        author=author,
        title=_title(raw, spans),
        venue=_first(raw, spans, VENUE),
        year=_year(raw, spans),
        volume=_first(raw, spans, "volume"),
        issue=_first(raw, spans, "issue"),
        pages=_pages(raw, spans),
        publisher=_first(raw, spans, "publisher"),
        place=_first(raw, spans, "place"),
        editor=_first(raw, spans, "editor"),
        edition=_first(raw, spans, "edition"),
        doi=find_doi(raw),
        arxiv_id=find_arxiv(raw),
        url=canonical_url(link) if link else None,
        confidence=round(confidence, 3),
    )


def _first(raw: str, spans: Spans, part: str) -> str | None:
    start, end = next(iter(spans.get(part, ())), (0, 0))
    return trim(raw[start:end]) or None


def _title(raw: str, spans: Spans) -> str | None:
    title = _first(raw, spans, "title")
    return None if title is None else title.rstrip(" .") or None


def _pages(raw: str, spans: Spans) -> str | None:
    pages = _first(raw, spans, "pages")
    return None if pages is None else _PAGES.sub("", pages).rstrip(" .") or None


def _year(raw: str, spans: Spans) -> int | None:
    dates = " ".join(raw[start:end] for start, end in spans.get("date", ()))
    found = _YEAR.search(dates)
    return int(found.group()) if found else None


def trim(text: str) -> str:
    """Cut off the marks that part a value from its neighbours, not those that belong to it."""
    text = text.strip(" ,;:")
    while text:
        first, last = text[0], text[-1]
        if last in "([{" or (last in ",;: " or last in QUOTES):
            text = text[:-1]
        elif first in ")]}.,;: " or first in QUOTES:
            text = text[1:]
        elif last in ")]}" and _unopened(text):
            text = text[:-1]
        elif first in _BRACKETS and _BRACKETS[first] not in text:
            text = text[1:]
        elif last == "." and not _SHORTENED.search(text):
            text = text[:-1]
        else:
            break
    return text


def _unopened(text: str) -> bool:
    opened = {close: mark for mark, close in _BRACKETS.items()}[text[-1]]
    return text.count(text[-1]) > text.count(opened)
