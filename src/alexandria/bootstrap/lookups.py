"""The public services of the settings, and their pace; they load only where they are asked."""

import os
from functools import lru_cache

from alexandria.adapters.web_fetcher import HttpFetcher
from alexandria.bootstrap.redis_servers import broker_client
from alexandria.config import Settings, get_settings
from alexandria.protocols.lookups import Sources


def lookup_sources() -> Sources | None:
    """Give the services that are asked, or None where look-ups are off."""
    settings = get_settings()
    return _sources(os.getpid(), settings) if settings.alexandria_lookups else None


@lru_cache(maxsize=4)
def _sources(_pid: int, settings: Settings) -> Sources:
    from alexandria.adapters.lookups.pace import RedisPace  # noqa: PLC0415
    from alexandria.adapters.lookups.services import public_services  # noqa: PLC0415
    from alexandria.adapters.lookups.web_source import LARGEST_ANSWER_BYTES  # noqa: PLC0415

    addresses = {
        "Crossref": settings.alexandria_crossref_url,
        "DataCite": settings.alexandria_datacite_url,
        "arXiv": settings.alexandria_arxiv_url,
        "Open Library": settings.alexandria_open_library_url,
        "PubMed": settings.alexandria_pubmed_url,
    }
    intervals = dict.fromkeys(addresses, settings.alexandria_lookup_interval)
    contact = settings.alexandria_contact or ""
    fetcher = HttpFetcher(
        max_bytes=LARGEST_ANSWER_BYTES,
        seconds=settings.alexandria_fetch_seconds,
        allow_private=settings.alexandria_fetch_private,
        contact=contact,
    )
    return public_services(
        addresses,
        intervals | {"arXiv": settings.alexandria_arxiv_interval},
        contact,
        fetcher,
        RedisPace(broker_client),
    )
