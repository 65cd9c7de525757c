"""The tree of categories, and the categories of a resource."""

from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response, UploadFile

from alexandria.access import Reading, SignedIn, Writing
from alexandria.api.activity import BatchAccepted
from alexandria.api.schemas.page import Page
from alexandria.api.schemas.taxonomy import (
    CategoryChange,
    CategoryIn,
    CategoryOut,
    ClassificationOut,
    ClassificationsOut,
    ImportedOut,
    Removed,
    TrainingOut,
    UnsureOut,
)
from alexandria.bootstrap import Services, thesaurus_files
from alexandria.protocols.thesauri import MOST_BYTES
from alexandria.services.classification.review import LARGEST_PAGE
from alexandria.tasks.celery_tasks.batch import start_batch

router = APIRouter(tags=["taxonomy"])

_MEDIA_TYPES: dict[str, str] = {
    "turtle": "text/turtle",
    "rdf-xml": "application/rdf+xml",
    "json-ld": "application/ld+json",
}
_BINARY = {"schema": {"type": "string", "format": "binary"}}
_FILE: dict[int | str, dict[str, Any]] = {
    200: {"description": "The file", "content": dict.fromkeys(_MEDIA_TYPES.values(), _BINARY)}
}


@router.get("/taxonomy/categories")
def list_categories(services: Reading) -> Page[CategoryOut]:
    """List all categories, each after the one above it."""
    items = [CategoryOut.of(one) for one in services.categories.categories()]
    return Page(total=len(items), items=items)


@router.post("/taxonomy/categories", status_code=201)
def create_category(body: CategoryIn, services: Writing) -> CategoryOut:
    """Add a category."""
    category = services.categories.create(body.model_dump())
    services.session.commit()
    return CategoryOut.of(category)


@router.post("/taxonomy/import")
def import_thesaurus(
    file: UploadFile,
    services: Writing,
    language: Annotated[str, Query(description="of the names, where concepts have it")] = "en",
) -> ImportedOut:
    """Make each concept of a SKOS file (RDF/XML, Turtle, JSON-LD) a category, or renew it."""
    concepts = thesaurus_files().read(file.file.read(MOST_BYTES + 1))
    done = services.thesaurus.take(concepts, language)
    services.session.commit()
    return ImportedOut(**asdict(done))


@router.get("/taxonomy/export", response_class=Response, responses=_FILE)
def export_thesaurus(
    services: Reading,
    file_format: Annotated[
        Literal["turtle", "rdf-xml", "json-ld"], Query(alias="format")
    ] = "turtle",
) -> Response:
    """Give all categories as SKOS."""
    data = thesaurus_files().write(services.thesaurus.concepts(), file_format)
    return Response(data, media_type=_MEDIA_TYPES[file_format])


@router.get("/taxonomy/categories/{category_id}")
def read_category(category_id: str, services: Reading) -> CategoryOut:
    """Give one category."""
    return CategoryOut.of(services.categories.get(category_id))


@router.patch("/taxonomy/categories/{category_id}")
def change_category(category_id: str, body: CategoryChange, services: Writing) -> CategoryOut:
    """Change the fields given; a parent that stands below it is refused."""
    category = services.categories.update(category_id, body.model_dump(exclude_unset=True))
    services.session.commit()
    return CategoryOut.of(category)


@router.delete("/taxonomy/categories/{category_id}")
def delete_category(
    category_id: str,
    services: Writing,
    children: Annotated[
        Literal["refuse", "delete"], Query(description="what becomes of those below it")
    ] = "refuse",
) -> Removed:
    """Delete a category; subjects that resources have keep its name."""
    count = services.categories.delete(category_id, with_children=children == "delete")
    services.session.commit()
    return Removed(count=count)


@router.post("/taxonomy/classify/{resource_id}", status_code=202)
def classify(resource_id: str, services: Writing) -> BatchAccepted:
    """Have the categories of a resource predicted anew."""
    services.resources.get(resource_id)
    run = start_batch(services, "classify", [resource_id], None)
    return BatchAccepted(task_id=run.id, status_url=f"/tasks/{run.id}", total=1)


@router.get("/classification/review")
def review(
    services: Reading,
    limit: Annotated[int, Query(ge=1, le=LARGEST_PAGE)] = 20,
    cursor: str | None = None,
) -> Page[UnsureOut]:
    """List resources whose subject is unsure, the least sure first, with what is predicted."""
    found = services.review.page(limit, cursor)
    items = [UnsureOut.of(one) for one in found.items]
    return Page(total=found.total, items=items, next_cursor=found.next_cursor)


@router.get("/classification/trainings")
def trainings(services: Reading) -> Page[TrainingOut]:
    """List the last trainings of the classifier, the newest first, with what came of each."""
    items = [TrainingOut.of(one) for one in services.training.history()]
    return Page(total=len(items), items=items)


@router.get("/resources/{resource_id}/classification")
def classification(resource_id: str, services: Reading) -> ClassificationsOut:
    """Give the categories of a resource: those confirmed, those predicted, those rejected."""
    return _of(services, resource_id)


@router.post("/resources/{resource_id}/classification/{category_id}/confirm")
def confirm(
    resource_id: str, category_id: str, services: Writing, who: SignedIn
) -> ClassificationsOut:
    """Say that the resource belongs to the category; its name becomes one of the subjects."""
    services.taxonomy.confirm(resource_id, category_id, who.user_id)
    services.session.commit()
    return _of(services, resource_id)


@router.post("/resources/{resource_id}/classification/{category_id}/reject")
def reject(
    resource_id: str, category_id: str, services: Writing, who: SignedIn
) -> ClassificationsOut:
    """Say that it does not belong to the category; the name leaves the subjects."""
    services.taxonomy.reject(resource_id, category_id, who.user_id)
    services.session.commit()
    return _of(services, resource_id)


@router.post("/resources/{resource_id}/classification/{category_id}/undo")
def undo(resource_id: str, category_id: str, services: Writing) -> ClassificationsOut:
    """Take back what was said of the category; the subjects are as before."""
    services.taxonomy.undo_decision(resource_id, category_id)
    services.session.commit()
    return _of(services, resource_id)


def _of(services: Services, resource_id: str) -> ClassificationsOut:
    items = [ClassificationOut.of(one) for one in services.taxonomy.of(resource_id)]
    return ClassificationsOut(resource_id=resource_id, items=items)
