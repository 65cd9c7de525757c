"""The services that are asked, by scheme."""

from collections.abc import Mapping
from functools import partial
from types import ModuleType

from alexandria.adapters.lookups import arxiv, crossref, datacite, open_library, pubmed
from alexandria.adapters.lookups.web_source import WebSource
from alexandria.protocols import WebFetcher
from alexandria.protocols.lookups import Pace, Sources

ORDER: Mapping[str, tuple[str, ...]] = {
    "doi": ("Crossref", "DataCite"),
    "arxiv": ("arXiv",),
    "isbn": ("Open Library",),
    "pmid": ("PubMed",),
}
"""Scheme to services: DataCite is asked for DOIs that Crossref does not know."""
_FORMS: Mapping[str, ModuleType] = {
    "Crossref": crossref,
    "DataCite": datacite,
    "arXiv": arxiv,
    "Open Library": open_library,
    "PubMed": pubmed,
}


def public_services(
    addresses: Mapping[str, str],
    intervals: Mapping[str, float],
    contact: str,
    fetcher: WebFetcher,
    pace: Pace,
) -> Sources:
    """`addresses` and `intervals` (seconds between requests): by the service's name."""

    def source(name: str) -> WebSource:
        form = _FORMS[name]
        return WebSource(
            name=name,
            address=partial(form.address, addresses[name].rstrip("/"), contact),
            accept=form.ACCEPT,
            read=form.read,
            fetcher=fetcher,
            pace=pace,
            interval=intervals[name],
        )

    return {scheme: tuple(map(source, names)) for scheme, names in ORDER.items()}
