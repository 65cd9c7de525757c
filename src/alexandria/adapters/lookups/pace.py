"""How often a service is asked, counted in Redis for all processes; slower while Redis is away."""

import logging
import threading
import time
from collections.abc import Callable

import redis

from alexandria.errors import NotYetError

logger = logging.getLogger(__name__)

LONGEST_WAIT_SECONDS = 10.0
LONGEST_HOLD_SECONDS = 86_400.0
AWAY_FACTOR = 10.0
"""While processes can't agree on their turns, each asks so many times more seldom."""
_KEY = "alexandria:pace:"

_TAKE_TURN = """
local time = redis.call('TIME')
local moment = time[1] + time[2] / 1000000
local free = tonumber(redis.call('GET', KEYS[1]) or '0')
if free - moment > tonumber(ARGV[3]) then free = 0 end
local wait = math.max(0, free - moment)
if wait <= tonumber(ARGV[2]) then
  local following = moment + wait + ARGV[1]
  local life = math.max(1, math.ceil((following - moment) * 1000))
  redis.call('SET', KEYS[1], string.format('%.6f', following), 'PX', life)
end
return string.format('%.6f', wait)
"""
_HOLD = """
local time = redis.call('TIME')
local following = time[1] + time[2] / 1000000 + ARGV[1]
if following > tonumber(redis.call('GET', KEYS[1]) or '0') then
  local life = math.ceil(ARGV[1] * 1000)
  redis.call('SET', KEYS[1], string.format('%.6f', following), 'PX', life)
end
"""


class RedisPace:
    """`client` gives this process's Redis, which may be away. Times are those of Redis itself."""

    def __init__(self, client: Callable[[], redis.Redis]) -> None:
        self._client = client
        self._lock = threading.Lock()
        self._free: dict[str, float] = {}
        """Service to the moment, on this process's steady clock, from which it may be asked."""

    def take_turn(self, service: str, interval: float) -> None:
        limits = (str(interval), str(LONGEST_WAIT_SECONDS), str(LONGEST_HOLD_SECONDS))
        try:
            wait = float(self._client().eval(_TAKE_TURN, 1, _KEY + service, *limits))
        except (redis.ConnectionError, redis.TimeoutError):
            wait = self._own_turn(service, interval * AWAY_FACTOR)
        if wait > LONGEST_WAIT_SECONDS:
            raise NotYetError(
                f"{service} is not to be asked for another {wait:.0f} seconds.",
                "It is asked by itself then; there is nothing to do.",
                retry_after=wait,
            )
        time.sleep(wait)

    def hold(self, service: str, seconds: float) -> None:
        seconds = min(seconds, LONGEST_HOLD_SECONDS)
        with self._lock:
            self._free[service] = max(self._free.get(service, 0.0), time.monotonic() + seconds)
        try:
            self._client().eval(_HOLD, 1, _KEY + service, str(seconds))
        except (redis.ConnectionError, redis.TimeoutError) as error:
            logger.warning("Only this process leaves %s alone: %s", service, error)

    def _own_turn(self, service: str, interval: float) -> float:
        """Give the seconds to wait, counted in this process alone."""
        with self._lock:
            moment = time.monotonic()
            # The first request of a process waits too: another may have ended a moment ago.
            wait = max(0.0, self._free.get(service, moment + interval / AWAY_FACTOR) - moment)
            if wait <= LONGEST_WAIT_SECONDS:
                self._free[service] = moment + wait + interval
            return wait
