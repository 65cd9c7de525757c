from typing import Annotated, Literal

from pydantic import BaseModel, Field

from alexandria.services.citing import DEFAULT_STYLE, MOST_CITED

ResourceIds = Annotated[list[str], Field(min_length=1, max_length=MOST_CITED)]
FileFormat = Literal["bibtex", "ris", "csl-json", "jsonl"]


class CitationStyleOut(BaseModel):
    name: str
    title: str


class CitationStylesOut(BaseModel):
    items: list[CitationStyleOut]


class CiteIn(BaseModel):
    resource_ids: ResourceIds
    style: str = Field(DEFAULT_STYLE, max_length=200, description="see GET /citation-styles")


class ReferenceOut(BaseModel):
    """`html` has no tags but i, b, sup and sub."""

    html: str
    text: str


class CitedOut(BaseModel):
    style: str
    references: list[ReferenceOut]


class ExportIn(BaseModel):
    resource_ids: ResourceIds
    format: FileFormat = "bibtex"
