"""References of documents whose structure names their parts: JATS, its forerunner NLM, and TEI."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from lxml.etree import _Element

from alexandria.adapters.extractors.dates import year_of
from alexandria.adapters.extractors.xml_reading import line_of
from alexandria.protocols.citations import Reference
from alexandria.protocols.identifiers import (
    canonical_url,
    find_arxiv,
    find_doi,
    normalise_arxiv,
    normalise_doi,
)

Parse = Callable[[str], Reference]

_CITATIONS = ("element-citation", "mixed-citation", "nlm-citation", "citation")
_DASH = "\N{EN DASH}"
_LINK = "{http://www.w3.org/1999/xlink}href"
_TITLES = ("article-title", "chapter-title", "data-title", "part-title", "trans-title")


def jats_references(root: _Element, parse: Parse) -> Iterator[Reference]:
    """Give the references of a JATS article, those of its sub-articles left out.

    A citation without marked parts is parsed as printed.
    """
    article = root if root.tag == "article" else root.find(".//article")
    back = None if article is None else article.find("back")
    for entry in () if back is None else back.iterfind(".//ref-list//ref"):
        citations = [e for tag in _CITATIONS for e in entry.iter(tag)]
        for citation in _one_each(citations):
            raw = _raw(citation)
            if raw:
                yield _read_jats(citation, raw) or _with_identifiers(parse(raw), citation)


def _one_each(citations: Sequence[_Element]) -> Iterator[_Element]:
    """Leave out the printed form beside the marked one (`citation-alternatives`)."""
    seen = set()
    for citation in citations:
        parent = citation.getparent()
        if parent is not None and parent.tag == "citation-alternatives":
            if parent in seen:
                continue
            seen.add(parent)
        yield citation


def _raw(citation: _Element) -> str:
    """Give the citation on one line, with blanks between parts that have none."""
    if (citation.text and citation.text.strip()) or citation.tag == "mixed-citation":
        text = line_of(citation) or ""
        if any((child.tail or "").strip() for child in citation) or not len(citation):
            return text
    parts = (line_of(part) for part in citation.iter() if not len(part))
    return " ".join(part for part in parts if part)


def _read_jats(citation: _Element, raw: str) -> Reference | None:
    source = line_of(citation.find("source"))
    title = next((text for tag in _TITLES if (text := line_of(citation.find(tag)))), None)
    authors = tuple(_jats_people(citation, "author"))
    if not (source or title or (authors and line_of(citation.find("year")))):
        return None
    kind = citation.get("publication-type") or citation.get("citation-type") or "journal"
    if title is None and kind != "journal":
        title, source = source, None
    found = Reference(
        raw=raw,
        authors=authors,
        author=", ".join(authors) or None,
        title=title,
        venue=source,
        year=year_of(line_of(citation.find("year")) or line_of(citation.find("date"))),
        volume=line_of(citation.find("volume")),
        issue=line_of(citation.find("issue")),
        pages=_pages(citation),
        publisher=line_of(citation.find("publisher-name")),
        place=line_of(citation.find("publisher-loc")),
        editor=", ".join(_jats_people(citation, "editor")) or None,
        edition=line_of(citation.find("edition")),
    )
    return _with_identifiers(found, citation)


def _with_identifiers(found: Reference, citation: _Element) -> Reference:
    ids = {
        (e.get("pub-id-type") or "").lower(): line_of(e) or ""
        for e in citation.iter("pub-id", "object-id", "article-id")
    }
    links = [e.get(_LINK) or line_of(e) or "" for e in citation.iter("ext-link", "uri")]
    doi = normalise_doi(ids.get("doi")) or next(
        (doi for link in links if "doi.org/" in link and (doi := normalise_doi(link))), None
    )
    if doi is None and "doi" in found.raw.lower():
        doi = find_doi(found.raw)
    url = next((u for link in links if "doi.org/" not in link and (u := canonical_url(link))), None)
    return replace(
        found,
        doi=doi or found.doi,
        arxiv_id=normalise_arxiv(ids.get("arxiv")) or found.arxiv_id or find_arxiv(found.raw),
        url=url or found.url,
    )


def _jats_people(citation: _Element, role: str) -> Iterator[str]:
    groups = citation.findall("person-group")
    chosen = [g for g in groups if g.get("person-group-type", "author") == role]
    places = chosen if groups else [citation] if role == "author" else []
    for place in places:
        for person in place.iter("name", "string-name", "collab"):
            parts = [line_of(person.find(tag)) for tag in ("given-names", "surname", "suffix")]
            whole = " ".join(part for part in parts if part) or line_of(person)
            if whole:
                yield whole


def _pages(citation: _Element) -> str | None:
    ends = [text for tag in ("fpage", "lpage") if (text := line_of(citation.find(tag)))]
    others = (line_of(citation.find(tag)) for tag in ("page-range", "elocation-id"))
    return _DASH.join(dict.fromkeys(ends)) or next((text for text in others if text), None)


def tei_references(root: _Element, parse: Parse) -> Iterator[Reference]:
    """Give the references in the `listBibl` of a TEI text; `bibl` is parsed as printed."""
    for entry in root.iterfind(".//text//listBibl/*"):
        if entry.tag == "biblStruct":
            yield _read_tei(entry)
        elif entry.tag == "bibl" and (raw := line_of(entry)):
            yield parse(raw)


def _read_tei(entry: _Element) -> Reference:
    notes = entry.iterfind("note")
    printed = next((line_of(e) for e in notes if e.get("type") == "raw_reference"), None)
    parts = (line_of(part) for part in entry.iter() if not len(part))
    raw = printed or " ".join(part for part in parts if part)
    authors = tuple(_tei_people(entry, ("analytic/author", "monogr/author")))
    title = line_of(entry.find("analytic/title"))
    source = line_of(entry.find("monogr/title"))
    ids = {(e.get("type") or "").lower(): line_of(e) or "" for e in entry.iter("idno")}
    date = entry.find("monogr/imprint/date")
    link = entry.find(".//ptr")
    return Reference(
        raw=raw,
        authors=authors,
        author=", ".join(authors) or None,
        title=title or source,
        venue=source if title else None,
        year=None if date is None else year_of(date.get("when")) or year_of(line_of(date)),
        volume=_scope(entry, "volume"),
        issue=_scope(entry, "issue"),
        pages=_scope(entry, "page"),
        publisher=line_of(entry.find("monogr/imprint/publisher")),
        place=line_of(entry.find("monogr/imprint/pubPlace")),
        editor=", ".join(_tei_people(entry, ("monogr/editor",))) or None,
        doi=normalise_doi(ids.get("doi")),
        arxiv_id=normalise_arxiv(ids.get("arxiv")) or find_arxiv(raw),
        url=None if link is None else canonical_url(link.get("target")),
    )


def _tei_people(entry: _Element, paths: Sequence[str]) -> Iterator[str]:
    for path in paths:
        found = entry.findall(path)
        for person in found:
            parts = [e for tag in ("forename", "nameLink", "surname") for e in person.iter(tag)]
            whole = " ".join(t for e in parts if (t := line_of(e))) or line_of(person)
            if whole:
                yield whole
        if found:
            return


def _scope(entry: _Element, unit: str) -> str | None:
    for scope in entry.iterfind("monogr/imprint/biblScope"):
        if unit in {scope.get("unit"), scope.get("type")}:
            ends = [end for end in (scope.get("from"), scope.get("to")) if end]
            return line_of(scope) or _DASH.join(ends) or None
    return None
