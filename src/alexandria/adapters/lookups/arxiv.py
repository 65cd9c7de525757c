"""arXiv's interface, an Atom feed: https://info.arxiv.org/help/api/user-manual.html.

Its terms of use ask for one request in three seconds.
"""

import re
from urllib.parse import urlencode

from lxml.etree import _Element

from alexandria.adapters.extractors.dates import year_of
from alexandria.adapters.extractors.text import clean_line
from alexandria.adapters.extractors.xml_reading import line_of, parse_xml
from alexandria.adapters.lookups.json_reading import without_empty
from alexandria.errors import ExtractionError
from alexandria.protocols.extraction import Record
from alexandria.protocols.identifiers import normalise_arxiv, normalise_doi

ACCEPT = "application/atom+xml"
_CLASS = re.compile(r"\.[a-z]{2}(?=/)")
"""Of an old id, as in math.gt/0309136: arXiv itself leaves it out today."""


def address(base: str, _contact: str, arxiv_id: str) -> str:
    return f"{base}/api/query?{urlencode({'id_list': _short(arxiv_id), 'max_results': 1})}"


def read(data: bytes, arxiv_id: str) -> Record | None:
    """Read the entry of this id: what is not known is answered by no entry, or one named Error."""
    feed = parse_xml(data)
    if feed.tag != "feed":
        raise ExtractionError("It is no Atom feed.")
    for entry in feed.iterfind("entry"):
        found = normalise_arxiv(line_of(entry.find("id")))
        if found and _short(found) == _short(arxiv_id):
            return _record(entry, arxiv_id)
    return None


def _short(arxiv_id: str) -> str:
    return _CLASS.sub("", arxiv_id)


def _record(entry: _Element, arxiv_id: str) -> Record:
    names = (line_of(author.find("name")) for author in entry.iterfind("author"))
    category = entry.find("primary_category")
    return Record(
        title=line_of(entry.find("title")),
        abstract=line_of(entry.find("summary")),
        authors=tuple(dict.fromkeys(name for name in names if name)),
        year=year_of(line_of(entry.find("published"))),
        doi=normalise_doi(line_of(entry.find("doi"))),
        arxiv_id=arxiv_id,
        url=f"https://arxiv.org/abs/{arxiv_id}",
        type="preprint",
        extra=without_empty(
            {
                "note": line_of(entry.find("comment")),
                "journal_ref": line_of(entry.find("journal_ref")),
                "primaryclass": clean_line(category.get("term")) if category is not None else None,
            }
        ),
    )
