"""BibTeX in UTF-8, as BibLaTeX, Biber and reference managers read it."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping

from alexandria.adapters.exporters.names import family_and_given
from alexandria.protocols.extraction import Record

_KINDS: Mapping[str, str] = {
    "article": "article",
    "book": "book",
    "chapter": "incollection",
    "conference-paper": "inproceedings",
    "proceedings": "proceedings",
    "thesis": "thesis",
    "report": "report",
    "webpage": "online",
    "dataset": "dataset",
    "software": "software",
    "patent": "patent",
    "preprint": "unpublished",
}
_VENUES: Mapping[str, str] = {
    "chapter": "booktitle",
    "conference-paper": "booktitle",
    "thesis": "institution",
    "report": "institution",
}
"""Where something appeared is its `journal`, but for these types."""
_EXTRA = frozenset(
    """
    volume number pages publisher address edition series note month howpublished chapter editor
    eventtitle issn
    """.split()  # noqa: SIM905 - a table of words
)
"""Extra fields that stand under their own name."""
_ESCAPES = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "{": r"\{",
        "}": r"\}",
        "$": r"\$",
        "%": r"\%",
        "#": r"\#",
        "&": r"\&",
        "_": r"\_",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
    }
)
_LIGATURES = re.compile(r"(?<=-)(?=-)|(?<=`)(?=`)|(?<=')(?=')")
_NOT_IN_A_KEY = re.compile(r"[\s{}(),=#%\"'~\\@]+")
_NOT_IN_A_LINK = re.compile(r"[\\{}]")


def bibtex(records: Iterable[Record]) -> Iterator[str]:
    used: set[str] = set()
    for record in records:
        key = _key(record, used)
        fields = "".join(f",\n  {name} = {{{value}}}" for name, value in _fields(record, key))
        yield f"@{_KINDS.get(record.type or '', 'misc')}{{{key}{fields}\n}}\n\n"


def _fields(record: Record, key: str) -> Iterator[tuple[str, str]]:
    written = {
        "title": record.title,
        "author": " and ".join(map(_author, record.authors)),
        "year": None if record.year is None else str(record.year),
        _VENUES.get(record.type or "", "journal"): record.venue,
        "doi": record.doi,
        **({"eprint": record.arxiv_id, "eprinttype": "arxiv"} if record.arxiv_id else {}),
        "isbn": record.isbn,
        "url": record.url and _NOT_IN_A_LINK.sub(lambda m: f"\\{m.group()}", record.url),
        "langid": record.language,
        "abstract": record.abstract,
    }
    verbatim = {"author", "doi", "eprint", "eprinttype", "isbn", "url", "year", "langid"}
    for name, value in written.items():
        if value:
            yield name, value if name in verbatim else _escaped(value)
    for name, value in record.extra.items():
        own = name not in _EXTRA or "\n" in value
        yield f"x-extra.{_NOT_IN_A_KEY.sub('-', name)}" if own else name, _escaped(value)
    yield from _without_a_field(record, key)


def _without_a_field(record: Record, key: str) -> Iterator[tuple[str, str]]:
    for name in ("tags", "subjects", "cites"):
        if values := getattr(record, name):
            yield f"x-{name}", _escaped("\n".join(values))
    if record.type and record.type not in _KINDS and record.type != "misc":
        yield "x-type", _escaped(record.type)
    if record.external_id and record.external_id != key:
        yield "x-external_id", _escaped(record.external_id)
    missing = [name for name in ("type", "external_id") if not getattr(record, name)]
    if missing:
        yield "x-without", "\n".join(missing)


def _author(name: str) -> str:
    """Give a person's name as "Last, First"; braces keep anything else in one piece."""
    parts = family_and_given(name)
    if parts is None or " and " in name.lower():
        return f"{{{_escaped(name)}}}"
    return f"{_escaped(parts[0])}, {_escaped(parts[1])}"


def _escaped(text: str) -> str:
    """Write the text so that LaTeX, and our importer, read the same characters again."""
    return _LIGATURES.sub("{}", text.translate(_ESCAPES))


def _key(record: Record, used: set[str]) -> str:
    """Give the name that the record came with, or one of author, year and title; each once."""
    wanted = record.external_id or ""
    if not wanted or _NOT_IN_A_KEY.search(wanted):
        wanted = _made_key(record)
    key, number = wanted, 1
    while key.lower() in used:
        number += 1
        key = f"{wanted}-{number}"
    used.add(key.lower())
    return key


def _made_key(record: Record) -> str:
    family = (record.authors[0].split()[-1] if record.authors else "") or "anon"
    word = next((w for w in (record.title or "").split() if len(w) > 3), "")
    made = f"{family}{record.year or ''}{word}"
    ascii_only = unicodedata.normalize("NFKD", made).encode("ascii", "ignore").decode()
    return re.sub(r"\W+", "", ascii_only).lower() or "item"
