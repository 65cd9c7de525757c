"""Look-ups: what public services say of identifiers, asked once and kept for every resource.

A row is of an identifier, not of a resource: two resources with one DOI need one request, and a
suggestion belongs to whatever resource has the identifier at that moment. What is still to be
asked is found by a query, so nothing that fell out of a queue is lost.
"""

import logging
from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy.orm import Session

from alexandria.errors import (
    ConflictError,
    ExtractionError,
    NotYetError,
    SwitchedOffError,
    TransientError,
)
from alexandria.models import Lookup, Resource
from alexandria.protocols.extraction import Record
from alexandria.protocols.lookups import SCHEMES, Identifier, Sources
from alexandria.services.lookup_rows import LookupRows

logger = logging.getLogger(__name__)

_AGAIN_SECONDS = 5.0


class LookupService:
    """`sources`: None where look-ups are off. `grace`: so long work may be overdue."""

    def __init__(
        self, session: Session, sources: Sources | None, rows: LookupRows, grace: timedelta
    ) -> None:
        self._session = session
        self._sources = sources
        self._rows = rows
        self._grace = grace

    @property
    def on(self) -> bool:
        return self._sources is not None

    def require_on(self) -> Sources:
        if self._sources is None:
            raise SwitchedOffError(
                "Look-ups by identifier are switched off: they ask services on the internet.",
                "Set ALEXANDRIA_LOOKUPS=true and ALEXANDRIA_CONTACT to your mail address, then "
                "start the library again.",
            )
        return self._sources

    def services_of(self, scheme: str) -> list[str]:
        """Name the services that are asked for a scheme."""
        return [source.name for source in (self._sources or {}).get(scheme, ())]

    def of(self, resource: Resource) -> list[tuple[Identifier, Lookup | None]]:
        """Give what there is for each identifier of the resource; None: not asked yet."""
        return [(one, self._rows.get(one)) for one in identifiers_of(resource)]

    def request(self, resource: Resource) -> list[Identifier]:
        """Have asked what is not known of the resource's identifiers; give these.

        What failed, or is older than answers are kept, is asked anew; a younger answer stands.
        Raises SwitchedOffError, and ConflictError for a resource without identifiers.
        """
        self.require_on()
        found = identifiers_of(resource)
        if not found:
            raise ConflictError(
                f"This resource has no {', '.join(SCHEMES.values())} that could be looked up.",
                "Give it one first.",
            )
        return [one for one in found if self._rows.queue(one)]

    def due(self, limit: int) -> list[str]:
        """Give resources with an identifier that is still to be asked, the newest first."""
        return self._rows.waiting(limit)

    def is_overdue(self) -> bool:
        """Tell whether something should have been asked a grace ago, and nobody is at it."""
        return bool(self._rows.waiting(1, self._grace))

    def ask_for(self, resource_id: str, by: str) -> list[Lookup]:
        """Ask what is due of one resource's identifiers; give those that failed for good.

        Commits between its steps. What may pass is put off, and asked again in time.
        """
        resource = self._session.get(Resource, resource_id, populate_existing=True)
        if resource is None or resource.deleted_at is not None:
            return []
        failed = []
        for one in identifiers_of(resource):
            try:
                self._answer(one, by, due_only=True)
            except NotYetError as error:
                logger.info("%s is asked later: %s", one, error)
            except (TransientError, ExtractionError) as error:
                logger.warning("%s: %s", one, error)
                row = self._rows.get(one)
                failed += [row] if row and row.state == "failed" else []
        return failed

    def find(self, identifier: Identifier, by: str) -> Record:
        """Give what the services say of an identifier, asking them only if it is not known yet.

        Commits between its steps. Raises SwitchedOffError, TransientError, and ExtractionError for
        one that no service knows.
        """
        self.require_on()
        self._rows.queue(identifier)
        row = self._answer(identifier, by, due_only=False)
        if row is None:
            raise NotYetError(
                f"Another task asks for {identifier.label} at this moment.",
                "It is tried again by itself.",
                retry_after=_AGAIN_SECONDS,
            )
        if row.payload is None:
            names = self.services_of(identifier.scheme)
            nobody = f"Neither {' nor '.join(names)} knows" if names[1:] else f"{names[0]} has not"
            raise ExtractionError(
                f"{nobody} {identifier.label}.",
                "Check it for slips, or add the work by a file or its address.",
            )
        return Record.from_dict(row.payload)

    def revive(self, resource_id: str) -> None:
        """Have asked again what failed for good of a resource's identifiers."""
        resource = self._session.get(Resource, resource_id)
        for one in identifiers_of(resource) if resource else ():
            self._rows.queue(one)

    def _answer(self, identifier: Identifier, by: str, *, due_only: bool) -> Lookup | None:
        """Ask if need be; None if another task is at it, or if it is not due."""
        sources = self.require_on()[identifier.scheme]
        row = self._rows.claim(identifier, by, due_only=due_only)
        if row is None or row.state != "queued":
            return row
        try:
            for source in sources:
                record = source.ask(identifier.value)
                if record is not None:
                    break
        except TransientError as error:
            counts = not isinstance(error, NotYetError)
            self._rows.put_off(identifier, by, error, counts=counts)
            raise
        except ExtractionError as error:
            said = {"error": error.message, "remedy": error.remedy}
            self._rows.answered(identifier, by, state="failed", service=source.name, **said)
            raise
        if record is None:
            return self._rows.answered(identifier, by, state="unknown", service=None, payload=None)
        found = {"service": source.name, "payload": record.to_dict()}
        return self._rows.answered(identifier, by, state="found", **found)


def identifiers_of(resource: Resource) -> list[Identifier]:
    """Give those that services can be asked for, in the order of the schemes."""
    found: Mapping[str, str] = resource.identifiers
    return [Identifier(scheme, found[scheme]) for scheme in SCHEMES if scheme in found]
