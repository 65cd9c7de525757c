"""Beat's schedule: its last runs stand in the broker, so that any machine can go on with it."""

import logging
from datetime import datetime
from typing import Any, cast

import redis
from celery.beat import ScheduleEntry, Scheduler, SchedulingError

from alexandria.bootstrap import broker_client
from alexandria.tasks.beat_lock import BeatLock

logger = logging.getLogger(__name__)

_KEY = "alexandria:beat:runs"
_RETRY_SECONDS = 1.0


class SharedScheduler(Scheduler):
    """An entry that came due while no Beat ran is sent once when one runs again, and no entry twice.

    One exception: a Beat that dies between sending a task and noting it has the next one send it
    again; what is scheduled bears that. Unlike Celery's own schedulers it neither forgets what it
    could not send, nor waits for a clock that was set back to reach its last run again.
    """

    lock: BeatLock | None = None
    """What allows to send; None: nothing else runs."""
    _held_back = False

    def setup_schedule(self) -> None:
        super().setup_schedule()
        known = cast("dict[bytes, bytes]", broker_client().hgetall(_KEY))
        for name, moment in known.items():
            entry = self.schedule.get(name.decode())
            if entry is not None:
                entry.last_run_at = datetime.fromisoformat(moment.decode())
        for entry in self.schedule.values():
            if entry.name.encode() not in known:  # else the first run of each start would be later
                self._note(entry)

    def tick(self, *arguments: Any, **named: Any) -> float:
        ahead = [one for one in self.schedule.values() if one.last_run_at > one.default_now()]
        for entry in ahead:
            entry.last_run_at = entry.default_now()
        if ahead:
            self._heap = None  # made anew from these
        self._held_back = False
        seconds: float = super().tick(*arguments, **named)
        return max(seconds, _RETRY_SECONDS) if self._held_back else seconds

    def apply_entry(self, entry: ScheduleEntry, producer: Any = None) -> None:
        """Send what is due; what can't be sent stays due."""
        if self.lock is not None and not self.lock.held:
            self._put_back(entry)
            return
        try:
            self.apply_async(entry, producer=producer, advance=False)
        except SchedulingError as error:
            logger.warning("%s could not be sent, and is sent later: %s", entry.name, error)
            self._put_back(entry)
            return
        logger.info("Sent %s", entry.name)
        self._note(self.schedule[entry.name])

    def _put_back(self, entry: ScheduleEntry) -> None:
        self.schedule[entry.name] = entry
        self._heap = None
        self._held_back = True

    def _note(self, entry: ScheduleEntry) -> None:
        try:
            broker_client().hset(_KEY, entry.name, entry.last_run_at.isoformat())
        except (redis.ConnectionError, redis.TimeoutError) as error:
            logger.warning("That %s ran could not be noted: %s", entry.name, error)
