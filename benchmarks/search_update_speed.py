"""How soon a changed title is found by search, while a bulk import runs and when all is calm.

    python benchmarks/search_update_speed.py [--papers FILE.jsonl[.gz]] [--count 2000] [--json OUT]

Runs the whole library as `alexandria up` does, in a temporary folder. Without --papers it imports
the bundled sample again and again, each time under other titles.
"""

import argparse
import gzip
import itertools
import json
import random
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from alexandria.bootstrap import SAMPLE

POLL_SECONDS = 0.02
FOUND_WITHIN_SECONDS = 60
FRESH_WITHIN_SECONDS = 3600


def main() -> None:
    options = _options()
    papers = _papers(options.papers, options.count)
    with tempfile.TemporaryDirectory() as folder, _library(Path(folder), options.workers) as found:
        client, pid = found
        begun = time.monotonic()
        parent = client.post("/imports", files={"file": ("papers.jsonl", papers)}).json()
        _until(lambda: client.get("/resources?limit=1").json()["total"] >= options.count // 10)
        busy = [_change(client, options.pause) for _ in range(options.changes)]
        during = _state(client, parent)
        taken = _until(lambda: _ended(client, parent)) - begun
        fresh = _until(lambda: _all_fresh(client)) - begun
        calm = [_change(client, 0) for _ in range(options.changes)]
        report = {
            "papers": options.count,
            "taken_in_seconds": round(taken, 1),
            "fresh_seconds": round(fresh, 1),
            "papers_per_second": round(options.count / fresh, 1),
            "state_after_the_changes": during,
            "found_seconds_during_import": _spread(busy),
            "found_seconds_when_calm": _spread(calm),
            "peak_memory_mb": _peaks(pid),
        }
    for name, value in report.items():
        print(f"{name}: {value}")
    if options.json:
        options.json.write_text(json.dumps(report, indent=2) + "\n")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--papers", type=Path)
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--changes", type=int, default=100)
    parser.add_argument("--pause", type=float, default=0.0, help="seconds before each change")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


def _papers(source: Path | None, count: int) -> bytes:
    path = source or SAMPLE
    data = path.read_bytes()
    text = gzip.decompress(data) if path.suffix == ".gz" else data
    lines = [json.loads(line) for line in text.splitlines()]
    rounds = itertools.count() if source is None else [0]
    papers = itertools.islice(_rounds(lines, rounds), count)
    return "".join(json.dumps(paper) + "\n" for paper in papers).encode()


def _rounds(papers: list[dict[str, Any]], rounds: Any) -> Iterator[dict[str, Any]]:
    for turn in rounds:
        for paper in papers:
            if turn == 0:
                yield paper
            else:
                kept = {name: paper[name] for name in ("abstract", "authors", "year")}
                yield kept | {"id": f"{paper['id']}-{turn}", "title": f"{paper['title']} {turn}"}


@contextmanager
def _library(folder: Path, workers: int) -> Iterator[tuple[httpx.Client, int]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "alexandria", "up", "--json", "--data", str(folder)]
    with subprocess.Popen(
        [*command, "--port", str(port), "--workers", str(workers)], stdout=subprocess.PIPE
    ) as process:
        assert process.stdout
        facts = json.loads(process.stdout.readline())
        headers = {"Authorization": f"Bearer {facts['api_token']}"}
        url = f"http://127.0.0.1:{port}"
        try:
            with httpx.Client(base_url=url, headers=headers, timeout=60) as client:
                yield client, process.pid
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)


def _change(client: httpx.Client, pause: float) -> tuple[float, float]:
    """Change one title; give the seconds to the answer, and to the first search that finds it."""
    time.sleep(pause)
    word = f"zq{random.randrange(16**12):012x}"
    items = client.get("/resources", params={"limit": 50, "sort": "updated"}).json()["items"]
    chosen = random.choice(items)
    begun = time.monotonic()
    client.patch(f"/resources/{chosen['id']}", json={"title": f"{chosen['title']} {word}"})
    answered = time.monotonic() - begun

    def found() -> bool:
        hits = client.get("/search", params={"q": word, "mode": "keyword"}).json()["results"]
        return [hit["id"] for hit in hits] == [chosen["id"]]

    return answered, _until(found, FOUND_WITHIN_SECONDS) - begun


def _until(check: Any, seconds: float = FRESH_WITHIN_SECONDS) -> float:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if check():
            return time.monotonic()
        time.sleep(POLL_SECONDS if seconds == FOUND_WITHIN_SECONDS else 0.5)
    raise TimeoutError(f"not within {seconds} s")


def _ended(client: httpx.Client, parent: dict[str, Any]) -> bool:
    state: str = client.get(parent["status_url"]).json()["state"]
    return state not in {"queued", "running"}


def _state(client: httpx.Client, parent: dict[str, Any]) -> dict[str, Any]:
    """Tell that the import was still under way when the last change was found."""
    found = client.get("/consistency").json()
    waiting = {name: one["pending"] + one["stale"] for name, one in found["derivations"].items()}
    return {"import_ended": _ended(client, parent), "waiting": waiting}


def _all_fresh(client: httpx.Client) -> bool:
    found = client.get("/consistency").json()
    return all(one["fresh"] == found["resources"] for one in found["derivations"].values())


def _spread(pairs: list[tuple[float, float]]) -> dict[str, float]:
    found = sorted(pair[1] for pair in pairs)
    cuts = statistics.quantiles(found, n=100, method="inclusive")
    figures = {
        "answered_p50": statistics.median(pair[0] for pair in pairs),
        "p50": cuts[49],
        "p90": cuts[89],
        "p99": cuts[98],
        "max": found[-1],
    }
    return {name: round(value, 3) for name, value in figures.items()}


def _peaks(pid: int) -> dict[str, int]:
    """Give the peak resident memory in MB of each process that `up` started (Linux)."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except (FileNotFoundError, ProcessLookupError):
                continue
            children.setdefault(parent, []).append(int(entry.name))
    family = [pid]
    for one in family:
        family += children.get(one, [])
    return dict(_peak(one, "up" if one == pid else "") for one in family)


def _peak(pid: int, name: str) -> tuple[str, int]:
    command = Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
    worker = [part.partition("@")[0] for part in command if "@" in part]
    role = name or (worker or [part for part in command[3:4] if part] or [Path(command[0]).name])[0]
    status = Path(f"/proc/{pid}/status").read_text()
    return f"{role} {pid}", int(status.partition("VmHWM:")[2].split()[0]) // 1024


if __name__ == "__main__":
    main()
