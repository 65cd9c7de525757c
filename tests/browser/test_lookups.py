"""What public services say, on the pages: taken over field by field, and added by identifier."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from browser.conftest import Reader
from conftest import RunningLibrary, start_library, stop_library
from lookup_services import KNOWN_DOI, public_services


@pytest.fixture(scope="module")
def library_with_lookups(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[RunningLibrary]:
    with public_services():
        started = start_library(tmp_path_factory.mktemp("library"))
        yield started
        stop_library(started)


@pytest.fixture
def asking_reader(chromium: Browser, library_with_lookups: RunningLibrary) -> Iterator[Reader]:
    opened = Reader(chromium, library_with_lookups)
    yield opened
    opened.close()
    assert opened.faults == []


def make(library: RunningLibrary, **fields: object) -> str:
    with library.client() as client:
        made = client.post("/resources", json={"title": "Deep learning"} | fields)
        return str(made.json()["id"])


def test_ticked_fields_are_taken_over_and_no_others(
    asking_reader: Reader, library_with_lookups: RunningLibrary
) -> None:
    one = make(library_with_lookups, doi=KNOWN_DOI, year=2014, authors=["Y. LeCun"])
    page = asking_reader.open(f"/ui/resources/{one}")
    box = page.locator("#lookup")
    expect(box.get_by_role("heading")).to_have_text("From Crossref", timeout=20_000)
    expect(box.get_by_label("Title")).to_have_count(0)
    box.get_by_label("Authors").check()
    box.get_by_label("Volume").check()
    box.get_by_role("button", name="Use these").click()
    expect(page.locator("p.authors")).to_have_text("Yann LeCun, Yoshua Bengio, Geoffrey Hinton")
    expect(page.locator("header .honest")).to_contain_text("your change")
    expect(page.locator("#lookup").get_by_label("Year")).to_be_visible()
    expect(page.locator("#lookup").get_by_label("Authors")).to_have_count(0)


def test_all_of_it_works_without_javascript_and_at_380_pixels(
    asking_reader: Reader, library_with_lookups: RunningLibrary
) -> None:
    narrow = {"width": 380, "height": 800}
    page = asking_reader.open("/ui/add", java_script_enabled=False, viewport=narrow)
    page.get_by_label("DOI, arXiv, ISBN or PMID").fill("arXiv:1706.03762")
    page.get_by_role("button", name="Add", exact=True).click()
    for _ in range(100):
        link = page.get_by_role("link", name="arxiv:1706.03762")
        if link.count():
            break
        page.wait_for_timeout(200)
        page.reload()
    link.first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Attention Is All You Need")
    expect(page.locator("#lookup")).to_contain_text("It says the same as the library.")
    one = page.url.rpartition("/")[2]
    with library_with_lookups.client() as client:
        client.patch(f"/resources/{one}", json={"year": 2016})
    page.reload()
    page.locator("#lookup").get_by_label("Year").check()
    page.get_by_role("button", name="Use these").click()
    expect(page.locator("header .soft")).to_contain_text("2017")
    page.get_by_role("button", name="Look up now").click()
    expect(page.locator("#lookup")).to_be_visible()
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= narrow["width"]


def test_a_suggestion_that_changed_under_the_reader_is_refused_in_words(
    asking_reader: Reader, library_with_lookups: RunningLibrary
) -> None:
    one = make(library_with_lookups, doi=KNOWN_DOI, year=1999)
    page = asking_reader.open(f"/ui/resources/{one}")
    page.locator("#lookup").get_by_label("Year").check(timeout=20_000)
    with library_with_lookups.client() as client:
        client.patch(f"/resources/{one}", json={"title": "Changed meanwhile"})
    page.get_by_role("button", name="Use these").click()
    expect(page.get_by_text("Somebody changed this resource after you read it.")).to_be_visible()
    asking_reader.faults.clear()  # the browser notes the status 412 of the page
