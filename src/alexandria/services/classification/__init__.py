"""Subjects: the tree of categories, and what predicts to which a resource belongs."""

from alexandria.services.classification.categories import CategoryService
from alexandria.services.classification.classifier import MLClassificationService
from alexandria.services.classification.review import ReviewService
from alexandria.services.classification.taxonomy import TaxonomyService
from alexandria.services.classification.thesaurus import ThesaurusService
from alexandria.services.classification.training import TrainingService

__all__ = [
    "CategoryService",
    "MLClassificationService",
    "ReviewService",
    "TaxonomyService",
    "ThesaurusService",
    "TrainingService",
]
