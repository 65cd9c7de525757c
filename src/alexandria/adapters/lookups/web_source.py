"""One public service: its turn, the request through the guarded fetcher, and what it answered."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from alexandria.errors import ExtractionError, InvalidInputError, NothingThereError, TransientError
from alexandria.protocols import WebFetcher
from alexandria.protocols.extraction import Record
from alexandria.protocols.lookups import Pace

logger = logging.getLogger(__name__)

PAUSE_SECONDS = 30.0
"""So long a service is left alone after a failure, unless it says for how long."""
LARGEST_ANSWER_BYTES = 10_000_000
"""A record of Crossref with thousands of authors and references has some megabytes."""


@dataclass(frozen=True, slots=True)
class WebSource:
    """`address` gives where an identifier is asked for; `read` gives None for "not known"."""

    name: str
    address: Callable[[str], str]
    accept: str
    read: Callable[[bytes, str], Record | None]
    fetcher: WebFetcher
    pace: Pace
    interval: float
    """Seconds from one request to the next."""

    def ask(self, value: str) -> Record | None:
        self.pace.take_turn(self.name, self.interval)
        try:
            data = self._fetch(self.address(value))
        except NothingThereError:
            return None
        except TransientError as error:
            self._keep_away(error)
            raise TransientError(
                f"{self.name} did not answer: {error.message}",
                "It is asked again by itself.",
                retry_after=error.retry_after,
            ) from error
        except InvalidInputError as error:
            raise ExtractionError(
                f"{self.name} can't be asked: {error.message}",
                "Check its address among the settings; one of a private network needs "
                "ALEXANDRIA_FETCH_PRIVATE=true.",
            ) from error
        except ExtractionError as error:
            raise self._unusable(error.message) from error
        return self._understood(data, value)

    def _fetch(self, url: str) -> bytes:
        with TemporaryDirectory(prefix="alexandria-lookup-") as folder:
            return self.fetcher.fetch(url, Path(folder) / "answer", self.accept).path.read_bytes()

    def _keep_away(self, error: TransientError) -> None:
        pause = error.retry_after or PAUSE_SECONDS
        logger.warning("%s is left alone for %g s: %s", self.name, pause, error.message)
        self.pace.hold(self.name, pause)

    def _understood(self, data: bytes, value: str) -> Record | None:
        try:
            record = self.read(data, value)
        except ExtractionError as error:
            raise self._unusable(error.message) from error
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            logger.warning("%s answered in another form", self.name, exc_info=error)
            raise self._unusable("It is not of the form that the service describes.") from error
        if record is not None and not record.title:
            raise self._unusable("It names no title.")
        return record

    def _unusable(self, why: str) -> ExtractionError:
        return ExtractionError(
            f"The answer of {self.name} can't be used. {why}",
            "Ask again later; what you know yourself, you can write into the resource.",
        )
