"""What documents cite: reading it, measuring that, and training."""

from alexandria.services.citations.evaluation import evaluate_citations, train_model
from alexandria.services.citations.references import CitationService

__all__ = ["CitationService", "evaluate_citations", "train_model"]
