"""Measures how surely references are linked: which are right of those made, and of those there are."""

import gzip
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from alexandria.errors import InvalidInputError
from alexandria.models import Citation, CitationList, Resource, ResourceAuthor, ResourceIdentifier
from alexandria.protocols.citations import CitationReader, Reference
from alexandria.services.citations.references import fill_citation
from alexandria.services.graph.printed import METHOD, printed
from alexandria.services.graph.service import GraphService
from alexandria.services.near_duplicates.words import words_of

REFERENCES = 4_000
TAKEN_OUT = 0.2
"""Share of the cited works that the library lacks: references to them must stay unmatched."""
_AT_ONCE = 500
_SEED = 0
_SHORT_TITLE = 20
"""Letters."""

Opener = Callable[[Path], AbstractContextManager[Session]]
"""Opens an empty library in a folder."""
Progress = Callable[[str, int, int], None]
Paper = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Case:
    reference: Reference
    work: str
    """Id of the work that it names, which the library may lack."""
    citing: str


def is_citation_graph(folder: Path) -> bool:
    return any((folder / f"citations.tsv{end}").is_file() for end in ("", ".gz"))


def evaluate_citation_graph(
    folder: Path, opener: Opener, reader: CitationReader, tell: Progress
) -> dict[str, Any]:
    """Measure on papers and who cites whom: references are made up, read, and linked.

    Raises InvalidInputError for a folder without `papers.jsonl` and `citations.tsv`.
    """
    papers = {
        str(paper["id"]): paper for paper in map(orjson.loads, _lines(folder, "papers.jsonl"))
    }
    pairs = [line.split() for line in _lines(folder, "citations.tsv")][1:]
    chance = Random(_SEED)  # noqa: S311 - no secret
    known = sorted(tuple(pair) for pair in pairs if len(pair) == 2 and pair[1] in papers)
    asked = chance.sample(known, min(REFERENCES, len(known)))
    out = _taken_out({cited for _, cited in asked}, chance)
    cases = []
    for number, (citing, cited) in enumerate(asked, start=1):
        raw = printed(papers[cited], chance)
        cases.append(_Case(reader.parse_reference(raw), cited, citing))
        tell("references read", number, len(asked))
    library = {one: paper for one, paper in papers.items() if one not in out}
    return {
        "dataset": folder.name,
        "form": "citation-graph",
        "split": f"{len(asked)} of {len(known)} citations (seed {_SEED}); {len(out)} cited works "
        "are not in the library, so that references to them must stay unmatched",
        "method": METHOD,
        **_linked(library, cases, opener, tell),
    }


def evaluate_article_links(
    articles: Sequence[Paper], opener: Opener, reader: CitationReader, tell: Progress
) -> dict[str, Any]:
    """Measure on articles with `data` and `references`, which are linked with records of the works.

    The library holds four fifths of the cited works, half of them without their DOI, and beside
    each a sibling by the same authors, of a like title, a year later.
    """
    chance = Random(_SEED)  # noqa: S311 - no secret
    works: dict[str, Paper] = {}
    cases = []
    for article in articles:
        found = reader.references_of(article["data"])
        gold = article["references"]
        if len(found) != len(gold):
            continue
        for read, wanted in zip(found, gold, strict=True):
            if name := _name(wanted):
                works.setdefault(name, wanted)
                cases.append(_Case(read, name, str(article["file"])))
    out = _taken_out(set(works), chance)
    library: dict[str, Paper] = {}
    for one, work in sorted(works.items()):
        paper = dict(work)
        if chance.random() < 0.5:
            paper.pop("doi", None)
        if one not in out:
            library[one] = paper
        if len(words := str(work["title"]).split()) > 3:
            sibling = " ".join([*words[:-2], chance.choice(("rivers", "stones", "bridges"))])
            year = work.get("year")
            later = {"year": year + 1} if isinstance(year, int) else {}
            library[f"{one} sibling"] = {**work, "title": sibling, "doi": None, **later}
    return {
        "link_split": f"{len(cases)} references of {len({c.citing for c in cases})} articles whose "
        f"lists are read whole; {len(out)} of {len(works)} works are not in the library, half of "
        f"the others have no DOI there; siblings stand beside them (seed {_SEED})",
        **_linked(library, cases, opener, tell),
    }


def _taken_out(works: set[str], chance: Random) -> set[str]:
    ordered = sorted(works)
    return set(chance.sample(ordered, int(len(ordered) * TAKEN_OUT)))


def _linked(
    library: Mapping[str, Paper], cases: Sequence[_Case], opener: Opener, tell: Progress
) -> dict[str, Any]:
    with (
        TemporaryDirectory(prefix="alexandria-evaluate-") as folder,
        opener(Path(folder)) as session,
    ):
        numbers = {one: f"work-{number}" for number, one in enumerate(sorted(library))}
        for one, paper in library.items():
            session.add(_resource(numbers[one], paper))
        _add_cases(session, cases)
        session.commit()
        graph = GraphService(session)
        ids = sorted(session.scalars(select(Resource.id)))
        for start in range(0, len(ids), _AT_ONCE):
            graph.add_citation_edges(ids[start : start + _AT_ONCE])
            session.commit()
            tell("works and references matched", min(start + _AT_ONCE, len(ids)), len(ids))
        rows = session.execute(select(Citation.position, Citation.cited_id))
        found = {position: cited for position, cited in rows if cited}
    right = sum(found.get(at) == numbers.get(case.work, "") for at, case in enumerate(cases))
    there = sum(case.work in library for case in cases)
    return {
        "link_precision": round(right / len(found), 4) if found else 0.0,
        "link_recall": round(right / there, 4) if there else 0.0,
        "links": len(found),
        "references": len(cases),
        "references_in_library": there,
        "library": len(library),
    }


def _add_cases(session: Session, cases: Sequence[_Case]) -> None:
    for citing in sorted({case.citing for case in cases}):
        session.add(Resource(id=_citing(citing), title="-", extra={}))
    session.flush()
    for citing in sorted({case.citing for case in cases}):
        session.add(
            CitationList(
                resource_id=_citing(citing), total=0, content_revision=1, metadata_revision=1
            )
        )
    session.flush()
    for position, case in enumerate(cases):
        row = Citation(resource_id=_citing(case.citing), fingerprint=str(position))
        fill_citation(row, position, "document", case.reference)
        session.add(row)


def _citing(name: str) -> str:
    return f"citing-{name}"[:36]


def _resource(resource_id: str, paper: Paper) -> Resource:
    year, doi = paper.get("year"), paper.get("doi")
    return Resource(
        id=resource_id,
        title=str(paper["title"]),
        year=year if isinstance(year, int) else None,
        extra={},
        author_rows=[
            ResourceAuthor(position=position, name=str(name))
            for position, name in enumerate(paper.get("authors") or ())
        ],
        identifier_rows=[ResourceIdentifier(scheme="doi", value=doi.lower())] if doi else [],
    )


def _name(wanted: Paper) -> str:
    """Name the work of a reference by its title, a short one with its DOI; empty without a title.

    Articles give the DOI of one work or leave it out.
    """
    title = "".join(words_of(str(wanted.get("title") or "")))
    return title if len(title) > _SHORT_TITLE or not title else f"{title} {wanted.get('doi')}"


def _lines(folder: Path, name: str) -> Iterator[str]:
    path = next((p for p in (folder / f"{name}.gz", folder / name) if p.is_file()), None)
    if path is None:
        raise InvalidInputError(
            f"{folder} has no {name}.", "Give a folder with papers.jsonl and citations.tsv."
        )
    with gzip.open(path, "rt") if path.suffix == ".gz" else path.open(encoding="utf-8") as lines:
        yield from (line for line in lines if line.strip())
