"""What becomes of damaged and odd files: none may crash a reader, hang it, or leave anything behind.

    python benchmarks/mutated_files.py [--data DIR] [--count 2000] [--seed 1] [--json FILE] [--keep DIR]

Files are taken from DIR and from the tests' fixtures, and changed: bytes turned round, cut off, parts of
other files set in, parts doubled or blanked; of zip files also the parts within. Each goes through
the isolated reader. The same seed gives the same files. `--keep` writes those that went wrong.
"""

import argparse
import collections
import io
import json
import os
import random
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from alexandria.adapters.extraction import IsolatedExtractor
from alexandria.errors import AlexandriaError, ExtractionError

FIXTURES = Path(__file__).parents[1] / "tests" / "fixtures" / "extractors"
SUFFIXES = frozenset(
    """
    .pdf .html .xml .bib .ris .json .jsonl .csv .md .txt .docx .epub .eml .zip .tar
    """.split()  # noqa: SIM905 - a table of words
)
LARGEST = 2_000_000
SECONDS = 20.0
WRONG = ("crashed", "hung", "reader failed")


def main() -> None:
    options = _options()
    report = run(options.data, options.count, options.seed, options.keep)
    for name, value in report.items():
        print(f"{name}: {value}")
    if options.json:
        options.json.write_text(json.dumps(report, indent=2) + "\n")
    if any(report[name] for name in (*WRONG, "processes_left", "temporary_files_left")):
        sys.exit(1)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--keep", type=Path)
    return parser.parse_args()


def run(data: Path | None, count: int, seed: int, keep: Path | None = None) -> dict[str, float]:
    """Give how many files ended in each way, and what was left behind."""
    files = _files([FIXTURES, *([data] if data else [])])
    outcomes: collections.Counter[str] = collections.Counter()
    slowest = 0.0
    with _temporary_folder() as folder:
        extractor = IsolatedExtractor(seconds=SECONDS)
        path, members = folder / "mutated", folder / "members"
        _read(extractor, files[0], members)
        begun = _memory(extractor.server_pid or 0)
        for number in range(count):
            name, mutated = mutate(files, random.Random(f"{seed} {number}"))
            path.write_bytes(mutated)
            started = time.perf_counter()
            outcome, said = _read(extractor, path, members)
            slowest = max(slowest, time.perf_counter() - started)
            outcomes[outcome] += 1
            if outcome in WRONG:
                print(f"file {number}, from {name}: {said}", file=sys.stderr)
                _keep(keep, f"{number}-{name}", mutated)
        left = _left_behind(extractor.server_pid or 0, begun, folder)
        extractor.close()
    return {
        "files": count,
        "read": outcomes["read"],
        "refused": outcomes["refused"],
        **{name: outcomes[name] for name in WRONG},
        "slowest_seconds": round(slowest, 2),
        **left,
    }


@contextmanager
def _temporary_folder() -> Iterator[Path]:
    """Give a folder that all temporary files of this process go to."""
    before = tempfile.tempdir
    with tempfile.TemporaryDirectory() as folder:
        tempfile.tempdir = folder
        try:
            yield Path(folder)
        finally:
            tempfile.tempdir = before


def _left_behind(pid: int, begun: int, folder: Path) -> dict[str, float]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    return {
        "memory_grown_mb": round((_memory(pid) - begun) / 1e6, 1),
        "open_files_of_helper": sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir()),
        "processes_left": len(children.split()),
        "temporary_files_left": sum(1 for _ in folder.glob("alexandria-*")),
    }


def _keep(folder: Path | None, name: str, data: bytes) -> None:
    if folder:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)


def mutate(files: list[Path], rng: random.Random) -> tuple[str, bytes]:
    """Give one changed file, and the name of what it was made from."""
    source = rng.choice(files)
    data = source.read_bytes()
    other = rng.choice(files).read_bytes()
    if data.startswith(b"PK") and rng.random() < 0.6:
        return source.name, _mutate_part(data, other, rng)
    return source.name, _changed(data, other, rng)


def _changed(data: bytes, other: bytes, rng: random.Random) -> bytes:
    out = bytearray(data)
    for _ in range(rng.choice([1, 1, 2, 4])):
        rng.choice(CHANGES)(out, other, rng)
    return bytes(out)


def _mutate_part(data: bytes, other: bytes, rng: random.Random) -> bytes:
    """Change one file within a zip file and pack it anew, so that its checksum is right."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(buffer, "w") as new:
        names = old.namelist()
        chosen = rng.choice(names)
        for name in names:
            part = old.read(name)
            new.writestr(name, _changed(part, other, rng) if name == chosen else part)
    return buffer.getvalue()


def _flip(out: bytearray, _other: bytes, rng: random.Random) -> None:
    for _ in range(rng.choice([1, 8, max(len(out) // 200, 1)])):
        if out:
            out[rng.randrange(len(out))] ^= 1 << rng.randrange(8)


def _cut(out: bytearray, _other: bytes, rng: random.Random) -> None:
    del out[rng.randrange(len(out) + 1) :]


def _drop(out: bytearray, _other: bytes, rng: random.Random) -> None:
    start, end = _span(out, rng)
    del out[start:end]


def _splice(out: bytearray, other: bytes, rng: random.Random) -> None:
    start, end = _span(other, rng)
    at = rng.randrange(len(out) + 1)
    out[at : at + rng.choice([0, end - start])] = other[start:end]


def _double(out: bytearray, _other: bytes, rng: random.Random) -> None:
    start, end = _span(out, rng)
    at = rng.randrange(len(out) + 1)
    out[at:at] = out[start:end] * rng.choice([1, 2, 50])


def _blank(out: bytearray, _other: bytes, rng: random.Random) -> None:
    start, end = _span(out, rng)
    out[start:end] = bytes([rng.choice([0, 32, 60, 255])]) * (end - start)


def _span(data: bytes | bytearray, rng: random.Random) -> tuple[int, int]:
    start = rng.randrange(len(data) + 1)
    return start, min(start + rng.choice([1, 16, 256, 4096]), len(data))


CHANGES: tuple[Callable[[bytearray, bytes, random.Random], None], ...] = (
    _flip,
    _cut,
    _drop,
    _splice,
    _double,
    _blank,
)


def _read(extractor: IsolatedExtractor, path: Path, members: Path) -> tuple[str, str]:
    members.mkdir(exist_ok=True)
    try:
        extractor.extract(path, filename=None, declared_type=None, members=members)
    except ExtractionError as error:
        return _kind(error.message), error.message
    except AlexandriaError as error:
        return "crashed", error.message
    finally:
        for member in members.iterdir():
            member.unlink()
    return "read", ""


def _kind(message: str) -> str:
    if message.startswith("The parser crashed"):
        return "crashed"
    if "took longer than" in message:
        return "hung"
    return "reader failed" if message.startswith("The reader of this format failed") else "refused"


def _files(folders: list[Path]) -> list[Path]:
    found = [path for folder in folders for path in sorted(folder.rglob("*")) if path.is_file()]
    return [p for p in found if p.suffix in SUFFIXES and 0 < p.stat().st_size <= LARGEST]


def _memory(pid: int) -> int:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    main()
