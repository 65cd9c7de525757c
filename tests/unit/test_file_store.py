import errno
import hashlib
import os
import threading
import time
from pathlib import Path

import pytest

from alexandria.adapters.file_store import LocalFileStore
from alexandria.errors import DamagedError, NotFoundError, UnavailableError

CONTENT = b"%PDF-1.7 the bytes as they came\x00\xff"
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "files"


@pytest.fixture
def store(folder: Path) -> LocalFileStore:
    return LocalFileStore(folder)


def stored(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_a_file_comes_back_byte_for_byte_under_its_hash(
    store: LocalFileStore, tmp_path: Path
) -> None:
    paper = tmp_path / "paper.pdf"
    paper.write_bytes(CONTENT)
    assert store.put(paper) == SHA256
    assert store.path(SHA256).read_bytes() == CONTENT
    with store.open(SHA256) as opened:
        assert opened.read() == CONTENT
    assert paper.exists(), "a copy is taken, the file itself stays"


def test_it_lies_two_folders_deep(store: LocalFileStore, folder: Path) -> None:
    store.put_bytes(CONTENT)
    assert stored(folder) == [folder / SHA256[:2] / SHA256[2:4] / SHA256]


def test_the_same_bytes_are_stored_once(
    store: LocalFileStore, folder: Path, tmp_path: Path
) -> None:
    names = ["a.pdf", "b b.PDF", "..hidden"]
    for name in names:
        (tmp_path / name).write_bytes(CONTENT)
    assert {store.put(tmp_path / name) for name in names} == {SHA256}
    assert store.put_bytes(CONTENT) == SHA256
    assert len(stored(folder)) == 1


def test_an_empty_and_a_large_file(store: LocalFileStore) -> None:
    large = os.urandom(3_000_001)
    for content in (b"", large):
        assert store.path(store.put_bytes(content)).read_bytes() == content


def test_a_stored_file_that_lost_its_end_is_mended(store: LocalFileStore) -> None:
    store.put_bytes(CONTENT)
    store.path(SHA256).write_bytes(CONTENT[:5])
    store.put_bytes(CONTENT)
    assert store.path(SHA256).read_bytes() == CONTENT


def test_a_stored_file_in_which_a_bit_turned_is_mended(
    store: LocalFileStore, tmp_path: Path
) -> None:
    store.put_bytes(CONTENT)
    place = store.path(SHA256)
    assert store.intact_path(SHA256) == place
    place.write_bytes(CONTENT.replace(b"b", b"c"))
    assert store.state(SHA256) == "damaged"
    with pytest.raises(DamagedError, match="other bytes"):
        store.intact_path(SHA256)
    again = tmp_path / "again"
    again.write_bytes(CONTENT)
    store.put(again)
    assert store.intact_path(SHA256).read_bytes() == CONTENT
    assert store.state(SHA256) == "intact"


def test_every_file_in_the_folder_is_named(store: LocalFileStore, folder: Path) -> None:
    assert list(store.stored()) == [], "there is no folder yet"
    store.put_bytes(CONTENT)
    (folder / SHA256).write_bytes(b"at no hash's place")
    (folder / "gone").symlink_to("nowhere")
    assert {(one.path, one.sha256, one.bytes) for one in store.stored()} == {
        (store.path(SHA256), SHA256, len(CONTENT)),
        (folder / SHA256, None, 18),
    }


@pytest.mark.parametrize(
    "name",
    ["", "0" * 64, "../../etc/passwd", SHA256.upper(), SHA256 + "\n", SHA256[:-1], "/etc/passwd"],
)
def test_what_is_no_stored_hash_is_not_found(store: LocalFileStore, name: str) -> None:
    store.put_bytes(CONTENT)
    with pytest.raises(NotFoundError):
        store.path(name)
    with pytest.raises(NotFoundError):
        store.open(name)


def test_a_missing_file_is_not_found(store: LocalFileStore, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"paper\.pdf"):
        store.put(tmp_path / "paper.pdf")


def test_many_at_once_leave_one_whole_file(store: LocalFileStore, folder: Path) -> None:
    content = os.urandom(2_000_000)
    threads = [threading.Thread(target=store.put_bytes, args=[content]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [path.read_bytes() for path in stored(folder)] == [content]


def test_a_full_disk_is_explained_and_leaves_nothing(
    store: LocalFileStore, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UnavailableError, match="no room") as raised:
        store.put_bytes(CONTENT)
    assert "Free some space" in raised.value.remedy
    assert stored(folder) == []


def test_what_a_killed_process_left_half_written_is_cleared_away(
    store: LocalFileStore, folder: Path
) -> None:
    store.put_bytes(CONTENT)
    old, young = folder / "incoming" / "old", folder / "incoming" / "young"
    old.touch()
    young.touch()
    two_days_ago = time.time() - 2 * 24 * 3600
    os.utime(old, (two_days_ago, two_days_ago))
    store.put_bytes(b"another")
    assert not old.exists()
    assert young.exists(), "another process may be writing it"
