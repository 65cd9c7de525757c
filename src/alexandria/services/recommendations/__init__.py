"""What a reader may want to read next, and why."""

from alexandria.services.recommendations.co_reading import CoReadingService
from alexandria.services.recommendations.profiles import Preferences, UserProfileService
from alexandria.services.recommendations.service import (
    LARGEST,
    Recommendation,
    RecommendationService,
)
from alexandria.services.recommendations.words import in_words

__all__ = [
    "LARGEST",
    "CoReadingService",
    "Preferences",
    "Recommendation",
    "RecommendationService",
    "UserProfileService",
    "in_words",
]
