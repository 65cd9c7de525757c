"""A reader saves a paper, sees what is learned from it, and looks after quality."""

import pytest
from playwright.sync_api import expect

from browser.conftest import Reader
from browser.test_first_hour import overflow, resource


@pytest.mark.parametrize("script", [True, False])
def test_a_save_is_shown_learned_from_and_taken_back(reader: Reader, script: bool) -> None:
    title = f"Owls in barns, read with {script} scripts"
    where = resource(reader, title, authors=["Ada Moe"], tags=["barns"])
    page = reader.open(where, java_script_enabled=script)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Saved, for you alone to see.")).to_be_visible()
    page.get_by_role("link", name="For you").click()
    page.get_by_role("link", name="What is learned of you").click()
    expect(page.locator("#profile")).to_contain_text(title)
    page.locator("#profile").get_by_role("link", name=title).click()
    page.get_by_role("button", name="Take back").click()
    expect(page.get_by_role("button", name="Save", exact=True)).to_be_visible()


@pytest.mark.parametrize("path", ["/ui/for-you", "/ui/review/quality", "resource"])
def test_the_pages_of_a_reader_fit_a_narrow_window(reader: Reader, path: str) -> None:
    if path == "resource":
        path = resource(reader, "Owls that fit a narrow window", tags=["barns"])
    page = reader.open(path, viewport={"width": 380, "height": 800})
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert overflow(page) == 0
    page.get_by_role("contentinfo").get_by_role("link", name="Quality").click()
    expect(page.get_by_role("heading", name="Quality to look at")).to_be_visible()
