"""What all bibliography formats share: kinds of works, identifiers, keywords, marked-up text."""

import html
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from alexandria.adapters.extractors.limits import Limits
from alexandria.adapters.extractors.text import clean_block, clean_line
from alexandria.errors import ExtractionError
from alexandria.protocols.extraction import ExtractedDocument, ExtractedRecord, Record
from alexandria.protocols.identifiers import (
    canonical_url,
    find_arxiv,
    find_doi,
    normalise_arxiv,
    normalise_doi,
)

_TAG = re.compile(
    r"</?(?:i|b|u|p|br|em|strong|sub|sup|span|sc|scp|div|tt|title|sec|italic|bold|jats:[\w-]+"
    r"|mml:[\w-]+)\b[^<>]{0,200}>",
    re.IGNORECASE,
)
_ENTITY = re.compile(
    r"&(?:amp|lt|gt|quot|apos|nbsp|[a-z]{2,8}|#\d{1,6}|#x[\da-f]{1,6});", re.IGNORECASE
)
_DOI_URL = re.compile(r"(?:^|//)(?:dx\.|www\.)?doi\.org/", re.IGNORECASE)
_ARXIV_VENUE = re.compile(r"^(?:corr|arxiv)\b", re.IGNORECASE)

TYPES: Mapping[str, str] = {
    name: kind
    for kind, names in {
        "article": "article article-journal article-magazine article-newspaper jour mgzn news ejour"
        " jfull inpr suppperiodical periodical review journal-article journalarticle"
        " magazinearticle newspaperarticle",
        "book": "book mvbook booklet manual ebook reference mvreference collection mvcollection"
        " edbook serial classic pamphlet",
        "chapter": "inbook incollection suppbook bookinbook suppcollection inreference chap chapter"
        " echap booksection book-section book-chapter entry entry-encyclopedia entry-dictionary ency dict",
        "conference-paper": "inproceedings conference cpaper paper-conference conferencepaper"
        " conference-paper proceedings-paper",
        "proceedings": "proceedings mvproceedings conf",
        "thesis": "thesis phdthesis mastersthesis thes",
        "report": "report techreport rprt govdoc",
        "webpage": "online www electronic webpage web post post-weblog blog elec icomm",
        "dataset": "dataset data aggr",
        "software": "software comp",
        "patent": "patent pat",
        "standard": "standard stand",
        "preprint": "unpublished unpb manuscript unpd",
        "note": "note pcomm personal_communication interview hear",
        "legal": "bill case legal_case legislation jurisdiction statute stat hearing",
        "speech": "speech slide",
        "media": "video movie motion_picture audio music sound song image artwork figure graphic"
        " mpct vide adve broadcast map",
    }.items()
    for name in names.split()
}
"""From the kinds of BibTeX, RIS and CSL to one short list; the rest is `misc`."""
_KINDS = frozenset(TYPES.values())


@dataclass(frozen=True, slots=True)
class Identifiers:
    doi: str | None
    arxiv_id: str | None
    url: str | None


def kind_of(name: str | None) -> str | None:
    word = (name or "").strip().lower()
    return (word if word in _KINDS else TYPES.get(word, "misc")) if word else None


def identify(
    doi: str | None,
    urls: Iterable[str],
    arxiv: str | None = None,
    venue: str | None = None,
    notes: str | None = None,
) -> Identifiers:
    """Find each identifier in its own field first, then where people put it otherwise."""
    links = [link for u in urls for link in u.split() if link]
    web = next((link for link in links if canonical_url(link)), None)
    found_doi = normalise_doi(doi) or find_doi(doi or "")
    for link in links:
        found_doi = found_doi or (normalise_doi(link) if _DOI_URL.search(link) else None)
    if found_doi is None and "doi" in (notes or "").lower():
        found_doi = find_doi(notes or "")
    found_arxiv = normalise_arxiv(arxiv) or normalise_arxiv(doi)
    for text in (web, venue if _ARXIV_VENUE.match(venue or "") else None, notes):
        found_arxiv = found_arxiv or find_arxiv(text or "")
    return Identifiers(found_doi, found_arxiv, web)


def split_keywords(values: Iterable[str]) -> tuple[str, ...]:
    """Split at semicolons, or at commas where there are none; each keyword once."""
    found: dict[str, None] = {}
    for value in values:
        separator = ";" if ";" in value else ","
        for part in value.split(separator):
            if word := clean_line(part):
                found[word] = None
    return tuple(found)


def with_own_fields(record: Record, own: Mapping[str, Sequence[str]]) -> Record:
    """Take back what our own export wrote beside the fields of a format: names to values.

    `extra.NAME` is an extra field; `without` names fields that the record does not have, though the
    format wants something there.
    """
    changes: dict[str, Any] = {}
    extra = dict(record.extra)
    for name, values in own.items():
        if name.startswith("extra."):
            extra[name.removeprefix("extra.")] = "\n".join(values)
        elif name in {"authors", "tags", "subjects", "cites"}:
            changes[name] = tuple(dict.fromkeys(filter(None, map(clean_line, values))))
        elif name in {"type", "external_id", "arxiv_id", "url"}:
            changes[name] = clean_line("".join(values))
        elif name == "without":
            changes |= {one: None for one in values if one in {"type", "external_id"}}
    return replace(record, extra=extra, **changes)


def plain_line(text: str | None) -> str | None:
    return clean_line(_without_markup(text))


def plain_block(text: str | None) -> str | None:
    return clean_block(_without_markup(text))


def finish(
    media_type: str, records: list[ExtractedRecord], limits: Limits, warnings: Iterable[str] = ()
) -> ExtractedDocument:
    """Give the document; raises ExtractionError if it has no entry at all, or too many."""
    if not records:
        raise ExtractionError(
            "The bibliography has no entries.", "Check that the export was not empty."
        )
    check_count(len(records), limits)
    return ExtractedDocument(
        media_type=media_type, kind="bibliography", records=records, warnings=tuple(warnings)
    )


def check_count(count: int, limits: Limits) -> None:
    if count > limits.max_records:
        raise ExtractionError(
            f"The file has more than {limits.max_records:,} records.",
            "Split it into smaller files and add them one after the other.",
        )


def _without_markup(text: str | None) -> str | None:
    if not text or ("<" not in text and "&" not in text):
        return text
    text = _ENTITY.sub(lambda m: html.unescape(m.group()), text)
    return _TAG.sub("", text)
