"""A reader answers what the library is unsure of, with and without scripts."""

import pytest
from playwright.sync_api import expect

from browser.conftest import Reader
from browser.test_first_hour import overflow, resource
from conftest import eventually


def unsure(reader: Reader, animal: str) -> str:
    """Add a resource that the rules put into two categories; give its title."""
    title = f"On {animal}s and their nests"
    with reader.library.client() as client:
        for name in (f"{animal}s", f"{animal} nests"):
            body = {"name": name, "keywords": [f"{animal}s"], "description": title}
            assert client.post("/taxonomy/categories", json=body).status_code == 201
    place = resource(reader, title)

    def predicted() -> bool:
        """Both categories are predicted."""
        with reader.library.client() as client:
            path = place.removeprefix("/ui")
            items = client.get(f"{path}/classification").json()["items"]
            return len([one for one in items if animal in one["name"]]) == 2

    eventually(predicted)
    return title


@pytest.mark.parametrize(("scripts", "animal"), [(True, "Weaver"), (False, "Wren")])
def test_an_answer_is_kept_and_can_be_undone(reader: Reader, scripts: bool, animal: str) -> None:
    title = unsure(reader, animal)
    page = reader.open(java_script_enabled=scripts)
    page.get_by_role("link", name="Review", exact=True).click()
    row = page.locator("form.rev", has_text=title)
    expect(row).to_contain_text("By rules")
    expect(row.get_by_role("meter", name=animal)).to_have_count(2)
    row.get_by_role("button", name=f"Confirm {animal} nests").click()
    expect(page.get_by_role("status")).to_contain_text(f"your answer on {animal} nests is kept")
    expect(row).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    row.get_by_role("button", name=f"Reject {animal} nests").click()
    expect(row.get_by_role("meter", name=animal)).to_have_count(1)
    row.get_by_role("button", name="None of these").click()
    expect(row).to_have_count(0)


def test_keys_lead_to_the_page_and_answer(reader: Reader) -> None:
    title = unsure(reader, "Swift")
    page = reader.open()
    page.keyboard.press("g")
    page.keyboard.press("r")
    page.wait_for_url("**/ui/review")
    page.get_by_role("link", name=title).focus()
    page.keyboard.press("c")
    expect(page.get_by_role("status")).to_contain_text(title)


def test_the_tree_leads_to_what_stands_in_it(reader: Reader) -> None:
    title = unsure(reader, "Heron")
    page = reader.open()
    page.get_by_role("link", name="Categories", exact=True).click()
    page.get_by_role("link", name="Heron nests", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Heron nests")
    item = page.get_by_role("listitem").filter(has_text=title)
    expect(item).to_contain_text("predicted")
    item.get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(title)


@pytest.mark.parametrize("width", [360, 1280])
def test_the_pages_fit_their_window(reader: Reader, width: int) -> None:
    unsure(reader, f"Owl{width}")
    page = reader.open(viewport={"width": width, "height": 800})
    for place in ("/ui/review", "/ui/categories"):
        page.goto(place)
        assert overflow(page) == 0
