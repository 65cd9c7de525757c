from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from alexandria.models import Author, AuthorDecision
from alexandria.services.authors import AuthorService, explain_kind, explain_link
from alexandria.services.authors.service import AuthorRecord


class AuthorMergeIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    author_ids: list[str] = Field(
        min_length=2, max_length=100, description="of those who are one person"
    )


class AuthorSplitIn(BaseModel):
    """What is to go: printed names, works, or another author who never was the same."""

    model_config = ConfigDict(extra="forbid")

    author_id: str
    names: list[str] = Field(default=[], max_length=1_000)
    resource_ids: list[str] = Field(default=[], max_length=1_000)
    from_author_id: str | None = Field(
        default=None, description="an author who is not to be taken for this one ever again"
    )


class AuthorOut(BaseModel):
    id: str
    name: str = Field(description="the fullest of the printed names")
    works: int

    @classmethod
    def of(cls, row: Author) -> "AuthorOut":
        return cls(id=row.id, name=row.name, works=row.works)


class PrintedName(BaseModel):
    name: str
    works: int
    first_year: int | None
    last_year: int | None


class AuthorWork(BaseModel):
    resource_id: str
    title: str
    year: int | None
    venue: str | None
    position: int = Field(description="of the author among those of the work, from 0")
    printed: str


class CoauthorOut(AuthorOut):
    together: int = Field(description="works that both wrote")


class AuthorLinkOut(BaseModel):
    """Why two printed names are taken for one person."""

    first: str
    second: str
    kind: str
    score: float = Field(description="0 to 20, the highest is the surest")
    evidence: dict[str, Any]
    explanation: str


class AlikeOut(AuthorOut):
    """Another author whose name is like one of these, but for whom too little speaks."""

    printed: str
    kind: str
    explanation: str


class AuthorDecisionOut(BaseModel):
    id: int
    kind: str = Field(description="merge or split")
    names: list[str]
    other_names: list[str] = Field(description="of the other side of a split")
    decided_by: str | None
    made_at: datetime
    undone_at: datetime | None

    @classmethod
    def of(cls, row: AuthorDecision, service: AuthorService) -> "AuthorDecisionOut":
        names, others = service.names_in(row)
        return cls(
            id=row.id,
            kind=row.kind,
            names=names,
            other_names=others,
            decided_by=row.decided_by,
            made_at=row.made_at,
            undone_at=row.undone_at,
        )


class AuthorsDecidedOut(BaseModel):
    decision: AuthorDecisionOut
    authors: list[AuthorOut] = Field(description="of whom it speaks, as they are now")

    @classmethod
    def of(cls, row: AuthorDecision, service: AuthorService) -> "AuthorsDecidedOut":
        return cls(
            decision=AuthorDecisionOut.of(row, service),
            authors=[AuthorOut.of(one) for one in service.people_of(row)],
        )


class AuthorRecordOut(AuthorOut):
    names: list[PrintedName]
    written: list[AuthorWork]
    coauthors: list[CoauthorOut]
    links: list[AuthorLinkOut]
    alike: list[AlikeOut]
    decisions: list[AuthorDecisionOut]

    @classmethod
    def from_record(cls, record: AuthorRecord, service: AuthorService) -> "AuthorRecordOut":
        return cls(
            **AuthorOut.of(record.author).model_dump(),
            names=[
                PrintedName(
                    name=one.name,
                    works=one.works,
                    first_year=one.years and one.years[0],
                    last_year=one.years and one.years[1],
                )
                for one in record.names
            ],
            written=[
                AuthorWork(
                    resource_id=one.resource.id,
                    title=one.resource.title,
                    year=one.resource.year,
                    venue=one.resource.venue,
                    position=one.position,
                    printed=one.printed,
                )
                for one in record.works
            ],
            coauthors=[
                CoauthorOut(**AuthorOut.of(one.author).model_dump(), together=one.works)
                for one in record.coauthors
            ],
            links=[
                AuthorLinkOut(
                    **{name: getattr(one, name) for name in ("first", "second", "kind", "score")},
                    evidence=one.evidence,
                    explanation=explain_link(one),
                )
                for one in record.links
            ],
            alike=[
                AlikeOut(
                    **AuthorOut.of(one.author).model_dump(),
                    printed=one.printed,
                    kind=one.kind,
                    explanation=explain_kind(one.kind),
                )
                for one in record.alike
            ],
            decisions=[AuthorDecisionOut.of(one, service) for one in record.decisions],
        )
