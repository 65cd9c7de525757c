"""Resources as they are read most: from the cache."""

from collections.abc import Iterable
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from alexandria import cache_keys
from alexandria.db import see_newest
from alexandria.protocols import Cache
from alexandria.services.fields import FIELDS, read_field
from alexandria.services.resources import ResourceService


class ResourceReader:
    def __init__(self, session: Session, resources: ResourceService, cache: Cache) -> None:
        self._session = session
        self._resources = resources
        self._cache = cache

    def read(self, resource_id: str) -> dict[str, Any]:
        """Give all fields, the identifiers by scheme, revisions, and times (ISO 8601).

        Raises NotFoundError.
        """
        key = cache_keys.resource(resource_id)
        return self._cache.get_or_compute(key, partial(self._read, resource_id))

    def warm(self, resource_ids: Iterable[str]) -> int:
        """Have the cache hold these, as far as they are there; give how many it did not."""
        return self._cache.warm(
            {cache_keys.resource(one): partial(self._read, one) for one in resource_ids}
        )

    def _read(self, resource_id: str) -> dict[str, Any]:
        see_newest(self._session)  # else it could be older than what emptied the cache
        resource = self._resources.get(resource_id)
        return {
            "id": resource.id,
            **{name: read_field(resource, name) for name in FIELDS},
            "identifiers": dict(resource.identifiers),
            "content_revision": resource.content_revision,
            "metadata_revision": resource.metadata_revision,
            "revision": [resource.content_revision, resource.metadata_revision],
            "created_at": resource.created_at.isoformat(),
            "updated_at": resource.updated_at.isoformat(),
        }
