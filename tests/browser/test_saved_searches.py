"""A reader saves a search and comes back to it, with and without JavaScript."""

import pytest
from playwright.sync_api import expect

from browser.conftest import Reader
from browser.test_first_hour import overflow, resource


@pytest.mark.parametrize("script", [True, False])
def test_a_search_is_saved_and_tells_what_is_new(reader: Reader, script: bool) -> None:
    word = f"axolotl{script}".lower()
    resource(reader, f"On {word} limbs", year=2001)
    page = reader.open(f"/ui/?q={word}&mode=keyword", java_script_enabled=script)
    saved = page.locator("#saved")
    page.get_by_text("Save this search").first.click()
    page.get_by_label("Name", exact=True).fill(f"Limbs {script}")
    page.get_by_role("button", name="Save this search").click()
    expect(page.get_by_role("status").filter(has_text="These are the results")).to_contain_text(
        f"Limbs {script}"
    )
    resource(reader, f"On {word} gills", year=2020)
    page.goto("/ui/")
    expect(saved.locator("> summary")).to_contain_text("1 new")
    saved.locator("> summary").click()
    saved.get_by_role("button", name=f"Limbs {script}", exact=True).click()
    expect(page.get_by_text("1 new since you looked")).to_be_visible()
    expect(page.locator(".res", has_text="gills").get_by_text("New", exact=True)).to_be_visible()
    expect(page.locator(".res", has_text="limbs").get_by_text("New", exact=True)).to_be_hidden()
    row = saved.locator("li", has_text=f"Limbs {script}")
    row.get_by_text(f"Rename Limbs {script}").click()
    row.get_by_label(f"New name of Limbs {script}").fill(f"Gills {script}")
    row.get_by_role("button", name="Rename").click()
    row = saved.locator("li", has_text=f"Gills {script}")
    row.get_by_text(f"Delete Gills {script}").click()
    row.get_by_role("button", name="Delete").click()
    expect(page.get_by_text(f"Gills {script}")).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_list_fits_a_narrow_window(reader: Reader, scheme: str) -> None:
    resource(reader, "On narrow windows")
    with reader.library.client() as client:
        name = f"{scheme} " + "long" * 40
        made = client.post("/saved-searches", json={"name": name, "query": "word " * 60}).json()
    opened = f"/ui/?saved={made['id']}&q={'word+' * 60}"
    page = reader.open(opened, color_scheme=scheme, viewport={"width": 380, "height": 800})
    expect(page.locator("#saved li").first).to_be_visible()
    assert overflow(page) == 0
