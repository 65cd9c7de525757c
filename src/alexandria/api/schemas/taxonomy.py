from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from alexandria.models import Category, ClassifierTraining
from alexandria.services.classification.review import Unsure
from alexandria.services.classification.taxonomy import Classification


class CategoryIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str = Field(max_length=500)
    parent_id: str | None = None
    description: str = ""
    keywords: list[str] = []
    notation: str | None = None


class CategoryChange(BaseModel):
    """Fields that are left out stay as they are."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(default="", max_length=500)
    parent_id: str | None = None
    description: str = ""
    keywords: list[str] = []
    notation: str | None = None


class Labels(BaseModel):
    """What a category is called in another language."""

    preferred: str | None = None
    alternative: list[str] = []
    definition: str | None = None


class CategoryOut(BaseModel):
    id: str
    name: str
    slug: str
    parent_id: str | None
    description: str
    keywords: list[str]
    notation: str | None
    uri: str | None = Field(description="of the concept in the thesaurus it came from")
    language: str | None = Field(description="of name, keywords and description, where known")
    labels: dict[str, Labels]

    @classmethod
    def of(cls, row: Category) -> "CategoryOut":
        return cls(**{name: getattr(row, name) for name in cls.model_fields})


class ClassificationOut(BaseModel):
    category_id: str
    name: str
    state: str = Field(description="confirmed, predicted or rejected")
    is_predicted: bool
    confidence: float | None = Field(description="a probability; null where none was predicted")

    @classmethod
    def of(cls, one: Classification) -> "ClassificationOut":
        return cls(
            category_id=one.category.id,
            name=one.category.name,
            state=one.state,
            is_predicted=one.is_predicted,
            confidence=one.confidence,
        )


class ClassificationsOut(BaseModel):
    resource_id: str
    items: list[ClassificationOut]


class CandidateOut(BaseModel):
    category_id: str
    name: str
    confidence: float
    words: str = Field(description="the confidence in words")


class UnsureOut(BaseModel):
    resource_id: str
    title: str
    authors: list[str]
    year: int | None
    margin: float = Field(description="by how much the first is likelier than the second")
    producer: str = Field(description="the rules or the model that predicted it")
    candidates: list[CandidateOut]

    @classmethod
    def of(cls, one: Unsure) -> "UnsureOut":
        named = ("category_id", "name", "confidence", "words")
        return cls(
            resource_id=one.resource.id,
            title=one.resource.title,
            authors=one.resource.authors,
            year=one.resource.year,
            margin=one.margin,
            producer=one.producer,
            candidates=[
                CandidateOut(**{name: getattr(each, name) for name in named})
                for each in one.candidates
            ],
        )


class TrainingOut(BaseModel):
    """What one training of the classifier came to, measured on examples held back."""

    producer: str
    is_accepted: bool = Field(description="whether it serves, or the one before it stays")
    reason: str
    examples: int
    held_back: int
    macro_f1: float
    ece: float
    old_macro_f1: float | None = Field(description="of the model before it, on the same examples")
    trained_at: datetime

    @classmethod
    def of(cls, row: ClassifierTraining) -> "TrainingOut":
        return cls(**{name: getattr(row, name) for name in cls.model_fields})


class ImportedOut(BaseModel):
    added: int
    changed: int
    unchanged: int
    several_broader: list[str] = Field(
        description="names of concepts with several above them, which stand below one of these"
    )


class Removed(BaseModel):
    count: int
