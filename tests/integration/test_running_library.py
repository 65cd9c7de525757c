"""The whole system, as `alexandria up` runs it: real Redis, real workers, real HTTP."""

import io
import os
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import httpx
import pytest

from alexandria.bootstrap import SAMPLE
from conftest import RunningLibrary, all_fresh, eventually, start_library, stop_library

pytestmark = pytest.mark.alone

FIXTURES = Path(__file__).parents[1] / "fixtures" / "extractors"


def ended(client: httpx.Client, status_url: str) -> Any:
    def check() -> Any:
        found = client.get(status_url).json()
        return found if found["state"] not in {"queued", "running"} else None

    return eventually(check, 60)


def test_nothing_but_health_is_open(running_library: RunningLibrary) -> None:
    assert httpx.get(f"{running_library.url}/healthz").status_code == 200
    assert httpx.get(f"{running_library.url}/readyz").status_code == 200
    for path in ("/resources", "/search", "/consistency", "/events/history", "/openapi.json"):
        assert httpx.get(f"{running_library.url}{path}").status_code == 401, path


def test_a_resource_is_searchable_at_once_and_fresh_soon(running_library: RunningLibrary) -> None:
    with running_library.client() as client:
        made = client.post(
            "/resources",
            json={"title": "Laminar flow over wings", "abstract": "Drag of thin airfoils."},
        ).json()
        answer = client.get("/search", params={"q": "airfoils", "wait_for": made["event_id"]})
        assert made["id"] in [hit["id"] for hit in answer.json()["results"]]
        assert answer.json()["index"]["complete_through"] >= made["event_id"]
        eventually(lambda: all_fresh(client))
        found = client.get("/search", params={"q": "aeroplane lift", "mode": "semantic"}).json()
        assert found["results"][0]["id"] == made["id"]
        quality = client.get(f"/resources/{made['id']}/quality").json()
        assert quality["dimensions"]["timeliness"]["score"] is None


def test_lost_updates_are_refused(running_library: RunningLibrary) -> None:
    with running_library.client() as client:
        made = client.post("/resources", json={"title": "One"})
        where, etag = made.headers["location"], made.headers["etag"]
        first = client.patch(where, json={"title": "Two"}, headers={"If-Match": etag})
        second = client.patch(where, json={"title": "Three"}, headers={"If-Match": etag})
        assert (first.status_code, second.status_code) == (200, 412)
        assert second.headers["content-type"] == "application/problem+json"
        deleted = client.delete(where)
        assert deleted.json()["event_id"] == int(deleted.headers["x-event-id"])
        assert client.get(where).status_code == 404


def test_a_file_comes_in_and_a_bad_one_says_why(running_library: RunningLibrary) -> None:
    with running_library.client() as client:
        text = "On the growth of crystals\n\n" + "Crystals grow from seeds in solution. " * 20
        sent = client.post("/ingest", files={"file": ("a.txt", text)})
        assert sent.status_code == 202
        assert ended(client, sent.json()["status_url"])["state"] == "completed"
        bad = client.post("/ingest", files={"file": ("b.pdf", b"%PDF-1.7 no more")})
        failed = ended(client, bad.json()["status_url"])
        assert failed["state"] == "failed"
        assert failed["error"]["remedy"]


def test_what_is_in_an_archive_comes_in_file_by_file(running_library: RunningLibrary) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as files:
        for name in ("book.epub", "report.docx", "works.csv"):
            files.write(FIXTURES / name, f"works/{name}")
    with running_library.client() as client:
        sent = client.post("/ingest", files={"file": ("works.zip", archive.getvalue())}).json()
        parent = ended(client, sent["status_url"])
        assert (parent["state"], parent["total"]) == ("completed", 3)
        assert parent["counts"] == {"added": 3, "duplicates": 0, "failed": 0}
        found = client.get("/ingestions", params={"parent_id": parent["id"]}).json()["items"]
        assert [one["name"] for one in found] == [
            "works/book.epub",
            "works/report.docx",
            "works/works.csv",
        ]
        assert found[2]["counts"] == {"added": 3, "duplicates": 0, "failed": 2}
        hits = client.get("/search", params={"q": "boats on the mud"}).json()["results"]
        assert hits[0]["id"] == found[0]["resource_id"]


def test_the_sample_becomes_fresh(running_library: RunningLibrary) -> None:
    with running_library.client() as client:
        sent = client.post("/imports", files={"file": ("sample.jsonl", SAMPLE.read_bytes())})
        parent = ended(client, sent.json()["status_url"])
        assert parent["counts"]["added"] == parent["total"] > 250
        eventually(lambda: all_fresh(client), 120)
        again = client.post("/imports", files={"file": ("again.jsonl", SAMPLE.read_bytes())})
        assert ended(client, again.json()["status_url"])["counts"]["added"] == 0


def test_a_batch_reports_how_far_it_is(running_library: RunningLibrary) -> None:
    with running_library.client() as client:
        client.post("/resources", json={"title": "For a batch"})
        sent = client.post("/batch", json={"operation": "recompute_quality", "filter": {}}).json()
        done = eventually(
            lambda: (t := client.get(sent["status_url"]).json())["state"] == "completed" and t
        )
        assert done["current"] == done["total"] == sent["total"]
        assert client.post("/batch", json={"operation": "none", "filter": {}}).status_code == 422


def test_monitoring_answers(running_library: RunningLibrary) -> None:
    with running_library.client() as client:
        status = client.get("/workers/status").json()
        assert len(status["workers"]) == 2
        assert all(worker["alive"] for worker in status["workers"])
        assert set(client.get("/db/pool").json()) > {"size", "checked_in", "overflow", "total"}
        history = client.get("/events/history", params={"limit": 5}).json()
        assert 0 < len(history) <= 5
        assert 0 <= client.get("/cache/stats").json()["hit_rate"] <= 1


def test_the_sign_in_link_works_once(running_library: RunningLibrary) -> None:
    with httpx.Client(base_url=running_library.url, follow_redirects=True) as browser:
        assert browser.get("/ui/").url.path == "/ui/sign-in"
        assert browser.get(running_library.sign_in_url).url.path == "/ui/"
        assert "Library" in browser.get("/ui/").text
    assert httpx.get(running_library.sign_in_url).status_code == 401


def test_pages_show_what_is_there_and_escape_it(running_library: RunningLibrary) -> None:
    with running_library.client() as client:
        hostile = "<script>alert('zebra')</script>"
        made = client.post("/resources", json={"title": hostile, "abstract": hostile}).json()
        for path in (f"/ui/resources/{made['id']}", "/ui/?q=zebra", "/ui/add"):
            page = client.get(path)
            assert page.status_code == 200, path
            assert "<script>alert" not in page.text
            assert "default-src 'self'" in page.headers["content-security-policy"]
        foreign = {"Origin": "http://elsewhere.example"}
        refused = client.post(f"/ui/resources/{made['id']}/delete", headers=foreign)
        assert refused.status_code == 403


def test_the_description_of_the_interface_needs_no_other_host(
    running_library: RunningLibrary,
) -> None:
    with running_library.client() as client:
        page = client.get("/docs").text
        assert "//" not in page.replace("// ", "")
        for name in ("swagger-ui-bundle.js", "swagger-ui.css"):
            assert f"/docs/static/{name}" in page
            assert client.get(f"/docs/static/{name}").status_code == 200


def test_a_second_up_is_told_where_the_first_is(running_library: RunningLibrary) -> None:
    command = [sys.executable, "-m", "alexandria", "up", "--data", str(running_library.folder)]
    second = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert second.returncode == 3
    assert running_library.url in second.stderr.replace("\n", "")


def test_a_killed_worker_loses_nothing_and_stop_leaves_nothing(tmp_path: Path) -> None:
    running = start_library(tmp_path)
    with running.client() as client:
        sent = client.post("/imports", files={"file": ("s.jsonl", SAMPLE.read_bytes())}).json()
        eventually(lambda: client.get("/resources").json()["total"] > 20)
        stats = client.get("/workers/status").json()["stats"]
        main = next(one for name, one in stats.items() if name.startswith("worker@"))
        os.kill(main["pid"], signal.SIGKILL)
        for child in main["pool"]["processes"]:
            try:
                os.kill(child, signal.SIGKILL)
            except ProcessLookupError:
                continue
        parent = ended(client, sent["status_url"])
        assert parent["counts"]["added"] == parent["total"]
        assert client.get("/resources").json()["total"] == parent["total"]
        eventually(lambda: all_fresh(client), 120)
    begun = time.monotonic()
    stop_library(running)
    assert time.monotonic() - begun < 15
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{running.url}/healthz")
