"""Archives and e-mails: what is in them, and what they may not do."""

import gzip
import io
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from email.message import EmailMessage

import pytest

from alexandria.adapters.extractors.limits import DEFAULT_LIMITS, Limits
from alexandria.adapters.extractors.registry import extract
from alexandria.adapters.extractors.sniff import EMAIL, PLAIN, TAR, ZIP, sniff
from alexandria.errors import ExtractionError
from alexandria.protocols.extraction import ExtractedDocument, Member

Pack = Callable[[Mapping[str, bytes]], bytes]
FILES = {"notes/a.txt": b"Some words.", "b.bib": b"@book{b, title = {B}}"}


def zipped(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def tarred(files: Mapping[str, bytes], *, links: Mapping[str, str] | None = None) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            info.type = tarfile.DIRTYPE if name.endswith("/") else tarfile.REGTYPE
            archive.addfile(info, io.BytesIO(content))
        for name, target in (links or {}).items():
            info = tarfile.TarInfo(name)
            info.type, info.linkname = tarfile.SYMTYPE, target
            archive.addfile(info)
    return buffer.getvalue()


def members(data: bytes, limits: Limits = DEFAULT_LIMITS) -> list[Member]:
    return extract(data, limits=limits).members


@pytest.mark.parametrize(
    ("data", "media_type"),
    [(zipped(FILES), ZIP), (tarred(FILES), TAR), (gzip.compress(tarred(FILES)), TAR)],
    ids=["zip", "tar", "tar.gz"],
)
def test_the_files_of_an_archive(data: bytes, media_type: str) -> None:
    document = extract(data)
    assert (document.media_type, document.kind) == (media_type, "archive")
    assert {member.name: member.data for member in document.members} == FILES
    assert [member.position for member in document.members] == [0, 1]
    assert ExtractedDocument.from_json(document.to_json()) == document


@pytest.mark.parametrize("pack", [zipped, tarred])
def test_what_systems_leave_in_archives_is_left_out(pack: Pack) -> None:
    left = ("__MACOSX/._a.txt", ".DS_Store", "notes/.git/config", "Thumbs.db", "notes/")
    found = members(pack(FILES | dict.fromkeys(left, b"")))
    assert [member.name for member in found] == list(FILES)


@pytest.mark.parametrize("pack", [zipped, tarred])
@pytest.mark.parametrize(
    "name", ["/etc/passwd", "../up.txt", "a/../../up.txt", "C:\\x.txt", "..\\x"]
)
def test_names_that_lead_out_are_refused(pack: Pack, name: str) -> None:
    found = members(pack({name: b"words"} | FILES))
    assert [bool(member.error) for member in found] == [True, False, False]
    assert "leads out of the archive" in (found[0].error or "")
    assert found[0].data is None


def test_links_are_no_files() -> None:
    found = members(tarred(FILES, links={"secret": "/etc/passwd"}))
    assert [bool(member.data) for member in found] == [True, True, False]
    assert "a link or a device" in (found[2].error or "")


def test_the_same_name_twice_gives_both() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.txt", b"first")
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("a.txt", b"second")
    assert [member.data for member in members(buffer.getvalue())] == [b"first", b"second"]


def test_names_in_the_encoding_of_an_old_system() -> None:
    data = zipped({"Grosse.txt": b"words"}).replace(b"Grosse", "Größe.".encode("cp1252"))
    assert members(data)[0].name == "Größe..txt"


@pytest.mark.parametrize("pack", [zipped, tarred])
def test_the_limits_of_archives(pack: Pack) -> None:
    many = pack({f"{n}.txt": b"x" for n in range(30)})
    with pytest.raises(ExtractionError, match="holds more than 20 others"):
        extract(many, limits=Limits(max_members=20))
    large = pack({"a.txt": b"0" * 3_000_000, "b.txt": b"words"})
    with pytest.raises(ExtractionError, match="unpacks to more than 2 MB"):
        extract(large, limits=Limits(max_unpacked_bytes=2_000_000))
    packed = gzip.compress(pack({"a.txt": b"0" * 3_000_000, "b.txt": b"words"}))
    found = members(packed, Limits(max_bytes=1_000_000))
    assert [member.error for member in found] == ["This file is larger than 1 MB.", None]


def test_a_damaged_and_an_encrypted_member_are_named() -> None:
    data = bytearray(zipped({"a.txt": b"some words " * 20, "b.txt": b"words"}))
    data[40] ^= 0xFF
    found = members(bytes(data))
    assert "“a.txt” in this file is damaged" in (found[0].error or "")
    assert found[1].data == b"words"
    directory = data.index(b"PK\x01\x02")
    data[directory + 8] |= 1
    assert "encrypted" in (members(bytes(data))[0].error or "")


def test_a_tar_archive_that_is_cut_off_gives_what_it_has() -> None:
    whole = tarred({"a.txt": b"words", "b.txt": b"0" * 5_000})
    found = members(whole[:3_000])
    assert found[0].data == b"words"
    assert "damaged or cut off" in (found[-1].error or "")
    with pytest.raises(ExtractionError, match="damaged or cut off"):
        extract(b"\xff" * 257 + b"ustar" + b"\xff" * 300)


@pytest.mark.parametrize("data", [zipped({}), zipped({".hidden": b"x"}), tarred({".x": b"x"})])
def test_an_archive_without_files_is_refused(data: bytes) -> None:
    with pytest.raises(ExtractionError, match="no files"):
        extract(data)


def letter(**changes: str) -> EmailMessage:
    mail = EmailMessage()
    headers = {
        "From": 'Ada Lovelace <ada@example.org>, "Somerville, Mary" <mary@example.org>',
        "To": "Charles <charles@example.org>",
        "Subject": "Über die Gezeiten",
        "Date": "Mon, 04 Jun 1990 10:11:12 +0200",
        "Message-ID": "<1@example.org>",
    }
    for name, value in (headers | changes).items():
        mail[name] = value
    return mail


def test_a_message_with_attachments() -> None:
    mail = letter()
    mail.set_content("Dear Charles,\n\nthe tide lags, as the table shows.\n")
    mail.add_alternative("<p>The form with markup</p>", subtype="html")
    mail.add_attachment(b"%PDF-", "application", "pdf", filename="Tabelle für Ada.pdf")
    inner = letter(Subject="An older letter")
    inner.set_content("Some words.")
    mail.add_attachment(inner)
    document = extract(mail.as_bytes())
    assert (document.media_type, document.kind) == (EMAIL, "document")
    record = document.record
    assert record is not None
    assert record.title == "Über die Gezeiten"
    assert record.authors == ("Ada Lovelace", "Mary Somerville")
    assert (record.year, record.type) == (1990, "email")
    assert record.text == "Dear Charles,\n\nthe tide lags, as the table shows."
    assert record.extra["message_id"] == "<1@example.org>"
    assert [(m.name, m.media_type) for m in document.members] == [
        ("Tabelle für Ada.pdf", "application/pdf"),
        ("An older letter.eml", "message/rfc822"),
    ]
    assert document.members[0].data == b"%PDF-"
    assert sniff(document.members[1].data or b"") == EMAIL


def test_a_message_in_markup_alone_and_pictures_in_it() -> None:
    mail = letter()
    mail.set_content("<p>The tide lags, as we saw.</p><p>It always does.</p>", subtype="html")
    mail.add_related(
        b"GIF8", "image", "gif", cid="<logo>", filename="logo.gif", disposition="inline"
    )
    document = extract(mail.as_bytes())
    assert document.record is not None
    assert document.record.text == "The tide lags, as we saw.\nIt always does."
    assert document.members == []


def test_words_in_old_encodings() -> None:
    data = (
        b"Received: by x\r\nFrom: =?iso-8859-1?Q?J=F6rg?= <j@example.org>\r\n"
        b"Subject: =?utf-8?B?w5xiZXI=?= =?no-such?Q?x?= \xfcber\r\n"
        b"Content-Type: text/plain; charset=iso-8859-15\r\n\r\nGr\xf6\xdfe\r\n"
    )
    record = extract(data).record
    assert record is not None
    assert record.text == "Größe"
    assert record.authors == ("Jörg",)
    assert (record.title or "").startswith("Über")


def test_a_message_that_holds_nothing_or_is_encrypted_is_refused() -> None:
    with pytest.raises(ExtractionError, match="no text"):
        extract(b"Received: by x\nFrom: a@example.org\n\n\n")
    with pytest.raises(ExtractionError, match="encrypted"):
        extract(
            b"Received: by x\nFrom: a@example.org\nContent-Type: multipart/encrypted; boundary=b\n\n"
            b"--b\nContent-Type: application/octet-stream\n\nx\n--b--\n"
        )


@pytest.mark.parametrize(
    ("text", "name", "media_type"),
    [
        ("From: a\nTo: b\nMIME-Version: 1.0\n\nWords.", None, EMAIL),
        ("From: a\r\nMessage-ID: <1>\r\n\r\nWords.", None, EMAIL),
        ("From: a\nSubject: b\n\nWords.", "x.eml", EMAIL),
        ("From: a\nSubject: b\n\nWords.", None, PLAIN),
        ("Note: a\n\nFrom: b\nMIME-Version: 1.0\n\nWords.", None, PLAIN),
    ],
)
def test_a_message_is_known_by_its_headers(text: str, name: str | None, media_type: str) -> None:
    assert sniff(text.encode(), name) == media_type
