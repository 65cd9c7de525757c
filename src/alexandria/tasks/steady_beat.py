"""Beat's schedule, which goes on when the clock is set back."""

from typing import Any

from celery.beat import PersistentScheduler


class SteadyScheduler(PersistentScheduler):
    """Celery's would wait until the clock shows again what it showed at each entry's last run."""

    def tick(self, *arguments: Any, **named: Any) -> float:
        ahead = [one for one in self.schedule.values() if one.last_run_at > one.default_now()]
        for entry in ahead:
            entry.last_run_at = entry.default_now()
        if ahead:
            self._heap = None  # made anew from these
        seconds: float = super().tick(*arguments, **named)
        return seconds
