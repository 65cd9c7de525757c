"""The command `alexandria` on a library that does not run: it starts what it needs, and ends it."""

import errno
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import typer

from alexandria.adapters.redis_server import EmbeddedRedis
from alexandria.cli.common import handle_errors
from alexandria.cli.up import _write_token
from alexandria.errors import UnavailableError

NOTE = "On the growth of crystals\n\n" + "Crystals grow from seeds in a solution. " * 20


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a library with one note in it, a damaged file having failed."""
    folder = tmp_path_factory.mktemp("library")
    sources = folder / "sources" / "deep"
    sources.mkdir(parents=True)
    (sources / "note.txt").write_text(NOTE)
    (sources / "damaged.pdf").write_bytes(b"%PDF-1.7 and no more")
    ended = alexandria(folder, "ingest", "--recursive", str(folder / "sources"), "--json")
    assert ended.returncode == 1, ended.stderr
    report = json.loads(ended.stdout)
    assert (report["added"], report["duplicates"], report["failed"]) == (1, 0, 1)
    return folder


def alexandria(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "alexandria", *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env=os.environ | {"ALEXANDRIA_DATA_DIR": str(folder), "ALEXANDRIA_TIME_SCALE": "0.1"},
    )


def answer(folder: Path, *arguments: str) -> Any:
    ended = alexandria(folder, *arguments, "--json")
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def test_ingest_ends_what_it_started_when_all_is_fresh(folder: Path) -> None:
    status = answer(folder, "status")
    assert status["running"] is False
    assert status["resources"] == 1
    assert {one["fresh"] for one in status["derivations"].values()} == {1}


def test_what_came_in_is_found_and_shown_with_its_ledger(folder: Path) -> None:
    found = answer(folder, "search", "crystals", "--limit", "1")["results"]
    shown = answer(folder, "show", found[0]["id"])
    assert shown["title"] == "On the growth of crystals"
    assert {row["state"] for row in shown["derivations"].values()} == {"fresh"}
    shown = alexandria(folder, "search", "crystals", "--wait-for", "1").stdout
    assert "crystals" in shown
    assert "complete through event" in shown


def test_a_search_corrects_and_explains(folder: Path) -> None:
    assert answer(folder, "search", "crytsals growth")["did_you_mean"] == "crystals growth"
    (found,) = answer(folder, "search", "growth", "--explain")["results"]
    parts = [part["score"] for part in found["explanation"]["parts"]]
    assert sum(parts) == pytest.approx(found["score"], abs=1e-5)
    shown = alexandria(folder, "search", "crytsals growth", "--explain").stdout
    assert "Did you mean: crystals growth" in shown
    assert "“growth” adds" in shown


def test_the_same_again_is_a_duplicate_and_no_failure(folder: Path) -> None:
    note = folder / "sources" / "deep" / "note.txt"
    report = answer(folder, "ingest", str(note))
    assert (report["added"], report["duplicates"]) == (0, 1)
    assert report["sources"][0]["duplicate_of"]


def test_accounts_and_tokens(folder: Path) -> None:
    assert answer(folder, "users", "add", "reader") == {"user": "reader"}
    made = answer(folder, "users", "token", "reader", "--scope", "read")
    assert made["token"]
    assert "reader" in answer(folder, "users", "list")["users"]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["show", "none"], 1),
        (["ingest", "none"], 1),
        (["search", "x", "--mode", "none"], 2),
        (["search", "x", "--wait-for", "1", "--timeout", "99"], 2),
        (["rebuild", "horoscope"], 2),
        (["users", "token", "reader", "--scope", "none"], 2),
        (["evaluate", "search", "--dataset", "none"], 2),
        (["ingest"], 2),
        (["status", "--data", "none"], 3),
    ],
)
def test_errors_have_their_exit_code_and_a_sentence(
    folder: Path, arguments: list[str], code: int
) -> None:
    ended = alexandria(folder, *arguments)
    assert ended.returncode == code
    assert ended.stderr
    assert "Traceback" not in ended.stderr


def test_the_version(folder: Path) -> None:
    assert alexandria(folder, "--version").stdout == "0.1.0\n"


def test_what_is_exported_is_imported_again(folder: Path, tmp_path: Path) -> None:
    written = alexandria(folder, "export", "--format", "jsonl")
    assert written.returncode == 0, written.stderr
    found = json.loads(written.stdout)
    assert found["title"] == "On the growth of crystals"
    assert "Crystals grow from seeds" in found["text"]
    assert alexandria(folder, "export", "--format", "jsonl", "crystals").stdout == written.stdout
    assert alexandria(folder, "export", "--format", "ris", "unicorns").stdout == ""
    assert "title = {On the growth of crystals}" in alexandria(folder, "export").stdout
    (tmp_path / "library.jsonl").write_text(written.stdout)
    other = tmp_path / "other"
    assert alexandria(other, "ingest", str(tmp_path / "library.jsonl")).returncode == 0
    again = json.loads(alexandria(other, "export", "--format", "jsonl").stdout)
    assert again == found


def test_a_folder_that_can_not_be_used_is_said_in_words(tmp_path: Path) -> None:
    taken = tmp_path / "file"
    taken.touch()
    for command in ("up", "migrate", "beat"):
        ended = alexandria(taken, command)
        assert (ended.returncode, "Traceback" in ended.stderr) == (3, False), ended.stderr
        assert "can't be used: File exists" in " ".join(ended.stderr.split())


def test_a_port_that_does_not_exist_is_a_fault_of_usage(tmp_path: Path) -> None:
    for command in ("up", "api"):
        for port in ("0", "65536"):
            assert alexandria(tmp_path, command, "--port", port).returncode == 2


def test_nothing_is_started_for_a_derivation_that_does_not_exist(tmp_path: Path) -> None:
    assert alexandria(tmp_path, "migrate").returncode == 0
    ended = alexandria(tmp_path, "rebuild", "indexes")
    assert (ended.returncode, "Choose all, or search" in ended.stderr) == (2, True)
    assert not (tmp_path / "redis").exists()


def test_what_is_ended_by_a_signal_leaves_no_server_behind(tmp_path: Path) -> None:
    note = tmp_path / "note.txt"
    note.write_text(NOTE)
    command = [sys.executable, "-m", "alexandria", "ingest", str(note), "--data", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        broker = EmbeddedRedis(tmp_path / "redis", "broker", role="broker")
        deadline = time.monotonic() + 60
        while not broker.answers() and time.monotonic() < deadline:
            time.sleep(0.1)
        process.terminate()
    assert process.returncode == 128 + signal.SIGTERM
    assert not broker.answers()


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"ALEXANDRIA_LOOKUPS": "true"}, "ALEXANDRIA_CONTACT is not set"),
        ({"ALEXANDRIA_LOOKUPS": "1", "ALEXANDRIA_CONTACT": "me"}, "('me') is no mail address"),
        ({"ALEXANDRIA_FETCH_SECONDS": "-1"}, "The setting ALEXANDRIA_FETCH_SECONDS can't be used"),
        ({"REDIS_HOST": "redis.test"}, "CELERY_BROKER_URL is not."),
    ],
)
def test_a_setting_that_can_not_be_used_is_told_in_words(
    folder: Path, monkeypatch: pytest.MonkeyPatch, settings: dict[str, str], said: str
) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    ended = alexandria(folder, "status")
    assert ended.returncode == 3
    assert said in " ".join(ended.stderr.split())
    assert "Traceback" not in ended.stderr


def test_a_full_disk_is_told_in_words_by_every_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = tmp_path / "api-token"
    token.symlink_to("/dev/full")
    with pytest.raises(UnavailableError, match="No space left on device"):
        _write_token(token, "secret")
    assert not token.is_symlink()

    @handle_errors
    def command() -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(typer.Exit) as raised:
        command()
    assert raised.value.exit_code == 3
