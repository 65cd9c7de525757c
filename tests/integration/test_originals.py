"""Originals over the JSON interface and the pages, on both databases; no broker runs."""

import gzip
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from alexandria import bootstrap
from alexandria.app import create_app
from alexandria.bootstrap import Services, file_store
from alexandria.config import get_settings
from alexandria.db import writing
from alexandria.models import ResourceFile
from alexandria.protocols.extraction import Record
from alexandria.services.originals import LARGEST_PAGE_BYTES
from pdf_files import make_pdf, text_block

TEXT = "Owls hunt at night, and sleep in hollow trees by day. " * 10
PDF = make_pdf([[(72, 720, 18, "F2", "The habits of owls"), *text_block(680, *[TEXT] * 4)]])
PAGE = (
    f"<html><title>Owls</title><body onload=x()><h1>Owls</h1><p>{TEXT}</p></body></html>".encode()
)
MAIL = (
    "From: Ada Moe <a@example.org>\nTo: b@example.org\nSubject: On owls\n"
    f"Date: Mon, 4 Nov 2024 10:00:00 +0000\nMessage-ID: <1@example.org>\n\n{TEXT}"
).encode()


@pytest.fixture
def client(either_library: Path) -> Iterator[TestClient]:
    del either_library
    with writing() as session:
        token = Services(session).users.new_token("reader", "read")
    with TestClient(create_app(), follow_redirects=False) as opened:
        opened.headers["Authorization"] = f"Bearer {token}"
        yield opened
    bootstrap.close()


def bring(name: str, data: bytes, **options: Any) -> str:
    """Bring a file in, as a worker does; give the id of its resource."""
    sent = get_settings().data_dir / "sent"
    sent.write_bytes(data)
    with writing() as session:
        made = Services(session).ingestion.submit_file(sent, name, **options).id
    with writing() as session:
        ended = Services(session).ingestion.process(made, "a task")
        assert ended
        assert ended.resource_id, ended.error
        return ended.resource_id


def only_file(client: TestClient, resource_id: str) -> Any:
    answer = client.get(f"/resources/{resource_id}/files").json()
    assert answer["total"] == 1
    return answer["items"][0]


@pytest.mark.parametrize(
    ("name", "data", "media_type", "view"),
    [
        ("owls.txt", PDF, "application/pdf", "pdf"),
        ("owls.pdf", PAGE, "text/html", "page"),
        ("owls.eml", MAIL, "message/rfc822", "text"),
        ("owls.pdf.gz", gzip.compress(PDF), "application/gzip", "text"),
    ],
)
def test_a_file_is_what_its_content_says(
    client: TestClient, name: str, data: bytes, media_type: str, view: str
) -> None:
    resource_id = bring(name, data)
    found = only_file(client, resource_id)
    assert (found["media_type"], found["view"], found["bytes"]) == (media_type, view, len(data))
    assert found["sha256"] == hashlib.sha256(data).hexdigest()
    answer = client.get(found["url"])
    assert answer.content == data
    assert answer.headers["content-type"] == media_type
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-disposition"].startswith("attachment; ")
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"


def test_a_pdf_can_be_looked_at_in_its_own_viewer(client: TestClient) -> None:
    found = only_file(client, bring("owls.pdf", PDF))
    answer = client.get(found["url"], params={"inline": True})
    assert answer.content == PDF
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-disposition"].startswith('inline; filename="owls.pdf"')


def test_a_saved_page_is_shown_without_what_acts(client: TestClient) -> None:
    found = only_file(client, bring("owls.html", PAGE))
    answer = client.get(found["url"], params={"inline": True})
    assert "onload" not in answer.text
    assert "<h1>Owls</h1>" in answer.text
    policy = answer.headers["content-security-policy"].split("; ")
    assert {"default-src 'none'", "img-src data:", "style-src 'unsafe-inline'"} < set(policy)
    (sandbox,) = [one for one in policy if one.startswith("sandbox")]
    assert not {"allow-scripts", "allow-same-origin", "allow-forms"} & set(sandbox.split())
    assert client.get(found["url"]).content == PAGE, "the download is as it came in"


def test_what_can_not_be_shown_says_so(client: TestClient) -> None:
    refused = client.get(only_file(client, bring("owls.eml", MAIL))["url"] + "?inline=true")
    assert refused.status_code == 422
    assert "Download it" in refused.json()["detail"]


def test_a_page_beyond_all_measure_is_shown_as_text(client: TestClient) -> None:
    padding = b"<!-- " + b"x" * LARGEST_PAGE_BYTES + b" -->"
    resource_id = bring("long.html", PAGE + padding)
    assert only_file(client, resource_id)["view"] == "text"
    assert "Owls hunt at night" in client.get(f"/ui/resources/{resource_id}/view").text


def test_a_pdf_that_is_none_is_never_shown_as_one(client: TestClient) -> None:
    resource_id = bring("owls.html", PAGE)
    with writing() as session:
        row = session.get_one(ResourceFile, (resource_id, hashlib.sha256(PAGE).hexdigest()))
        row.media_type = "application/pdf"
    found = only_file(client, resource_id)
    assert (found["media_type"], found["view"]) == ("application/octet-stream", "text")


@pytest.mark.parametrize("harm", ["missing", "damaged"])
def test_a_missing_or_damaged_file_is_told_and_comes_back(client: TestClient, harm: str) -> None:
    resource_id = bring("owls.pdf", PDF)
    found = only_file(client, resource_id)
    assert client.get(found["url"]).status_code == 200
    path = file_store().path(found["sha256"])
    if harm == "missing":
        path.unlink()
    else:
        path.write_bytes(PDF.replace(b"Owls", b"Owlz"))
    for address in (found["url"], found["url"] + "?inline=true"):
        answer = client.get(address)
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.status_code == (404 if harm == "missing" else 500)
        assert f"The file owls.pdf is {harm}" in answer.json()["detail"]
        assert "Add the same file again" in answer.json()["detail"]
    page = client.get(f"/ui/resources/{resource_id}/view")
    assert f"The file owls.pdf is {harm}" in page.text
    assert only_file(client, resource_id)["name"] == "owls.pdf"
    assert bring("again.pdf", PDF) == resource_id
    assert client.get(found["url"]).content == PDF


def test_only_the_files_of_the_resource_and_of_no_deleted_one(client: TestClient) -> None:
    owls, mail = bring("owls.pdf", PDF), bring("owls.eml", MAIL)
    other = only_file(client, mail)["sha256"]
    for wrong in (other, "0" * 64, "..%2F..%2Falexandria.db", "%00", "owls.pdf"):
        for start in (f"/resources/{owls}/files", f"/ui/resources/{owls}/files"):
            assert client.get(f"{start}/{wrong}").status_code == 404, wrong
    address = only_file(client, owls)["url"]
    with writing() as session:
        Services(session).resources.delete(owls)
    assert client.get(address).status_code == 404
    assert client.get(f"/resources/{owls}/files").status_code == 404


def test_a_record_without_a_file_says_that_there_is_none(client: TestClient) -> None:
    with writing() as session:
        made = Services(session).resources.create(Record(title="A record")).id
    assert client.get(f"/resources/{made}/files").json()["items"] == []
    assert "came in as a record" in client.get(f"/ui/resources/{made}/view").text
    assert "View original" not in client.get(f"/ui/resources/{made}").text


def test_pages_lead_to_the_files_and_to_one_page_of_a_pdf(client: TestClient) -> None:
    resource_id = bring("owls.pdf", PDF)
    sha256 = only_file(client, resource_id)["sha256"]
    page = client.get(f"/ui/resources/{resource_id}").text
    assert f'href="/ui/resources/{resource_id}/view?file={sha256}"' in page
    assert f'href="/ui/resources/{resource_id}/files/{sha256}"' in page
    view = client.get(f"/ui/resources/{resource_id}/view", params={"page": "7"})
    assert f'data="/ui/resources/{resource_id}/files/{sha256}?inline=true#page=7"' in view.text
    assert "object-src 'self'" in view.headers["content-security-policy"]
    assert client.get(f"/ui/resources/{resource_id}/view?page=x").status_code == 422
    assert client.get(f"/ui/resources/{resource_id}/view?file=x").status_code == 404
    again = client.get(f"/ui/resources/{resource_id}/files/{sha256}", params={"inline": True})
    assert again.content == PDF


def test_strangers_see_no_file(client: TestClient) -> None:
    resource_id = bring("owls.pdf", PDF)
    address = only_file(client, resource_id)["url"]
    del client.headers["Authorization"]
    assert client.get(address).status_code == 401
    assert client.get(f"/ui{address}").headers["location"] == "/ui/sign-in"
