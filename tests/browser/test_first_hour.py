"""What a reader does first, in the order in which it is done: each test makes what it needs."""

from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from browser.conftest import Reader
from conftest import eventually

NOTES = "On the growth of crystals\n\n" + "Crystals grow from seeds in a solution. " * 20


def resource(reader: Reader, title: str, **fields: object) -> str:
    """Add a resource over the API; give the address of its page."""
    with reader.library.client() as client:
        made = client.post("/resources", json={"title": title, **fields})
        return f"/ui{made.headers['location']}"


def overflow(page: Page) -> int:
    """Give by how many pixels the page is wider than its window."""
    wider: int = page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    return wider


def test_the_printed_link_opens_the_library(reader: Reader) -> None:
    page = reader._browser.new_context().new_page()
    page.goto(reader.library.sign_in_url)
    expect(page).to_have_url(f"{reader.library.url}/ui/")
    expect(page.get_by_role("link", name="Alexandria")).to_be_visible()


def test_the_sample_is_one_click_away_and_then_searchable(tmp_path: Path, reader: Reader) -> None:
    page = reader.open()
    with reader.library.client() as client:
        empty = client.get("/resources").json()["total"] == 0
    if empty:
        page.get_by_role("button", name="Load the sample library").click()
    else:
        page.evaluate("fetch('/ui/sample', {method: 'POST', redirect: 'manual'}).then(() => true)")
        page.goto("/ui/add")
    entry = page.locator("#ingestions li", has_text="Sample library")
    expect(entry.first).to_contain_text("Added", timeout=60_000)  # renewed without a reload
    page.get_by_role("link", name="Library", exact=True).click()
    page.get_by_label("Search the library").fill("machine translation")
    page.keyboard.press("Enter")
    expect(page.locator("#results mark").first).to_be_visible()
    expect(page.locator(".honest")).to_contain_text("Complete through change")


def test_a_file_comes_in_while_one_looks_on(reader: Reader, tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text(NOTES)
    page = reader.open("/ui/add")
    page.get_by_label("Files to add").set_input_files(path)
    page.get_by_role("button", name="Add files").click()
    entry = page.locator("#ingestions li", has_text="notes.txt")
    expect(entry.get_by_text("Added")).to_be_visible(timeout=30_000)
    entry.get_by_role("link", name="notes.txt").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("On the growth of crystals")
    expect(page.locator("#ledger")).not_to_contain_text("Pending", timeout=30_000)


def test_a_damaged_file_says_what_to_do(reader: Reader, damaged_pdf: Path) -> None:
    page = reader.open("/ui/add")
    page.get_by_label("Files to add").set_input_files(damaged_pdf)
    page.get_by_role("button", name="Add files").click()
    entry = page.locator("#ingestions li", has_text="damaged.pdf").first
    expect(entry).to_contain_text("Download it again", timeout=30_000)
    expect(entry.get_by_role("button", name="Retry")).to_be_visible()


def test_keys_lead_through_the_library(reader: Reader) -> None:
    for number in range(3):
        resource(reader, f"Quokka study {number}", abstract="Quokkas of an island.")
    page = reader.open("/ui/?q=quokka")
    results = page.locator(".res h2 a")
    page.keyboard.press("j")
    expect(results.nth(0)).to_be_focused()
    page.keyboard.press("j")
    expect(results.nth(1)).to_be_focused()
    page.keyboard.press("k")
    expect(results.nth(0)).to_be_focused()
    wanted = results.nth(0).text_content() or ""
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(wanted)
    page.keyboard.press("g")
    page.keyboard.press("n")
    expect(page).to_have_url(f"{reader.library.url}/ui/add")
    page.keyboard.press("g")
    page.keyboard.press("l")
    expect(page).to_have_url(f"{reader.library.url}/ui/")
    page.keyboard.press("/")
    expect(page.get_by_label("Search the library")).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    sheet = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(sheet).to_be_visible()
    sheet.get_by_label("Letters act as keys").uncheck()
    page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    page.reload()
    page.keyboard.press("/")
    expect(page.get_by_label("Search the library")).not_to_be_focused()


def test_an_edit_is_saved_and_a_second_reader_sees_both_versions(reader: Reader) -> None:
    where = resource(reader, "Axolotl", authors=["Ada Lovelace"])
    first, second = reader.open(f"{where}/edit"), reader.open(f"{where}/edit")
    first.get_by_label("Title").fill("Axolotl regrowth")
    first.get_by_role("button", name="Save").click()
    expect(first.get_by_role("heading", level=1)).to_have_text("Axolotl regrowth")
    expect(first.locator("header .honest")).to_contain_text("is in it")
    second.get_by_label("Title").fill("Axolotls regrow limbs")
    reader.faults.clear()
    second.get_by_role("button", name="Save").click()
    expect(second.get_by_role("alert")).to_contain_text("Somebody changed this resource")
    expect(second.locator("#theirs-title")).to_contain_text("Axolotl regrowth")
    second.get_by_role("button", name="Save my version").click()
    expect(second.get_by_role("heading", level=1)).to_have_text("Axolotls regrow limbs")
    assert all("412" in fault for fault in reader.faults)  # Chromium logs the answer's status
    reader.faults.clear()


def test_all_of_it_works_without_javascript(reader: Reader, tmp_path: Path) -> None:
    where = resource(reader, "Numbat diet", abstract="Numbats eat termites.")
    page = reader.open("/ui/", java_script_enabled=False)
    page.get_by_label("Search the library").fill("numbat")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name="Numbat diet").click()
    page.get_by_role("link", name="Edit").click()
    page.get_by_label("Title").fill("The diet of numbats")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("The diet of numbats")
    path = tmp_path / "bilby.txt"
    path.write_text(NOTES.replace("rystals", "ilbies"))
    page.goto("/ui/add")
    page.get_by_label("Files to add").set_input_files(path)
    page.get_by_role("button", name="Add files").click()

    def added() -> bool:
        """The file is shown as added."""
        page.goto("/ui/add")
        return "Added" in (
            page.locator("#ingestions li", has_text="bilby.txt").text_content() or ""
        )

    eventually(added)
    page.goto(where)
    page.get_by_text("Delete this resource").click()
    page.get_by_role("button", name="Delete").click()
    with reader.library.client() as client:
        assert client.get(where.removeprefix("/ui")).status_code == httpx.codes.NOT_FOUND


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [380, 1280])
def test_pages_fit_and_follow_the_colour_scheme(reader: Reader, scheme: str, width: int) -> None:
    where = resource(reader, "A title " * 30, abstract="word " * 200, authors=["N " * 20] * 12)
    page = reader.open(color_scheme=scheme, viewport={"width": width, "height": 800})
    for path in ("/ui/", "/ui/?q=title", "/ui/add", where, f"{where}/edit"):
        page.goto(path)
        assert overflow(page) == 0, path
        background = page.evaluate("getComputedStyle(document.body).backgroundColor")
        lightness = sum(int(part) for part in background[4:-1].split(",")[:3]) / 3
        assert (lightness < 80) == (scheme == "dark"), path


def test_the_description_of_the_interface_shows(reader: Reader) -> None:
    page = reader.open("/docs")
    expect(page.get_by_text("/resources/{resource_id}/freshness")).to_be_visible()


def test_look_ups_are_off_and_the_page_says_how_to_switch_them_on(reader: Reader) -> None:
    page = reader.open("/ui/add")
    expect(page.get_by_label("DOI, arXiv, ISBN or PMID")).to_be_disabled()
    expect(page.get_by_text("Switched off, since it asks services")).to_be_visible()
    page.goto(resource(reader, "With a DOI", doi="10.1038/nature14539"))
    expect(page.locator("#lookup")).to_have_count(0)
