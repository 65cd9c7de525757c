"""A reader looks at who wrote what, and says who is one person and who is not."""

import pytest
from playwright.sync_api import Page, expect

from browser.conftest import Reader
from browser.test_first_hour import overflow
from conftest import eventually


def written(reader: Reader, family: str) -> None:
    """Add a work under each of two names of one person, and let the authors follow."""
    with reader.library.client() as client:
        for name in (f"Ada {family}", f"Ada B. {family}"):
            body = {"title": f"A work of {name}", "authors": [name, f"Cleo {family}"], "year": 2001}
            assert client.post("/resources", json=body).status_code == 201

        def joined() -> bool:
            """The two names are one author's."""
            items = client.get("/authors", params={"q": f"ada {family}"}).json()["items"]
            return [one["works"] for one in items] == [2]

        eventually(joined, 120)


def author_of(reader: Reader, family: str, **options: object) -> Page:
    page = reader.open("/ui/authors", **options)
    page.get_by_label("A name, or its beginning").fill(f"ada {family}")
    page.get_by_role("button", name="Find").click()
    page.get_by_role("link", name=f"Ada B. {family}").click()
    return page


@pytest.mark.parametrize(("scripts", "family"), [(True, "Marsh"), (False, "Fell")])
def test_a_name_is_split_off_and_taken_back(reader: Reader, scripts: bool, family: str) -> None:
    written(reader, family)
    page = author_of(reader, family, java_script_enabled=scripts)
    expect(page.get_by_text("2 names, read as one person")).to_be_visible()
    expect(page.get_by_role("row", name=f"Ada {family}")).to_contain_text("middle name or initial")
    page.get_by_label(f"Select Ada {family}").check()
    page.get_by_role("button", name="Split off the selected", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("said to be another person")
    page.get_by_role("status").get_by_role("link").click()
    expect(page.get_by_text("1 paper in the library")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("status")).to_contain_text("Undone")
    expect(page.get_by_text("2 names, read as one person")).to_be_visible()


def test_keys_lead_to_the_authors_and_a_resource_to_each(reader: Reader) -> None:
    written(reader, "Heath")
    page = reader.open()
    page.keyboard.press("g")
    page.keyboard.press("u")
    page.wait_for_url("**/ui/authors")
    page.get_by_role("link", name="Cleo Heath").click()
    page.get_by_role("link", name="A work of Ada Heath").click()
    page.get_by_role("link", name="Ada Heath", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Ada B. Heath")


@pytest.mark.parametrize("width", [360, 1280])
def test_the_pages_fit_their_window(reader: Reader, width: int) -> None:
    family = f"Moor{'e' if width == 360 else 'y'}"
    written(reader, family)
    page = author_of(reader, family, viewport={"width": width, "height": 800})
    assert overflow(page) == 0
    page.goto("/ui/authors")
    assert overflow(page) == 0
