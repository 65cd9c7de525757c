"""Runs in which processes of a library are killed at seeded moments, and what remains."""

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread

import httpx
from operations import Asker, Operation, plan, retry_what_was_killed_too_often
from state import State, database_url, differences, read_state, unfinished

from conftest import RunningLibrary, start_library, stop_library

SETTLE_SECONDS = 120.0
OPERATIONS = 40
PLACES = {
    "worker child": 5,
    "worker": 3,
    "urgent worker": 2,
    "beat": 1,
    "api": 2,
    "broker": 2,
    "cache": 1,
}
"""Where to kill, and how often in comparison."""
_WORDS = {
    "worker child": "--name worker@",
    "worker": "--name worker@",
    "urgent worker": "--name urgent@",
    "beat": "alexandria beat",
    "api": "alexandria api",
    "broker": "broker.sock",
    "cache": "cache.sock",
}


@dataclass
class Outcome:
    seed: int
    kills: Counter[str] = field(default_factory=Counter)
    settled_seconds: float = 0.0
    wrong: list[str] = field(default_factory=list)


def undisturbed(folder: Path, operations_seed: int, count: int = OPERATIONS) -> State:
    """Carry the operations out with nothing in their way."""
    return _run(folder, Outcome(0), plan(operations_seed, count))


Disturb = Callable[[RunningLibrary, Outcome, Event], None]
"""Does harm, and counts it, until the event is set."""


def disturbed(
    folder: Path,
    seed: int,
    operations_seed: int,
    expected: State,
    count: int = OPERATIONS,
    disturb: Disturb | None = None,
) -> Outcome:
    """Carry the same operations out while processes are killed; tell what differs in the end."""
    outcome = Outcome(seed)
    try:
        operations = plan(operations_seed, count)
        state = _run(folder, outcome, operations, disturb or kill_processes)
        outcome.wrong += differences(state, expected)
    except AssertionError as error:
        outcome.wrong.append(str(error))
    return outcome


def _run(
    folder: Path, outcome: Outcome, operations: list[Operation], disturb: Disturb | None = None
) -> State:
    running = start_library(folder)
    done = Event()
    killer = Thread(target=disturb, args=(running, outcome, done))
    try:
        if disturb:
            killer.start()
        with running.client() as client:
            asker = Asker(client, str(outcome.seed))
            for operation in operations:
                asker.do(operation)
            done.set()
            if disturb:
                killer.join()
            outcome.settled_seconds = _settle(client)
    finally:
        done.set()
        if disturb:
            killer.join()
        stop_library(running)
    return read_state(database_url(folder))


def _settle(client: httpx.Client) -> float:
    began = time.monotonic()
    left = "not asked"
    while time.monotonic() - began < SETTLE_SECONDS:
        retry_what_was_killed_too_often(client)
        if not (left := unfinished(client)):
            return time.monotonic() - began
        time.sleep(0.1)
    raise AssertionError(f"after {SETTLE_SECONDS:.0f} s still to be done: {left}")


def kill_processes(running: RunningLibrary, outcome: Outcome, done: Event) -> None:
    chance = random.Random(outcome.seed)
    while not done.wait(chance.uniform(0.1, 0.8)):
        place = chance.choices(list(PLACES), list(PLACES.values()))[0]
        if kill_one(running.process.pid, place, chance):
            outcome.kills[place] += 1


def kill_one(supervisor: int, place: str, chance: random.Random) -> bool:
    """Kill -9 one process; a worker's main process goes with all its children."""
    main = next((pid for pid in children_of(supervisor) if _WORDS[place] in command_of(pid)), None)
    if main is None:
        return False
    try:
        if place == "worker child":
            children = children_of(main)
            if not children:
                return False
            os.kill(chance.choice(children), signal.SIGKILL)
        elif place.endswith("worker"):
            os.killpg(main, signal.SIGKILL)
        else:
            os.kill(main, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


def children_of(pid: int) -> list[int]:
    try:
        found = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return []
    return [int(one) for one in found.split()]


def command_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except (FileNotFoundError, ProcessLookupError):
        return ""
