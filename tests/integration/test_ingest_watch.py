"""`alexandria ingest --watch`: what comes into a folder comes into the library."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from conftest import QUICK

NOTE = "On the growth of crystals\n\n" + "Crystals grow from seeds in a solution. " * 20


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "inbox"
    (folder / "deep").mkdir(parents=True)
    (folder / "first.txt").write_text(NOTE)
    return folder


@pytest.fixture
def watching(tmp_path: Path, inbox: Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "alexandria",
            "ingest",
            "--watch",
            "--recursive",
            str(inbox),
            "--json",
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=os.environ | QUICK | {"ALEXANDRIA_DATA_DIR": str(tmp_path / "library")},
    )
    yield process
    process.kill()
    process.wait()
    assert process.stdout
    process.stdout.close()


def next_report(process: subprocess.Popen[str]) -> dict[str, Any]:
    assert process.stdout
    report: dict[str, Any] = json.loads(process.stdout.readline())
    return report


def names(report: dict[str, Any]) -> set[str]:
    return {source["name"] for source in report["sources"]}


def test_what_comes_into_a_folder_is_taken_in(watching: subprocess.Popen[str], inbox: Path) -> None:
    assert names(next_report(watching)) == {"first.txt"}

    with (inbox / "deep" / "slow.txt").open("w") as slow:  # written in two goes
        slow.write(NOTE.replace("crystals", "salt"))
        slow.flush()
        (inbox / ".hidden.txt").write_text("Not for the library.")
        (inbox / "download.part").write_text("Half of a")
        slow.write("The end of it.")
    report = next_report(watching)
    assert (names(report), report["added"]) == ({"slow.txt"}, 1)

    (inbox / "download.part").rename(inbox / "download.pdf")
    (inbox / "first.txt").write_text(NOTE.replace("crystals", "ice"))
    found: set[str] = set()
    failed = 0
    while found != {"download.pdf", "first.txt"}:
        report = next_report(watching)
        found |= names(report)
        failed += report["failed"]
    assert failed <= 1, "a half download is plain text, or is refused; nothing else fails"

    watching.send_signal(signal.SIGTERM)
    assert watching.wait(timeout=20) == 0


def test_there_must_be_a_folder_to_watch(tmp_path: Path, inbox: Path) -> None:
    command = [sys.executable, "-m", "alexandria", "ingest", "--watch", str(inbox / "first.txt")]
    ended = subprocess.run(
        [*command, "--data", str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 2
    assert "no folder to watch" in ended.stderr
