"""Resources that may be one: found by sketches of titles and texts, verified, and shown with why."""

from alexandria.services.near_duplicates.service import NearDuplicateService, damaged
from alexandria.services.near_duplicates.signature import PRODUCER
from alexandria.services.near_duplicates.suggestions import (
    LARGEST_PAGE,
    Suggestion,
    SuggestionPage,
    SuggestionService,
)

__all__ = [
    "LARGEST_PAGE",
    "PRODUCER",
    "NearDuplicateService",
    "Suggestion",
    "SuggestionPage",
    "SuggestionService",
    "damaged",
]
