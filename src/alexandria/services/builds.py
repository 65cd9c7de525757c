"""What serves, and what is built beside it: models of embeddings, tables of the keyword index."""

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from alexandria.db import is_over, now
from alexandria.models import Build

_SEEN = "alexandria_builds"
"""In the session: the transaction in which the builds were read, and the builds."""


class BuildService:
    """Asks the database in each transaction anew: another process may have switched."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def serving(self, derivation: str) -> Build | None:
        """Give what answers searches; None in a library that has computed nothing yet."""
        return self._of(derivation).get("serving")

    def building(self, derivation: str) -> Build | None:
        return self._of(derivation).get("building")

    def in_use(self, derivation: str) -> list[Build]:
        """Give what serves, and after it what is being built."""
        found = self._of(derivation)
        return [found[state] for state in ("serving", "building") if state in found]

    def target(self, derivation: str) -> Build | None:
        """Give what is computed for: what is being built, else what serves."""
        return next(reversed(self.in_use(derivation)), None)

    def hold(self) -> None:
        """Let nobody else change builds until the transaction ends; call it before deciding."""
        self._lock(wait=True)

    def start(
        self, derivation: str, version: str, place: str | None, producer: str | None = None
    ) -> Build:
        """Begin to build; where nothing serves yet, it serves at once."""
        found = self._of(derivation)
        if building := found.get("building"):
            self.retire(building)
        build = Build(
            derivation=derivation,
            version=version,
            producer=producer or version,
            place=place,
            state="building" if "serving" in found else "serving",
        )
        self._session.add(build)
        self._changed()
        return build

    def switch(self, derivation: str) -> bool:
        """Let what was built serve; what served before is taken away later.

        False, and nothing is done, while there is nothing, or another process is at the builds.
        """
        if not self._lock(wait=False):
            return False
        serving, building = self.serving(derivation), self.building(derivation)
        if building is None:
            return False
        if serving is not None:
            self.retire(serving)
        building.state = "serving"
        self._changed()
        return True

    def retire(self, build: Build) -> None:
        build.state, build.retired_at = "retired", now()
        self._changed()

    def retired(self, since: timedelta) -> list[Build]:
        """Give what was retired at least so long ago that no search looks at it any more."""
        over = is_over(Build.retired_at, now() - since, since)
        query = select(Build).where(Build.state == "retired", over)
        return list(self._session.scalars(query))

    def forget(self, build: Build) -> None:
        self._session.delete(build)
        self._changed()

    def _lock(self, *, wait: bool) -> bool:
        """Keep all other processes from changing builds; tell whether all of them are locked.

        Who holds rows of the ledger must not `wait`: a rebuild begins with the builds.
        """
        self._session.info.pop(_SEEN, None)
        in_use = select(Build.id).where(Build.state != "retired").order_by(Build.id)
        locked = self._session.scalars(in_use.with_for_update(skip_locked=not wait)).all()
        return len(locked) == len(self._session.scalars(in_use).all())

    def _of(self, derivation: str) -> dict[str, Build]:
        transaction = self._session.get_transaction()
        seen = self._session.info.get(_SEEN)
        if seen is None or seen[0] is not transaction or not self._holds_still():
            seen = (transaction, self._read())
            self._session.info[_SEEN] = seen if transaction else None
        found: dict[str, Build] = seen[1].get(derivation, {})
        return found

    def _holds_still(self) -> bool:
        """Tell whether a transaction sees the same rows throughout, as on SQLite."""
        return self._session.get_bind().dialect.name == "sqlite"

    def _read(self) -> dict[str, dict[str, Build]]:
        query = select(Build).where(Build.state != "retired")
        found: dict[str, dict[str, Build]] = {}
        for build in self._session.scalars(query.execution_options(populate_existing=True)):
            found.setdefault(build.derivation, {})[build.state] = build
        return found

    def _changed(self) -> None:
        self._session.flush()
        self._session.info.pop(_SEEN, None)
