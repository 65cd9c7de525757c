"""Archives that are damaged, foreign or too new: refused in words, and nothing is changed."""

import hashlib
import json
import random
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from zipfile import ZIP_BZIP2, ZIP_LZMA

import pytest

from alexandria.adapters.archive_reader import open_archive
from alexandria.db import get_engine
from alexandria.errors import AlexandriaError, InvalidInputError
from alexandria.migrations import migrate
from saved_library import answer, command, fill, library_at, rows

Spoil = Callable[[dict[str, bytes]], None]


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("saved")
    with library_at(folder / "library"):
        migrate(get_engine())
        fill()
        answer("backup", folder / "saved.zip", code=1)
    return folder / "saved.zip"


def read(archive: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(archive) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def write(archive: Path, parts: Mapping[str, bytes]) -> None:
    with zipfile.ZipFile(archive, "w") as target:
        for name, content in parts.items():
            target.writestr(name, content)


def manifest(parts: dict[str, bytes], **changes: Any) -> None:
    parts["manifest.json"] = json.dumps(json.loads(parts["manifest.json"]) | changes).encode()


def rewrite(parts: dict[str, bytes], table: str, lines: bytes) -> None:
    """Put other rows into a table, as somebody does who knows how an archive is made."""
    parts[f"tables/{table}.jsonl"] = lines
    tables = json.loads(parts["manifest.json"])["tables"]
    for one in tables:
        if one["name"] == table:
            one["rows"], one["sha256"] = lines.count(b"\n"), hashlib.sha256(lines).hexdigest()
    manifest(parts, tables=tables)


def first_file(parts: dict[str, bytes]) -> str:
    return next(name for name in parts if name.startswith("files/"))


def _outside(parts: dict[str, bytes]) -> None:
    parts["../../outside"] = b"x"


def _outside_and_listed(parts: dict[str, bytes]) -> None:
    parts["files/../../outside"] = b"x"
    files = json.loads(parts["manifest.json"])["files"]
    manifest(parts, files=[*files, "../../outside"])


def _table_outside(parts: dict[str, bytes]) -> None:
    table = {"name": "../outside", "rows": 0, "sha256": hashlib.sha256().hexdigest()}
    parts["tables/../outside.jsonl"] = b""
    manifest(parts, tables=[*json.loads(parts["manifest.json"])["tables"], table])


def _unknown_table(parts: dict[str, bytes]) -> None:
    table = {"name": "strangers", "rows": 0, "sha256": hashlib.sha256().hexdigest()}
    parts["tables/strangers.jsonl"] = b""
    manifest(parts, tables=[*json.loads(parts["manifest.json"])["tables"], table])


def _other_file(parts: dict[str, bytes]) -> None:
    parts[first_file(parts)] += b"?"


def _row_gone(parts: dict[str, bytes]) -> None:
    name = "tables/resources.jsonl"
    parts[name] = parts[name].partition(b"\n")[2]


def _row_changed(parts: dict[str, bytes]) -> None:
    name = "tables/resources.jsonl"
    parts[name] = parts[name].replace(b"Bridges", b"Brigdes")


def _orphan(parts: dict[str, bytes]) -> None:
    rewrite(parts, "resources", b"")


def _no_json(parts: dict[str, bytes]) -> None:
    rewrite(parts, "resources", parts["tables/resources.jsonl"] + b"{\n")


def _list_for_row(parts: dict[str, bytes]) -> None:
    rewrite(parts, "users", b"[1]\n")


def _other_columns(parts: dict[str, bytes]) -> None:
    rewrite(parts, "users", parts["tables/users.jsonl"].replace(b'"name"', b'"nick"'))


def _no_moment(parts: dict[str, bytes]) -> None:
    rewrite(parts, "users", b'{"id": "1", "name": "x", "created_at": "long ago"}\n')


def _missing_value(parts: dict[str, bytes]) -> None:
    rewrite(parts, "users", b'{"id": null, "name": null, "created_at": null}\n')


SPOILT: Mapping[str, tuple[Spoil, int]] = {
    "a name outside the archive": (_outside, 2),
    "a file outside the archive": (_outside_and_listed, 2),
    "a table outside the archive": (_table_outside, 2),
    "a table that nobody knows": (_unknown_table, 2),
    "a part is missing": (lambda parts: parts.pop(first_file(parts)) and None, 2),
    "no manifest": (lambda parts: parts.pop("manifest.json") and None, 2),
    "an empty manifest": (lambda parts: parts.update({"manifest.json": b""}), 2),
    "a list for a manifest": (lambda parts: parts.update({"manifest.json": b"[]"}), 2),
    "a manifest without tables": (lambda parts: manifest(parts, tables=None), 2),
    "a newer format": (lambda parts: manifest(parts, format=2), 3),
    "a newer schema": (lambda parts: manifest(parts, schema_revision="9999"), 3),
    "a file with other bytes": (_other_file, 2),
    "a row is gone": (_row_gone, 2),
    "a row was changed": (_row_changed, 2),
    "rows of resources that are not there": (_orphan, 2),
    "a row that is no JSON": (_no_json, 2),
    "a row that is a list": (_list_for_row, 2),
    "a row of other columns": (_other_columns, 2),
    "a moment that is none": (_no_moment, 2),
    "a value that must be there": (_missing_value, 2),
}


@pytest.mark.parametrize("how", SPOILT)
def test_a_spoilt_archive_changes_nothing(
    either_library: Path, tmp_path: Path, saved: Path, how: str
) -> None:
    spoil, code = SPOILT[how]
    parts = read(saved)
    spoil(parts)
    archive = tmp_path.parent / f"{tmp_path.name}.zip"
    write(archive, parts)
    fill()
    before, there = rows(), sorted(either_library.glob("alexandria.db*"))
    ended = command("restore", archive, "--no-wait", "--force")
    assert ended.exit_code == code, ended.output
    assert ended.stderr
    assert rows() == before
    assert sorted(either_library.glob("alexandria.db*")) == there
    assert not list(tmp_path.parent.rglob("outside*"))
    archive.unlink()


def test_what_is_derived_is_not_taken_from_an_archive(library: Path, saved: Path) -> None:
    """Somebody has put a row of the ledger in, by which nothing would be computed."""
    parts = read(saved)
    tables = json.loads(parts["manifest.json"])["tables"]
    manifest(parts, tables=[*tables, {"name": "ledger", "rows": 0, "sha256": "0" * 64}])
    parts["tables/ledger.jsonl"] = b""
    rewrite(parts, "ledger", b'{"subject_type": "resource"}\n')
    write(library / "more.zip", parts)
    report = answer("restore", library / "more.zip", "--no-wait")
    assert {one["fresh"] for one in report["derivations"].values()} == {0}


@pytest.mark.parametrize("kind", ["cut", "text", "empty", "folder", "none"])
def test_what_is_no_archive_is_refused_and_no_library_is_begun(
    tmp_path: Path, saved: Path, kind: str
) -> None:
    archive = tmp_path / "archive"
    if kind == "folder":
        archive.mkdir()
    elif kind != "none":
        whole = saved.read_bytes()
        content = {"cut": whole[: len(whole) // 2], "text": b"To whom it may concern", "empty": b""}
        archive.write_bytes(content[kind])
    with library_at(tmp_path / "library"):
        ended = command("restore", archive, "--no-wait")
    assert ended.exit_code == 2, ended.output
    assert ended.stderr
    assert not (tmp_path / "library").exists()


def test_no_byte_can_be_changed_unnoticed(tmp_path: Path, saved: Path) -> None:
    """A changed byte is refused, or lies where it means nothing and all is read as it was."""
    whole = saved.read_bytes()
    chance = random.Random(7)
    expected = everything(saved)
    refused = 0
    for number in range(400):
        place = chance.randrange(len(whole))
        spoilt = tmp_path / f"spoilt{number}"
        value = whole[place] ^ (1 << chance.randrange(8))
        spoilt.write_bytes(whole[:place] + bytes([value]) + whole[place + 1 :])
        try:
            assert everything(spoilt) == expected, place
        except AlexandriaError:
            refused += 1
        spoilt.unlink()
    assert refused > 200


def test_parts_that_would_lie_before_the_beginning_are_refused(tmp_path: Path, saved: Path) -> None:
    whole = bytearray(saved.read_bytes())
    # The offset of the directory, from which those of the parts follow.
    whole[-6:-2] = (1 << 31).to_bytes(4, "little")
    (tmp_path / "spoilt").write_bytes(whole)
    with pytest.raises(InvalidInputError):
        everything(tmp_path / "spoilt")


@pytest.mark.parametrize("kind", [ZIP_BZIP2, ZIP_LZMA, 99])
def test_parts_said_to_be_compressed_otherwise_are_refused(
    tmp_path: Path, saved: Path, kind: int
) -> None:
    whole = bytearray(saved.read_bytes())
    entry = whole.index(b"PK\x01\x02")  # of the first part in the directory
    whole[entry + 10 : entry + 12] = kind.to_bytes(2, "little")
    (tmp_path / "spoilt").write_bytes(whole)
    with pytest.raises(InvalidInputError):
        everything(tmp_path / "spoilt")


def test_an_archive_that_is_cut_off_anywhere_is_refused(tmp_path: Path, saved: Path) -> None:
    whole = saved.read_bytes()
    for end in [*range(0, len(whole), len(whole) // 50), len(whole) - 1]:
        (tmp_path / "cut").write_bytes(whole[:end])
        with pytest.raises(InvalidInputError):
            everything(tmp_path / "cut")


def everything(archive: Path) -> Any:
    with open_archive(archive) as opened:
        opened.verify(lambda *_: None)
        manifest = opened.manifest
        return {
            "tables": [(one.name, list(opened.lines(one))) for one in manifest.tables],
            "rest": manifest.model_dump(exclude={"tables"}),
        }
