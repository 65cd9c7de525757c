"""Who wrote what: names read, brought together to persons, and what people decided on them."""

from alexandria.services.authors.explaining import explain_kind, explain_link
from alexandria.services.authors.lists import damaged_author_lists
from alexandria.services.authors.registry import PRODUCER
from alexandria.services.authors.service import AuthorService

__all__ = ["PRODUCER", "AuthorService", "damaged_author_lists", "explain_kind", "explain_link"]
