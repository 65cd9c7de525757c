"""Who reads what together: a model of readers' libraries, tags and citation links."""

from alexandria.adapters.readings.model import ReadingRanker

__all__ = ["ReadingRanker"]
