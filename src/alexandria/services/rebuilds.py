"""Computing all of one derivation anew, without a gap: what serves goes on until the new is whole.

Which rows are still to be done stands in the ledger, so that a rebuild that is interrupted goes on
where it was. A row is to be done anew while it is due and was computed by another producer, or
while its revisions are set back to 0.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CursorResult,
    Result,
    and_,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Session

from alexandria.db import now
from alexandria.errors import InvalidInputError
from alexandria.models import Build, LedgerRow, Resource
from alexandria.protocols import FullTextIndex
from alexandria.services.builds import BuildService
from alexandria.services.derivations import Derivation
from alexandria.services.ledger import RESOURCE, Ledger
from alexandria.services.vector_rows import forget_model

logger = logging.getLogger(__name__)

KEPT_AFTER_SWITCH = timedelta(seconds=30)
"""So long a search that began before the switch may still look at what served then."""
_ROWS_AT_ONCE = 1000
_BUILT_AS: Mapping[str, str] = {"passages": "embedding"}
"""Derivation to the one whose build it belongs to: both are of one model."""


@dataclass(frozen=True, slots=True)
class Model:
    """The embedding model that the settings ask for; `place`: its folder, None if bundled."""

    name: str
    place: str | None


class RebuildService:
    """`model`: asked only when a rebuild or a start of the library needs to know it.

    `can_serve`: whether the model of a build can still be loaded.
    """

    def __init__(
        self,
        session: Session,
        ledger: Ledger,
        builds: BuildService,
        fulltext: FullTextIndex,
        model: Callable[[], Model],
        can_serve: Callable[[Build], bool],
    ) -> None:
        self._session = session
        self._ledger = ledger
        self._builds = builds
        self._fulltext = fulltext
        self._model = model
        self._can_serve = can_serve

    def catch_up(self, *, follow_settings: bool) -> int:
        """Follow this version's schema, and open the ledger's missing rows; give how many are due.

        `follow_settings`: build another model if the settings name one. Else they count only where
        nothing serves yet, so that a command with other settings starts no rebuild unasked.
        """
        self._builds.hold()
        if follow_settings or self._builds.serving("embedding") is None:
            self._follow_model()
        self._follow_schema()
        return sum(self._open_missing(d) + self._renew_others(d) for d in self._ledger.active)

    def chosen(self, name: str) -> list[str]:
        """Give what is to be rebuilt: the derivation, and what is built together with it.

        Raises InvalidInputError for what does not run here.
        """
        names = [one.name for one in self._ledger.active]
        if name not in {"all", *names}:
            raise InvalidInputError(
                f"There is no derivation {name!r} here.", f"Choose all, or {', '.join(names)}."
            )
        return names if name == "all" else list(_built_with(name))

    def begin(self, derivation: str) -> int:
        """Have all of one derivation computed anew, or go on with it; give how many rows wait."""
        self.catch_up(follow_settings=True)
        if not self.remaining(derivation):
            if derivation == "search":
                self._start_index()
            self._renew(derivation)
        return self.remaining(derivation)

    def remaining(self, derivation: str) -> int:
        """Count what was computed before, and is still to be computed anew."""
        query = select(func.count()).select_from(LedgerRow).where(*self._to_renew(derivation))
        return self._session.scalar(query) or 0

    def finish(self, derivation: str) -> bool:
        """Let what was built beside serve, if all is in it that was in what serves now."""
        built = _BUILT_AS.get(derivation, derivation)
        if self._builds.building(built) is None:
            return False
        for part in _built_with(built):
            left = select(LedgerRow.subject_id).where(*self._to_renew(part)).limit(1)
            if self._session.scalar(left) is not None:
                return False
        if not self._builds.switch(built):
            return False  # the reconciler does it soon
        serving = self._builds.serving(built)
        logger.info("%s: %s serves from now on", built, serving and serving.producer)
        return True

    def clean_up(self, kept: timedelta = KEPT_AFTER_SWITCH) -> bool:
        """Take a piece of what no longer serves away; give whether there is more of it."""
        for build in self._builds.retired(kept):
            if self._drop(build):
                self._builds.forget(build)
            return True
        return False

    def _drop(self, build: Build) -> bool:
        """Take a build's data away, or a piece of them; give whether they are gone."""
        if build.derivation == "search" and build.place:
            self._fulltext.drop(build.place)
            return True
        used_again = build.version in {one.version for one in self._builds.in_use("embedding")}
        return used_again or forget_model(self._session, build.version, _ROWS_AT_ONCE) == 0

    def _follow_model(self) -> None:
        model = self._model()
        target, serving = self._builds.target("embedding"), self._builds.serving("embedding")
        if target is not None and target.version == model.name:
            return
        if serving is not None and serving.version == model.name:
            self._give_up("embedding")
            return
        self._builds.start("embedding", model.name, model.place)
        if serving is not None and not self._can_serve(serving):
            logger.warning("%s can't be loaded any more: searches by meaning wait", serving.version)
            self._builds.switch("embedding")

    def _follow_schema(self) -> None:
        target = self._builds.target("search")
        if target and target.version != self._fulltext.schema:
            self._start_index()

    def _start_index(self) -> None:
        build = self._builds.start("search", self._fulltext.schema, None)
        build.place = f"search_index_{build.id}"
        build.producer = f"{build.version}, table {build.place}"
        self._session.flush()
        self._fulltext.create(build.place)

    def _give_up(self, derivation: str) -> None:
        if building := self._builds.building(derivation):
            self._builds.retire(building)

    def _to_renew(self, derivation: str) -> list[ColumnElement[bool]]:
        return [
            LedgerRow.derivation == derivation,
            LedgerRow.due_at.is_not(None),
            LedgerRow.error.is_(None),
            LedgerRow.producer.is_not(None),
            or_(
                LedgerRow.content_revision == 0,
                LedgerRow.producer != self._ledger.producer_of(derivation),
            ),
        ]

    def _renew(self, derivation: str) -> None:
        """Make everything due, also what failed."""
        moment = now()
        live = select(Resource.id).where(Resource.deleted_at.is_(None))
        self._session.execute(
            update(LedgerRow)
            .where(LedgerRow.derivation == derivation, LedgerRow.subject_id.in_(live))
            .values(
                content_revision=0,
                metadata_revision=0,
                due_at=func.coalesce(LedgerRow.due_at, moment),
                stale_since=func.coalesce(LedgerRow.stale_since, moment),
                error=None,
            )
        )

    def _renew_others(self, derivation: Derivation) -> int:
        """Make due what another producer computed."""
        moment = now()
        outdated = self._session.execute(
            update(LedgerRow)
            .where(
                LedgerRow.derivation == derivation.name,
                LedgerRow.due_at.is_(None),
                LedgerRow.producer != self._ledger.producer_of(derivation.name),
            )
            .values(content_revision=0, metadata_revision=0, due_at=moment, stale_since=moment)
        )
        return _count(outdated)

    def _open_missing(self, derivation: Derivation) -> int:
        """Open the rows of a derivation that is new, or of resources that a restore brought."""
        moment = now()
        missing = (
            select(
                literal(RESOURCE),
                Resource.id,
                literal(derivation.name),
                literal(0),
                literal(0),
                Resource.content_revision,
                Resource.metadata_revision,
                literal(moment, type_=LedgerRow.due_at.type),
                literal(moment, type_=LedgerRow.stale_since.type),
                literal(0),
            )
            .outerjoin(
                LedgerRow,
                and_(
                    LedgerRow.subject_type == RESOURCE,
                    LedgerRow.subject_id == Resource.id,
                    LedgerRow.derivation == derivation.name,
                ),
            )
            .where(LedgerRow.subject_id.is_(None), Resource.deleted_at.is_(None))
        )
        columns = [
            *("subject_type", "subject_id", "derivation", "content_revision"),
            *("metadata_revision", "wanted_content", "wanted_metadata"),
            *("due_at", "stale_since", "stale_event"),
        ]
        opened = self._session.execute(
            insert(LedgerRow).from_select(columns, missing),
            execution_options={"preserve_rowcount": True},
        )
        return _count(opened)


def _built_with(derivation: str) -> tuple[str, ...]:
    return (derivation, *(one for one, built in _BUILT_AS.items() if built == derivation))


def _count(result: Result[Any]) -> int:
    return result.rowcount if isinstance(result, CursorResult) else 0
