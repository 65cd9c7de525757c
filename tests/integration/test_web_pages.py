"""The pages over a real library in this process; no broker and no cache run."""

import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
from fastapi.testclient import TestClient

from alexandria import bootstrap
from alexandria.access import SESSION_COOKIE
from alexandria.api.schemas.resource import ResourceIn
from alexandria.app import create_app
from alexandria.bootstrap import Services
from alexandria.db import reading, writing
from alexandria.errors import ExtractionError
from alexandria.models import LedgerRow
from alexandria.services.ingestion_list import IngestionListRequest, list_ingestions
from alexandria.services.ledger import RESOURCE
from alexandria.services.search import SearchService

HOSTILE = "<script>alert(1)</script> zebra \"><img src=x onerror='x'>"
OWN = {"Origin": "http://testserver"}


@pytest.fixture
def stranger(library: Path) -> Iterator[TestClient]:
    del library
    client = TestClient(create_app(), follow_redirects=False)
    yield client
    client.close()
    bootstrap.close()


@pytest.fixture
def browser(stranger: TestClient) -> TestClient:
    with writing() as session:
        link = Services(session).users.new_sign_in_link()
        session.commit()
    assert stranger.get("/ui/sign-in", params={"token": link}).status_code == 303
    return stranger


def make(title: str, **fields: Any) -> str:
    """Put a resource in, indexed and with its quality."""
    with writing() as session:
        services = Services(session)
        resource = services.resources.create(ResourceIn(title=title, **fields).as_record())
        session.flush()
        for name, compute in (
            ("search", services.search.update_fts5_index),
            ("quality", services.quality.compute_qualities),
        ):
            services.ledger.computed(name, compute([resource.id]))
        session.commit()
        return resource.id


def row_of(resource_id: str, derivation: str) -> LedgerRow:
    with reading() as session:
        row = session.get(LedgerRow, (RESOURCE, resource_id, derivation))
        assert row is not None
        return row


class TestSignIn:
    @pytest.mark.parametrize("path", ["/ui/", "/ui/add", "/ui/resources/x", "/ui/nowhere"])
    def test_strangers_are_led_to_it(self, stranger: TestClient, path: str) -> None:
        answer = stranger.get(path)
        assert answer.status_code == 303
        assert answer.headers["location"] == "/ui/sign-in"

    def test_a_link_works_once_and_gives_a_guarded_cookie(self, stranger: TestClient) -> None:
        with writing() as session:
            link = Services(session).users.new_sign_in_link()
            session.commit()
        first = stranger.get("/ui/sign-in", params={"token": link})
        assert first.headers["location"] == "/ui/"
        cookie = first.headers["set-cookie"].lower()
        assert cookie.startswith(SESSION_COOKIE)
        assert "httponly" in cookie
        assert "samesite=lax" in cookie
        assert stranger.get("/ui/").status_code == 200
        second = stranger.get("/ui/sign-in", params={"token": link})
        assert second.status_code == 401
        assert "used already" in second.text

    def test_a_link_can_be_pasted(self, stranger: TestClient) -> None:
        assert "Sign-in link" in stranger.get("/ui/sign-in").text
        with writing() as session:
            link = Services(session).users.new_sign_in_link()
            session.commit()
        pasted = {"token": f"http://testserver/ui/sign-in?token={link} "}
        assert stranger.post("/ui/sign-in", data=pasted, headers=OWN).status_code == 303
        assert stranger.get("/ui/").status_code == 200

    def test_signing_out_ends_the_session(self, browser: TestClient) -> None:
        held = browser.cookies[SESSION_COOKIE]
        assert browser.post("/ui/sign-out", headers=OWN).status_code == 303
        browser.cookies.set(SESSION_COOKIE, held)
        assert browser.get("/ui/").status_code == 303

    def test_an_api_token_opens_pages_as_far_as_it_may(self, stranger: TestClient) -> None:
        with writing() as session:
            token = Services(session).users.new_token("reader", "read")
            session.commit()
        bearer = {"Authorization": f"Bearer {token}"}
        assert stranger.get("/ui/", headers=bearer).status_code == 200
        refused = stranger.post("/ui/sample", headers=bearer)
        assert refused.status_code == 403
        assert "write" in refused.text


class TestForms:
    @pytest.mark.parametrize(
        "headers",
        [
            {"Origin": "https://evil.example"},
            {"Origin": "null"},
            {"Origin": "http://testserver.evil.example"},
            {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "same-site"},
        ],
    )
    def test_those_of_other_sites_are_refused(
        self, browser: TestClient, headers: dict[str, str]
    ) -> None:
        resource_id = make("Zebra crossings")
        for path in (
            f"/ui/resources/{resource_id}/delete",
            f"/ui/resources/{resource_id}/compute/search",
            "/ui/sample",
            "/ui/sign-out",
        ):
            assert browser.post(path, headers=headers).status_code == 403
        assert browser.get(f"/ui/resources/{resource_id}").status_code == 200

    def test_our_own_are_taken(self, browser: TestClient) -> None:
        resource_id = make("Zebra crossings")
        own = OWN | {"Sec-Fetch-Site": "same-origin"}
        assert browser.post(f"/ui/resources/{resource_id}/delete", headers=own).status_code == 303
        assert browser.get(f"/ui/resources/{resource_id}").status_code == 404


class TestLibrary:
    def test_an_empty_one_offers_ways_to_fill_it(self, browser: TestClient) -> None:
        text = browser.get("/ui/").text
        assert "Your library is empty" in text
        assert 'action="/ui/add"' in text
        assert "Load the sample library" in text

    def test_the_sample_is_brought_in(self, browser: TestClient) -> None:
        assert browser.post("/ui/sample", headers=OWN).headers["location"] == "/ui/add"
        assert "Sample library.jsonl" in browser.get("/ui/add").text

    def test_a_result_says_what_it_is_and_how_fresh(self, browser: TestClient) -> None:
        found = make(
            "Zebra crossings",
            authors=["Ada Alpha"],
            venue="Journal of Stripes",
            year=2011,
            abstract="How a zebra crosses.",
        )
        text = browser.get("/ui/", params={"q": "zebra", "mode": "keyword"}).text
        assert "1 result <" in text
        assert f'href="/ui/resources/{found}"' in text
        assert "Ada Alpha · <em>Journal of Stripes</em> · 2011" in text
        assert "<mark>zebra</mark>" in text.lower()
        assert "Embedding pending" in text
        assert 'aria-label="Found by keyword"' in text
        assert "quality</span>" in text
        assert "Complete through change 4<" in text

    def test_a_result_says_why_it_is_here(self, browser: TestClient) -> None:
        make("Zebra crossings", abstract="How a zebra crosses <b>.")
        text = browser.get("/ui/", params={"q": "zebra <i>", "mode": "keyword"}).text
        assert "<summary>Why here?</summary>" in text
        assert "“zebra” adds" in text
        assert "1 in title (each counts 3), 1 in abstract" in text
        assert "<summary>Why here?</summary>" not in browser.get("/ui/").text

    def test_a_slip_is_offered_without_it(self, browser: TestClient) -> None:
        make("Zebra crossings")
        text = browser.get("/ui/", params={"q": "zerba +<crossings", "sort": "title"}).text
        link = '<a href="?q=zebra+%2B%3Ccrossings&amp;sort=title">zebra +&lt;crossings</a>?'
        assert f"Did you mean {link}" in text
        assert "Did you mean" not in browser.get("/ui/", params={"q": "zebra"}).text

    def test_filters_narrow_and_can_be_dropped(self, browser: TestClient) -> None:
        make("Zebra crossings", year=2011)
        asked = {"q": "zebra", "mode": "keyword", "year_from": "2012"}
        text = browser.get("/ui/", params=asked).text
        assert "Nothing was found" in text
        assert '<a href="?q=zebra&amp;mode=keyword">Search without the filters</a>' in text

    def test_counts_beside_the_results_narrow_them(self, browser: TestClient) -> None:
        make("Zebra crossings", year=2011, language="en", tags=("roads",))
        make("Zebra stripes", year=2012, language="en")
        text = browser.get("/ui/", params={"q": "zebra", "mode": "keyword"}).text
        assert 'href="?q=zebra&amp;mode=keyword&amp;tag=roads"' in text
        assert 'href="?q=zebra&amp;mode=keyword&amp;year_from=2012&amp;year_to=2012"' in text
        narrowed = browser.get("/ui/?q=zebra&mode=keyword&language=en&tag=roads").text
        assert "1 result <" in narrowed
        assert '<input type="hidden" name="language" value="en">' in narrowed
        assert '<a class="chip" href="?q=zebra&amp;mode=keyword&amp;language=en">roads' in narrowed
        assert browser.get("/ui/?q=zebra&min_quality=much").status_code == 200

    def test_results_go_over_pages(self, browser: TestClient) -> None:
        for number in range(21):
            make(f"Zebra {number}")
        first = browser.get("/ui/", params={"q": "zebra", "mode": "keyword"}).text
        assert first.count('class="res"') == 20
        assert 'rel="next" href="?q=zebra&amp;mode=keyword&amp;offset=20"' in first
        second = browser.get("/ui/?q=zebra&mode=keyword&offset=20").text
        assert second.count('class="res"') == 1
        assert 'rel="prev"' in second

    @pytest.mark.parametrize(
        "query", ["year_from=abc", "offset=-1", "mode=magic", "sort=x", "year_to=" + "9" * 5000]
    )
    def test_what_can_not_be_is_explained_on_a_page(self, browser: TestClient, query: str) -> None:
        make("Zebra crossings")
        answer = browser.get(f"/ui/?{query}")
        assert answer.status_code == 422
        assert answer.headers["content-type"].startswith("text/html")
        assert "Invalid input" in answer.text


class TestResource:
    def test_it_shows_the_record_and_its_ledger(self, browser: TestClient) -> None:
        made = make("Zebra crossings", abstract="How a zebra crosses.", content="The whole text.")
        text = browser.get(f"/ui/resources/{made}").text
        for part in ("How a zebra crosses.", "The whole text.", "Fresh", "Pending", "Completeness"):
            assert part in text
        part = browser.get(f"/ui/resources/{made}/ledger").text
        assert "data-busy" in part
        assert "<html" not in part

    def test_a_failed_derivation_can_be_computed_again(self, browser: TestClient) -> None:
        made = make("Zebra crossings")
        with writing() as session:
            Services(session).ledger.failed("embedding", [made], "The model is <away>.")
            session.commit()
        text = browser.get(f"/ui/resources/{made}").text
        assert "The model is &lt;away&gt;." in text
        assert ">Retry</button>" in text
        path = f"/ui/resources/{made}/compute/embedding"
        assert browser.post(path, headers=OWN).status_code == 303
        assert row_of(made, "embedding").error is None
        assert row_of(made, "embedding").due_at is not None

    def test_hostile_fields_stay_text(self, browser: TestClient) -> None:
        made = make(HOSTILE, authors=[HOSTILE], venue=HOSTILE, abstract=HOSTILE, tags=["<b>x"])
        pages = (
            f"/ui/resources/{made}",
            "/ui/?q=zebra&mode=keyword",
            "/ui/?q=%22%3E%3Cscript%3Ealert(1)",
        )
        for path in pages:
            text = browser.get(path).text
            assert "<script>alert" not in text
            assert "<img" not in text
            assert "<b>x" not in text

    def test_pages_keep_scripts_of_others_out(self, browser: TestClient) -> None:
        made = make("Zebra crossings")
        for path in ("/ui/", f"/ui/resources/{made}", "/ui/add", "/ui/nowhere"):
            answer = browser.get(path)
            assert "default-src 'self'" in answer.headers["content-security-policy"]
            assert "unsafe" not in answer.headers["content-security-policy"]
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["referrer-policy"] == "same-origin"
            assert " style=" not in answer.text
            assert "<script>" not in answer.text

    def test_what_is_not_there_is_told_on_a_page(self, browser: TestClient) -> None:
        for path in ("/ui/resources/none", "/ui/nowhere", "/ui/add/none"):
            answer = browser.get(path)
            assert answer.status_code == 404
            assert "<h1>Not found</h1>" in answer.text


class TestAdd:
    def test_files_and_addresses_are_queued_and_listed(self, browser: TestClient) -> None:
        files = [("file", (f"zebra{n}.txt", b"stripes", "text/plain")) for n in (1, 2)]
        assert browser.post("/ui/add", files=files, headers=OWN).status_code == 303
        addresses = "https://a.example/x.pdf\r\nhttps://b.example/<y>"
        sent = browser.post("/ui/add", files={"url": (None, addresses)}, headers=OWN)
        assert sent.status_code == 303
        text = browser.get("/ui/add").text
        for name in ("zebra1.txt", "zebra2.txt", "a.example/x.pdf", "b.example/&lt;y&gt;"):
            assert name in text
        assert text.count("Waiting") == 4
        part = browser.get("/ui/add/list").text
        assert "data-busy" in part
        assert "<html" not in part

    def test_nothing_chosen_is_told(self, browser: TestClient) -> None:
        answer = browser.post("/ui/add", files={"url": (None, " ")}, headers=OWN)
        assert answer.status_code == 422
        assert "No file was chosen" in answer.text

    def test_a_file_shows_entries_that_failed_or_were_here(self, browser: TestClient) -> None:
        lines = b'{"title": "Zebra crossings", "doi": "10.1/z"}\n' * 2 + b'{"title": \n'
        browser.post("/ui/add", files={"file": ("papers.jsonl", lines)}, headers=OWN)
        parent = self._process()
        text = browser.get("/ui/add").text
        assert "1 added, 1 already here, 1 failed" in text
        assert f'href="/ui/add/{parent}"' in text
        entries = browser.get(f"/ui/add/{parent}").text
        assert entries.count('class="st failed"') == 1
        assert entries.count("Keep both") == 1
        assert "Line 3: " in entries
        assert entries.count('class="nm"') == 2

    def test_files_of_files_in_an_archive_lead_to_what_failed_in_them(
        self, browser: TestClient
    ) -> None:
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as files:
            files.writestr("works.jsonl", '{"title": "Okapi paths"}\n{"title": \n')
        file = ("works.zip", archive.getvalue())
        browser.post("/ui/add", files={"file": file}, headers=OWN)
        parent = self._process()
        within = self._process(parent)
        assert f'<a href="/ui/add/{parent}">See the files within</a>' in browser.get("/ui/add").text
        entries = browser.get(f"/ui/add/{parent}").text
        assert f'<a href="/ui/add/{within}">See what failed' in entries
        assert "Line 2: " in browser.get(f"/ui/add/{within}").text

    def test_keeping_both_queues_the_duplicate(self, browser: TestClient) -> None:
        lines = b'{"title": "Zebra crossings", "doi": "10.1/z"}\n' * 2
        browser.post("/ui/add", files={"file": ("papers.jsonl", lines)}, headers=OWN)
        parent = self._process()
        entries = browser.get(f"/ui/add/{parent}").text
        child = entries.partition('action="/ui/ingestions/')[2].partition("/")[0]
        again = browser.post(
            f"/ui/ingestions/{child}/retry", data={"add_anyway": "true"}, headers=OWN
        )
        assert again.headers["location"] == f"/ui/add/{parent}"
        assert "Waiting" in browser.get(f"/ui/add/{parent}").text

    def test_a_failure_gives_cause_and_remedy(self, browser: TestClient) -> None:
        with writing() as session:
            error = ExtractionError("It is <broken>.", "Mend it.")
            Services(session).ingestion.refuse("broken.pdf", error)
            session.commit()
        text = browser.get("/ui/add").text
        assert "<b>It is &lt;broken&gt;.</b> Mend it." in text
        assert ">Retry</button>" not in text

    @staticmethod
    def _process(parent_id: str | None = None) -> str:
        """Do what the worker would; give the ingestion's id."""
        with writing() as session:
            services = Services(session)
            asked = IngestionListRequest(state="queued", parent_id=parent_id)
            _, (queued,), _ = list_ingestions(session, asked)
            services.ingestion.process(queued.id, "task")
            session.commit()
            return queued.id


class TestEditing:
    FORM: ClassVar[dict[str, str]] = {
        "title": "Two",
        "authors": "Ada Lovelace\r\nEmmy Noether",
        "abstract": "One line.\r\nAnother.",
        "year": "1843",
        "tags": "engines",
    }

    def revisions(self, page: str) -> str:
        found = re.search(r'name="revisions" value="([\d-]+)"', page)
        assert found
        return found[1]

    def test_what_is_typed_is_saved_and_nothing_else(self, browser: TestClient) -> None:
        where = f"/ui/resources/{make('One', venue='A journal')}"
        seen = self.revisions(browser.get(f"{where}/edit").text)
        form = self.FORM | {"revisions": seen, "venue": "A journal"}
        answer = browser.post(f"{where}/edit", data=form, headers=OWN)
        assert answer.status_code == 303
        change = answer.headers["location"].partition("?change=")[2]
        page = browser.get(answer.headers["location"]).text
        assert f"your change {int(change):,} is in it" in page
        with reading() as session:
            saved = Services(session).resources.get(where.rpartition("/")[2])
            assert saved.title == "Two"
            assert saved.authors == ["Ada Lovelace", "Emmy Noether"]
            assert saved.abstract == "One line.\nAnother."
            assert (saved.year, saved.venue, saved.tags) == (1843, "A journal", ["engines"])

    def test_saving_without_a_change_makes_no_revision(self, browser: TestClient) -> None:
        resource_id = make("One", abstract="First.\nSecond.", authors=["Ada Lovelace"])
        before = self.revisions(browser.get(f"/ui/resources/{resource_id}/edit").text)
        form = {"title": "One", "abstract": "First.\r\nSecond.", "authors": "Ada Lovelace\r\n"}
        address = f"/ui/resources/{resource_id}/edit"
        answer = browser.post(address, data=form | {"revisions": before}, headers=OWN)
        assert answer.headers["location"] == f"/ui/resources/{resource_id}"
        assert self.revisions(browser.get(address).text) == before

    def test_who_is_second_sees_both_versions_and_loses_neither(self, browser: TestClient) -> None:
        address = f"/ui/resources/{make('One')}/edit"
        seen = {"revisions": self.revisions(browser.get(address).text)}
        first = browser.post(address, data={"title": "Theirs"} | seen, headers=OWN)
        assert first.status_code == 303
        second = browser.post(address, data={"title": "Mine"} | seen, headers=OWN)
        assert second.status_code == 412
        assert 'value="Mine"' in second.text
        assert "Theirs" in second.text.partition('id="theirs-title"')[2]
        newest = {"revisions": self.revisions(second.text)}
        third = browser.post(address, data={"title": "Mine"} | newest, headers=OWN)
        assert third.status_code == 303

    @pytest.mark.parametrize(
        ("wrong", "said"),
        [
            ({"title": " "}, "needs a title"),
            ({"year": "soon"}, "no year"),
            ({"doi": "none"}, "not a valid doi"),
            ({"revisions": ""}, "which revision"),
        ],
    )
    def test_what_can_not_be_saved_stays_in_the_form(
        self, browser: TestClient, wrong: dict[str, str], said: str
    ) -> None:
        address = f"/ui/resources/{make('One')}/edit"
        seen = self.revisions(browser.get(address).text)
        form = self.FORM | {"revisions": seen} | wrong
        answer = browser.post(address, data=form, headers=OWN)
        assert answer.status_code == 422
        assert said in answer.text
        assert "Emmy Noether</textarea>" in answer.text.replace("\r", "")

    def test_another_site_can_not_send_it(self, browser: TestClient) -> None:
        address = f"/ui/resources/{make('One')}/edit"
        foreign = {"Origin": "http://elsewhere.example"}
        assert browser.post(address, data=self.FORM, headers=foreign).status_code == 403


class TestWords:
    def test_an_api_token_signs_in(self, stranger: TestClient) -> None:
        with writing() as session:
            token = Services(session).users.new_token("owner", "read")
            session.commit()
        entered = stranger.post("/ui/sign-in", data={"token": token}, headers=OWN)
        assert entered.headers["location"] == "/ui/"
        assert stranger.get("/ui/").status_code == 200
        assert stranger.post("/ui/sample", headers=OWN).status_code == 403

    def test_errors_of_pages_are_pages(
        self, browser: TestClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        unreadable = browser.post("/ui/ingestions/x/retry", data={"add_anyway": "?"}, headers=OWN)
        assert unreadable.status_code == 422

        def broken(*_: Any) -> None:
            raise RuntimeError("a fault of ours")

        make("One")
        monkeypatch.setattr(SearchService, "search", broken)
        unexpected = browser.get("/ui/")
        assert unexpected.status_code == 500
        assert "a fault of ours" not in unexpected.text
        for answer in (unreadable, unexpected):
            assert answer.headers["content-type"].startswith("text/html")
            assert "To the library" in answer.text
        assert browser.get("/search").json()["title"] == "Something went wrong"

    def test_quality_is_five_bars(self, browser: TestClient) -> None:
        make("Zebra stripes", abstract="On the stripes of zebras.")
        page = browser.get("/ui/?q=zebra").text
        bars = page.partition('class="bars"')[2].partition("</svg>")[0]
        assert bars.count("<rect") == 5
        assert bars.count('class="none"') == 2, "timeliness and relevance have no evidence"

    def test_a_change_is_waited_for(self, browser: TestClient) -> None:
        make("One")
        far = browser.get("/ui/?change=99999").text
        assert "not in it yet" in far
        assert 'href="/ui/?wait_for=99999"' in far
        assert "is in it" in browser.get("/ui/?wait_for=1").text
