"""Reading what documents cite: measuring and training."""

from alexandria.services.citations.evaluation import evaluate_citations, train_model

__all__ = ["evaluate_citations", "train_model"]
