"""What the library has of a resource beside what a service says, field by field."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from alexandria.errors import ConflictError, InvalidInputError, PreconditionFailedError
from alexandria.models import Lookup, Resource
from alexandria.protocols.lookups import Identifier
from alexandria.services.fields import checked_fields, read_field
from alexandria.services.lookups import LookupService
from alexandria.services.resources import ResourceService

COMPARED = (
    *("title", "authors", "year", "venue", "abstract", "type", "language"),
    *("doi", "arxiv_id", "isbn", "url"),
)
_EXTRA = "extra."
_DASHES = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-"))


@dataclass(frozen=True, slots=True)
class Compared:
    """`name`: of a field, or `extra.NAME`."""

    name: str
    ours: Any
    theirs: Any

    @property
    def differs(self) -> bool:
        return bool(_folded(self.ours) != _folded(self.theirs))


@dataclass(frozen=True, slots=True)
class Suggestion:
    identifier: Identifier
    row: Lookup | None
    fields: tuple[Compared, ...] = ()
    """Those of which the service says something."""

    @property
    def state(self) -> str:
        return self.row.state if self.row else "queued"

    @property
    def differing(self) -> list[Compared]:
        return [field for field in self.fields if field.differs]


class LookupComparison:
    def __init__(self, lookups: LookupService, resources: ResourceService) -> None:
        self._lookups = lookups
        self._resources = resources

    def suggestions(self, resource: Resource) -> list[Suggestion]:
        """Give one for each identifier of the resource. Raises SwitchedOffError."""
        self._lookups.require_on()
        return [
            Suggestion(identifier, row, compare(resource, (row and row.payload) or {}))
            for identifier, row in self._lookups.of(resource)
        ]

    def accept(
        self,
        resource_id: str,
        names: Collection[str],
        scheme: str | None = None,
        *,
        expected: tuple[int, int] | None = None,
        seen: datetime | None = None,
    ) -> Resource:
        """Write what a service says of these fields into the resource.

        `scheme`: whose suggestion, where there are several. `expected`: the revisions, and `seen`:
        when the suggestion was fetched, that the reader saw; raises PreconditionFailedError if
        there is a newer one of either.
        """
        resource = self._resources.get(resource_id, for_update=True)
        suggestion = _chosen(self.suggestions(resource), scheme)
        if seen is not None and suggestion.row and suggestion.row.fetched_at != seen:
            raise PreconditionFailedError(
                "The service was asked again after you read what it says.",
                "Read it again, and choose from what is there now.",
            )
        theirs = {field.name: field.theirs for field in suggestion.fields}
        if not names:
            raise InvalidInputError("No field was chosen.", f"Choose from: {', '.join(theirs)}.")
        if unknown := [name for name in names if name not in theirs]:
            raise InvalidInputError(
                f"{_speaker(suggestion)} says nothing of {', '.join(unknown)}.",
                f"Choose from: {', '.join(theirs)}.",
            )
        changes = {name: theirs[name] for name in names if not name.startswith(_EXTRA)}
        extra = {
            name.removeprefix(_EXTRA): theirs[name] for name in names if name.startswith(_EXTRA)
        }
        if extra:
            changes["extra"] = {**resource.extra, **extra}
        return self._resources.update(resource_id, changes, expected)


def compare(resource: Resource, payload: Mapping[str, Any]) -> tuple[Compared, ...]:
    """Compare each field of which the payload says something."""
    given = {name: payload[name] for name in COMPARED if payload.get(name)}
    extra = payload.get("extra") or {}
    return (
        *(
            Compared(name, read_field(resource, name), theirs)
            for name, theirs in checked_fields(given).items()
        ),
        *(
            Compared(f"{_EXTRA}{name}", resource.extra.get(name), theirs)
            for name, theirs in checked_fields({"extra": extra})["extra"].items()
        ),
    )


def _chosen(suggestions: list[Suggestion], scheme: str | None) -> Suggestion:
    found = [one for one in suggestions if one.fields and scheme in {None, one.identifier.scheme}]
    if not found:
        raise ConflictError(
            "There is no suggestion for this resource" + (f" by its {scheme}." if scheme else "."),
            "Have it looked up first.",
        )
    if len(found) > 1:
        names = ", ".join(one.identifier.scheme for one in found)
        raise InvalidInputError(
            "There are several suggestions.", f"Say by `scheme` which one: {names}."
        )
    return found[0]


def _speaker(suggestion: Suggestion) -> str:
    return (suggestion.row and suggestion.row.service) or "The service"


def _folded(value: Any) -> Any:
    if isinstance(value, str):
        return " ".join(value.translate(_DASHES).split()) or None
    if isinstance(value, list | tuple):
        return [_folded(one) for one in value]
    return value
