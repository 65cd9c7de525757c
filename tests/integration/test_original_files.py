"""The doctor and the originals: what is missing, damaged or left over is named, and comes back."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from alexandria import bootstrap
from alexandria.bootstrap import Services, file_store
from alexandria.config import get_settings
from alexandria.db import reading, writing
from alexandria.errors import DamagedError
from alexandria.services.file_check import FileReport, examine_files, repair_files, wanted_files
from alexandria.tasks.celery_tasks import examine_library_task
from saved_library import NOTE, answer, command, derive

OTHER = b"On the melting of ice\n\n" + b"Ice melts at the edge of the lake. " * 20


@pytest.fixture
def sha256(either_library: Path) -> Iterator[str]:
    """Give the original of a resource, in a library on either database."""
    yield bring("note.txt", NOTE)
    bootstrap.extractor().close()


def bring(name: str, data: bytes) -> str:
    """Bring a file in, as a worker does; give its SHA-256."""
    path = get_settings().data_dir / "sent"
    path.write_bytes(data)
    with writing() as session:
        made = Services(session).ingestion.submit_file(path, name).id
    path.unlink()
    with writing() as session:
        ended = Services(session).ingestion.process(made, "a task")
        assert ended
        assert ended.state in {"completed", "duplicate"}
        return ended.sha256 or ""


def quiet(step: str, done: int, total: int | None) -> None:
    assert done <= (total or 0), step


def examine(*, read: bool = True) -> FileReport:
    with reading() as session:
        return examine_files(file_store(), wanted_files(session), quiet, read=read)


def damage(sha256: str) -> None:
    """Turn one bit round, and leave size and name as they are."""
    path = file_store().path(sha256)
    data = bytearray(path.read_bytes())
    data[7] ^= 1
    path.write_bytes(data)


def test_files_that_are_whole_are_counted(sha256: str) -> None:
    report = examine()
    assert (report.checked, report.bytes, report.found) == (1, len(NOTE), 0)
    assert report.orphaned == []


def test_a_bit_that_turned_is_found_and_adding_the_file_again_mends_it(sha256: str) -> None:
    damage(sha256)
    report = examine()
    (fault,) = report.damaged
    assert (fault.sha256, fault.name, len(fault.resource_ids)) == (sha256, "note.txt", 1)
    assert "Add the same file again" in fault.remedy
    assert repair_files(file_store(), report).found == 1, "there is no copy to mend it from"
    with pytest.raises(DamagedError, match="other bytes"):
        file_store().intact_path(sha256)
    assert bring("the same under another name.txt", NOTE) == sha256
    assert file_store().intact_path(sha256).read_bytes() == NOTE
    assert examine().found == 0


def test_a_file_that_is_gone_comes_back_when_it_is_added_again(sha256: str) -> None:
    file_store().path(sha256).unlink()
    assert [one.sha256 for one in examine().missing] == [sha256]
    bring("note.txt", NOTE)
    assert examine().found == 0


@pytest.mark.parametrize("place", ["found again.txt", "00/00/" + "0" * 64])
def test_a_copy_anywhere_in_the_folder_mends_it_and_stays(sha256: str, place: str) -> None:
    damage(sha256)
    copy = get_settings().data_dir / "files" / place
    copy.parent.mkdir(parents=True, exist_ok=True)
    copy.write_bytes(NOTE)
    report = examine()
    assert report.copies == {sha256: copy}
    assert repair_files(file_store(), report).found == 0
    assert file_store().path(sha256).read_bytes() == NOTE
    assert copy.read_bytes() == NOTE


def test_a_file_that_nothing_refers_to_is_named_and_left(sha256: str) -> None:
    orphan = file_store().path(file_store().put_bytes(OTHER))
    report = examine()
    assert [Path(one.path) for one in report.orphaned] == [orphan]
    assert report.found == 0, "it does no harm"
    assert repair_files(file_store(), report).orphaned == report.orphaned
    assert orphan.exists()


def test_the_file_of_a_deleted_resource_is_wanted(sha256: str) -> None:
    with writing() as session:
        services = Services(session)
        (want,) = wanted_files(session).values()
        services.resources.delete(want.resource_ids[0])
    assert examine().orphaned == []


def test_the_weekly_look_sees_what_is_gone_or_cut_off_without_reading(sha256: str) -> None:
    os.truncate(file_store().path(sha256), 5)
    report = examine_library_task.apply().get()
    assert [one["sha256"] for one in report["files"]["damaged"]] == [sha256]
    assert not report["ok"]
    file_store().path(sha256).unlink()
    assert [one.name for one in examine(read=False).missing] == ["note.txt"]


def test_a_file_that_can_not_be_read_counts_as_damaged(sha256: str) -> None:
    """Also where a folder stands in its place."""
    path = file_store().path(sha256)
    path.unlink()
    path.mkdir()
    assert [one.sha256 for one in examine().missing] == [sha256]
    path.rmdir()
    path.symlink_to(path)
    report = examine()
    assert [one.sha256 for one in (*report.missing, *report.damaged)] == [sha256]
    bring("note.txt", NOTE)
    assert examine().found == 0


def test_the_command_names_them_mends_what_it_can_and_says_what_is_left(sha256: str) -> None:
    second = bring("ice [draft].txt", OTHER)
    derive()
    damage(sha256)
    file_store().path(second).unlink()
    found = answer("doctor", code=1)
    assert found["found"] == 2
    assert [one["sha256"] for one in found["files"]["damaged"]] == [sha256]
    assert [one["name"] for one in found["files"]["missing"]] == ["ice [draft].txt"]
    assert "files" not in answer("doctor", "--no-files")
    told = command("doctor").output
    assert "Missing: ice [draft].txt" in told
    (get_settings().data_dir / "files" / "note").write_bytes(NOTE)
    left = answer("doctor", "--repair", code=1)
    assert (left["repaired"], left["left"]["found"]) == (1, 1)
    bring("ice.txt", OTHER)
    assert answer("doctor")["ok"]
