"""Archives and e-mails on their way into the library, on both databases."""

import io
import zipfile
from collections.abc import Mapping
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest

from alexandria.bootstrap import Services, file_store
from alexandria.db import now, reading, writing
from alexandria.events import outbox
from alexandria.models import Ingestion, Resource, ResourceFile
from alexandria.services.ingestion_list import count_outcomes, files_of_files
from alexandria.services.listing import ListRequest, list_resources

FIXTURES = Path(__file__).parents[1] / "fixtures" / "extractors"
BOOK, REPORT = (FIXTURES / "book.epub").read_bytes(), (FIXTURES / "report.docx").read_bytes()


def zipped(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def letter(**attached: bytes) -> bytes:
    mail = EmailMessage()
    mail["From"], mail["Message-ID"] = "Ada Lovelace <ada@example.org>", "<1@example.org>"
    mail["Subject"] = "On tides"
    mail.set_content("The tide lags, as the report shows.")
    for name, content in attached.items():
        mail.add_attachment(content, "application", "octet-stream", filename=name)
    return mail.as_bytes()


def submit(folder: Path, name: str, data: bytes) -> str:
    source = folder / "source"
    source.write_bytes(data)
    with writing() as session:
        return Services(session).ingestion.submit_file(source, name).id


def process(ingestion_id: str) -> str | None:
    """Do what a worker does with one ingestion, without its members."""
    with writing() as session:
        done = Services(session).ingestion.process(ingestion_id, f"task of {ingestion_id}")
        return done.state if done else None


def process_all(ingestion_id: str) -> None:
    process(ingestion_id)
    for child in children(ingestion_id):
        if child.state == "queued":
            process_all(child.id)


def children(ingestion_id: str) -> list[Ingestion]:
    with reading() as session:
        query = session.query(Ingestion).filter(Ingestion.parent_id == ingestion_id)
        return query.order_by(Ingestion.position).all()


def ingestion(ingestion_id: str) -> Ingestion:
    with reading() as session:
        return Services(session).ingestion.get(ingestion_id)


def counts(ingestion_id: str) -> dict[str, int]:
    with reading() as session:
        return Services(session).ingestion.counts([ingestion_id])[ingestion_id]


def titles() -> list[str]:
    with reading() as session:
        return sorted(one.title for one in list_resources(session, ListRequest()).items)


def test_each_file_of_an_archive_goes_its_own_way(either_library: Path, tmp_path: Path) -> None:
    data = zipped(
        {
            "works/book.epub": BOOK,
            "works/again.epub": BOOK,
            "report.docx": REPORT,
            "../out.txt": b"words",
            "photo.png": b"\x89PNG\r\n\x1a\n",
            ".DS_Store": b"x",
        }
    )
    parent = submit(tmp_path, "works.zip", data)
    assert process(parent) == "running"
    found = children(parent)
    assert [child.name for child in found] == [
        "works/book.epub",
        "works/again.epub",
        "report.docx",
        "../out.txt",
        "photo.png",
    ]
    assert [child.state for child in found] == ["queued"] * 3 + ["failed", "queued"]
    for child in found[:-1]:
        process(child.id)
        assert ingestion(parent).state == "running"
    process(found[-1].id)
    assert ingestion(parent).state == "completed"
    assert ingestion(parent).total == 5
    assert counts(parent) == {"added": 2, "duplicates": 1, "failed": 2}
    errors = {child.name: child.error or "" for child in children(parent)}
    assert "leads out of the archive" in errors["../out.txt"]
    assert "image (PNG)" in errors["photo.png"]
    assert titles() == ["The Harbour and the Sea", "The tides of a small harbour"]


def test_the_originals_are_kept_under_their_own_names(either_library: Path, tmp_path: Path) -> None:
    parent = submit(tmp_path, "works.zip", zipped({"works/book.epub": BOOK}))
    process_all(parent)
    with reading() as session:
        kept = session.query(ResourceFile).one()
        assert (kept.filename, kept.bytes) == ("book.epub", len(BOOK))
        assert file_store().path(kept.sha256).read_bytes() == BOOK


def test_the_end_is_told_once_with_all_counts(either_library: Path, tmp_path: Path) -> None:
    parent = submit(tmp_path, "works.zip", zipped({"book.epub": BOOK, "report.docx": REPORT}))
    process_all(parent)
    with reading() as session:
        told = [
            event.data
            for event in outbox.newest(session, 100)
            if event.name == "ingestion.completed" and event.data["ingestion_id"] == parent
        ]
    assert [data["counts"] for data in told] == [{"added": 2, "duplicates": 0, "failed": 0}]


def test_a_message_is_a_document_and_what_is_attached_are_others(
    either_library: Path, tmp_path: Path
) -> None:
    data = letter(report=REPORT)
    parent = submit(tmp_path, "letter.eml", data)
    assert process(parent) == "running"
    assert titles() == ["On tides"]
    process_all(children(parent)[0].id)
    assert ingestion(parent).state == "completed"
    assert ingestion(parent).resource_id
    assert titles() == ["On tides", "The tides of a small harbour"]
    again = submit(tmp_path, "copy.eml", data)
    process_all(again)
    assert ingestion(again).state == "duplicate"
    assert counts(again) == {"added": 0, "duplicates": 1, "failed": 0}
    with reading() as session:
        assert count_outcomes(session, again) == {"added": 0, "duplicates": 2, "failed": 0}


def test_archives_lie_in_one_another_up_to_a_depth(either_library: Path, tmp_path: Path) -> None:
    deep = zipped({"c.zip": zipped({"book.epub": BOOK}), "report.docx": REPORT})
    library = b"@book{a, title = {A title}}\n@book{b, title = {B title}}\n"
    parent = submit(tmp_path, "a.zip", zipped({"b.zip": deep, "works.bib": library}))
    process_all(parent)
    assert ingestion(parent).state == "completed"
    assert titles() == ["A title", "B title", "The tides of a small harbour"]
    with reading() as session:
        assert count_outcomes(session, parent) == {"added": 3, "duplicates": 0, "failed": 1}
        assert sorted(files_of_files(session, [parent]).values()) == [2, 2, 2]
    (inner, _) = children(parent)
    assert "More than 2 archives or e-mails" in (children(inner.id)[0].error or "")


NOTES = {f"{n}.txt": f"Note {n}\n\nSome words about {n}.".encode() for n in range(5)}


@pytest.mark.parametrize("data", [zipped(NOTES), letter(**NOTES)], ids=["zip", "eml"])
def test_an_attempt_that_was_killed_is_taken_up(
    either_library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: bytes
) -> None:
    """The first of two chunks is in the database when the worker dies."""
    monkeypatch.setattr("alexandria.services.ingestion.CHUNK", 2)
    parent = submit(tmp_path, "notes", data)
    with monkeypatch.context() as patch, writing() as session:
        service = Services(session).ingestion
        submitted = service._members.submit

        def dies(*arguments: object) -> Ingestion:
            if len(children(parent)) == 2:
                raise KeyboardInterrupt
            return submitted(*arguments)  # type: ignore[arg-type]

        patch.setattr(service._members, "submit", dies)
        with pytest.raises(KeyboardInterrupt):
            service.process(parent, "first")
        session.rollback()
    first = children(parent)
    assert [child.position for child in first] == [0, 1]
    for child in first:
        process(child.id)
    assert ingestion(parent).state == "running"
    with writing() as session:
        Services(session).ingestion.get(parent).lease_until = now() - timedelta(seconds=1)
    process_all(parent)
    assert [child.id for child in children(parent)[:2]] == [child.id for child in first]
    assert ingestion(parent).state == "completed"
    assert counts(parent) == {"added": 5, "duplicates": 0, "failed": 0}


def test_a_parent_whose_last_member_ended_unseen_is_ended_by_the_reconciler(
    either_library: Path, tmp_path: Path
) -> None:
    parent = submit(tmp_path, "works.zip", zipped({"book.epub": BOOK}))
    process(parent)
    with writing() as session:
        (child,) = children(parent)
        session.merge(child).state = "completed"
        waiting = Services(session).ingestion.get(parent)
        waiting.lease_until = now() - timedelta(seconds=1)
    with reading() as session:
        assert Services(session).ingestion.abandoned(10) == [parent]
    assert process(parent) == "completed"


def test_a_member_that_is_given_up_ends_its_parent(either_library: Path, tmp_path: Path) -> None:
    parent = submit(tmp_path, "works.zip", zipped({"book.epub": BOOK}))
    process(parent)
    (child,) = children(parent)
    with writing() as session:
        Services(session).ingestion.give_up(child.id, RuntimeError("power"))
    assert ingestion(parent).state == "completed"
    with writing() as session:
        assert Services(session).ingestion.retry_failed(parent) == [child.id]
    process(child.id)
    assert counts(parent) == {"added": 1, "duplicates": 0, "failed": 0}
    with reading() as session:
        assert session.query(Resource).count() == 1
