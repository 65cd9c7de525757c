"""The names that exports give their columns, and the fields of a record that they stand for."""

import csv
import re
from collections.abc import Mapping, Sequence

COLUMNS: Mapping[str, str] = {
    name: field
    for field, names in {
        "id": "id|key|eid|ut|external id|citation key|accession number|unique wos id",
        "title": "title|ti|article title|document title|paper title|item title",
        "abstract": "abstract|ab|abstract note|description|summary",
        "text": "text|content|full text|body",
        "authors": "af|author full names|authors|author|au|author s|creator|creators|names",
        "year": "year|publication year|py|pub year|date|publication date|published|issued",
        "venue": "venue|source title|so|publication title|journal|journal title|source"
        "|conference name|conference title|book title|booktitle|container title|proceedings title",
        "doi": "doi|di|digital object identifier",
        "url": "url|link|links|ur|web address|pdf link",
        "tags": "tags|keywords|author keywords|de|manual tags|keyword|labels",
        "subjects": "subjects|subject|wc|wos categories|research areas|categories|topics",
        "cites": "cites|cited dois|references dois",
        "language": "language|la|language of original document",
        "isbn": "isbn|bn|isbns",
        "arxiv_id": "arxiv id|arxiv|arxivid",
        "type": "type|item type|document type|publication type|dt",
        "volume": "volume|vl",
        "issue": "issue|is|number",
        "page": "pages|page|page range",
        "page_start": "page start|bp|start page|beginning page",
        "page_end": "page end|ep|end page|ending page",
        "article_number": "art no|ar|article number",
        "publisher": "publisher|pu",
        "publisher-place": "place|publication place|pi",
        "ISSN": "issn|sn",
        "editor": "editor|editors|ed",
        "edition": "edition",
        "series": "series|se",
        "note": "notes|note|extra",
        "pmid": "pubmed id|pmid|pm",
        "automatic_tags": "automatic tags|index keywords|keywords plus|id keywords",
        "conference_name": "conference|ct",
    }.items()
    for name in names.split("|")
}
"""Those of Zotero, Scopus, Web of Science (tagged and full) and hand-made tables."""

EXCEL = re.compile(r"\A\s*sep=(.)\s*\n", re.IGNORECASE)
"""A first line by which Excel is told what separates the cells."""
LISTS = frozenset({"authors", "tags", "subjects", "cites"})
_WEB_OF_SCIENCE = frozenset({"pt", "ut"})  # its tags are too short to be known by themselves
_DELIMITERS = ",;\t|"
_SHORT = 2
_MIN_KNOWN = 2


def plain_name(header: str) -> str:
    """Give the name without case and punctuation, so that "Author(s)" is "author s"."""
    return re.sub(r"[\W_]+", " ", header.casefold()).strip()


def columns_of(header: Sequence[str]) -> dict[str, list[int]]:
    """Give the places of each field, the better first; columns of no known name by that."""
    names = [plain_name(cell) for cell in header]
    tagged = _WEB_OF_SCIENCE & set(names)
    found: dict[str, list[int]] = {}
    for place, name in enumerate(names):
        known = COLUMNS.get(name) if tagged or len(name) > _SHORT or name == "id" else None
        if known or name:
            found.setdefault(known or name, []).append(place)
    order = {name: rank for rank, name in enumerate(COLUMNS)}
    for places in found.values():
        places.sort(key=lambda place: order.get(names[place], len(order)))
    return found


def is_header(header: Sequence[str]) -> bool:
    """Tell whether a line names columns: a title, and something else that records have."""
    fields = columns_of(header).keys()
    return "title" in fields and len(fields & set(COLUMNS.values())) >= _MIN_KNOWN


def find_delimiter(text: str) -> str | None:
    """Give what separates the cells, if the first line names the columns of works."""
    first = next((line for line in text.lstrip("\ufeff").split("\n", 5) if line.strip()), "")
    if match := EXCEL.match(f"{first}\n"):
        return match.group(1)
    return next((sign for sign in _DELIMITERS if is_header(_split(first, sign))), None)


def _split(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return []
