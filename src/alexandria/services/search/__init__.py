"""Search by words and by meaning."""

from alexandria.services.search.entries import entry_for
from alexandria.services.search.request import SearchRequest, SearchResponse, SearchResult
from alexandria.services.search.service import SearchService

__all__ = ["SearchRequest", "SearchResponse", "SearchResult", "SearchService", "entry_for"]
