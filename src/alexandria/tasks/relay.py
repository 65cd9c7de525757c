"""The relay: hands over what no process could, a few seconds later; one turn at a time."""

import logging
from threading import Event as Flag
from threading import Thread

from sqlalchemy.exc import OperationalError

from alexandria.config import get_settings
from alexandria.errors import TransientError
from alexandria.events import outbox

logger = logging.getLogger(__name__)

TURN_SECONDS = 2.0


class Relay:
    """A thread beside Beat. Claims keep two relays from handing over the same event."""

    def __init__(self) -> None:
        self._stopped = Flag()
        self._thread = Thread(target=self._run, name="relay", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join(timeout=5)

    def _run(self) -> None:
        pause = get_settings().scaled(TURN_SECONDS)
        while not self._stopped.wait(pause):
            try:
                while count := outbox.relay():
                    logger.info("Handed over %d events", count)
            except (TransientError, OperationalError) as error:
                logger.warning("The relay tries again in %.1f s: %s", pause, error)
            except Exception:
                # The relay must outlive whatever one event does to it.
                logger.exception("The relay failed and goes on")
