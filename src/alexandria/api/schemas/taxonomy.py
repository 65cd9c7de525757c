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


class ImportedOut(BaseModel):
    added: int
    changed: int
    unchanged: int
    several_broader: list[str] = Field(
        description="names of concepts with several above them, which stand below one of these"
    )


class Removed(BaseModel):
    count: int
