from collections.abc import Mapping
from typing import Any, Self

from pydantic import BaseModel, ConfigDict

from alexandria.models import Citation
from alexandria.services.graph import Citations

Titles = Mapping[str, Mapping[str, Any]]


class EvidenceOut(BaseModel):
    basis: str
    """`identifier`, `title`, or `person` for what somebody decided."""
    identifier: str | None = None
    """`doi`, `arxiv`, `pmid`, or `id` for the external id."""
    title: float | None = None
    """How alike the titles are, from 0 to 1."""
    authors: str | None = None
    """`first` agrees, `some` do, or `unknown`."""
    years_apart: int | None = None


class WorkOut(BaseModel):
    id: str
    title: str
    year: int | None


class ReferenceOut(BaseModel):
    id: int
    position: int
    source: str
    """`document`, or `record` for what an import named as `cites`."""
    raw: str
    authors: list[str]
    title: str | None
    venue: str | None
    year: int | None
    volume: str | None
    pages: str | None
    doi: str | None
    arxiv_id: str | None
    url: str | None
    citing: WorkOut
    cited: WorkOut | None
    """The resource that it is matched with; null if none is known."""
    score: float | None
    evidence: EvidenceOut | None

    @classmethod
    def of(cls, row: Citation, titles: Titles) -> Self:
        names = set(cls.model_fields) - {"citing", "cited", "evidence"}
        return cls(
            **{name: getattr(row, name) for name in names},
            citing=_work(row.resource_id, titles),
            cited=_work(row.cited_id, titles) if row.cited_id else None,
            evidence=EvidenceOut(**row.evidence) if row.evidence else None,
        )


class CitationsOut(BaseModel):
    resource_id: str
    total: int
    """References of the resource."""
    matched: int
    """Resources of this library that it cites."""
    cited_by: int
    """Resources of this library that cite it."""
    references: list[ReferenceOut]
    citing: list[ReferenceOut]
    """The references by which others cite it."""

    @classmethod
    def of(cls, resource_id: str, found: Citations, titles: Titles) -> Self:
        return cls(
            resource_id=resource_id,
            total=found.total,
            matched=found.matched,
            cited_by=found.cited_by,
            references=[ReferenceOut.of(one, titles) for one in found.references],
            citing=[ReferenceOut.of(one, titles) for one in found.citing],
        )


class DecisionIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    cited_id: str
    is_right: bool
    """False: the reference is not this resource."""


class NodeOut(WorkOut):
    distance: int
    """Edges from the resource asked for."""


class EdgeOut(BaseModel):
    citing: str
    cited: str
    score: float


class NeighborsOut(BaseModel):
    resource_id: str
    depth: int
    complete: bool
    """False: there are more, farther away, than are given."""
    nodes: list[NodeOut]
    edges: list[EdgeOut]


class PathOut(BaseModel):
    length: int
    """Edges."""
    nodes: list[WorkOut]


class InfluentialOut(WorkOut):
    rank: float
    """PageRank, damping 0.85."""
    cited_by: int


class RankingOut(BaseModel):
    total: int
    """Resources that cite or are cited."""
    event_id: int
    """The newest event that the figures include."""
    items: list[InfluentialOut]
    next_cursor: None = None


def _work(resource_id: str, titles: Titles) -> WorkOut:
    return WorkOut(id=resource_id, **titles[resource_id])
