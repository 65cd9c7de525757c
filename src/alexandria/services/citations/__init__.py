"""What documents cite: reading it, measuring that, and training."""

from alexandria.services.citations.evaluation import evaluate_citations, train_model
from alexandria.services.citations.references import CitationService, damaged_lists

__all__ = ["CitationService", "damaged_lists", "evaluate_citations", "train_model"]
