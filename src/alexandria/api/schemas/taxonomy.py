from pydantic import BaseModel, ConfigDict, Field

from alexandria.models import Category
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


class CategoryOut(BaseModel):
    id: str
    name: str
    slug: str
    parent_id: str | None
    description: str
    keywords: list[str]
    notation: str | None

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


class Removed(BaseModel):
    count: int
