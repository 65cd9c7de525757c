"""Two that are one are merged and parted again, and the trash gives back or lets go."""

import httpx
import pytest
from playwright.sync_api import Page, expect

from browser.conftest import Reader
from browser.test_first_hour import overflow, resource
from conftest import eventually


def alike(reader: Reader, animal: str) -> tuple[str, str]:
    """Add two versions of a paper; give the addresses of their pages once they are suggested."""
    title = f"The burrows of {animal} in the dry season"
    first = resource(reader, title, authors=["Ada Moe", "Bo Roe"], year=2001, abstract="They dig.")
    second = resource(
        reader, title.upper(), authors=["Moe, A.", "Roe, B."], year=2002, tags=["dig"]
    )

    def suggested() -> bool:
        """The pair is suggested."""
        with reader.library.client() as client:
            path = first.removeprefix("/ui")
            return bool(client.get(f"{path}/duplicates").json()["total"])

    eventually(suggested)
    return first, second


def status(reader: Reader, where: str) -> int:
    with reader.library.client() as client:
        return client.get(where.removeprefix("/ui")).status_code


def merge_and_undo(reader: Reader, page: Page, animal: str) -> None:
    first, second = alike(reader, animal)
    page.goto(first)
    expect(page.get_by_text("It may be here twice")).to_be_visible()
    page.get_by_role("link", name="Compare").click()
    pair = page.locator(".pair")
    expect(pair).to_have_count(1)
    expect(pair).to_contain_text("2 of 2 authors are the same.")
    expect(pair).to_contain_text("The years are one apart.")
    picks = pair.get_by_role("radio")
    expect(pair.get_by_role("radio", checked=True)).to_have_count(1)
    picks.nth(1 if picks.nth(0).is_checked() else 0).check()
    pair.get_by_role("button", name="Merge").click()
    expect(page.get_by_role("status").first).to_contain_text("was merged into")
    assert sorted([status(reader, first), status(reader, second)]) == [200, 404]
    page.get_by_role("button", name="Undo the merge").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(animal.upper(), ignore_case=True)
    assert [status(reader, first), status(reader, second)] == [200, 200]


def test_two_that_are_one_are_merged_and_parted_again(reader: Reader) -> None:
    merge_and_undo(reader, reader.open(), "Wombats")


def test_merging_works_without_javascript(reader: Reader) -> None:
    merge_and_undo(reader, reader.open(java_script_enabled=False), "Bettongs")


def test_what_is_not_the_same_is_not_suggested_again(reader: Reader) -> None:
    first, _ = alike(reader, "Quolls")
    page = reader.open(f"/ui/duplicates?of={first.rpartition('/')[2]}")
    page.get_by_role("button", name="Not the same").click()
    expect(page.get_by_role("status").first).to_contain_text("not suggested any more")
    page.goto(first)
    expect(page.get_by_text("It may be here twice")).to_have_count(0)
    page.goto("/ui/duplicates?show=dismissed")
    page.locator(".pair", has_text="Quolls").get_by_role("button").click()
    page.goto(first)
    expect(page.get_by_text("It may be here twice")).to_be_visible()


@pytest.mark.parametrize("scripts", [True, False])
def test_what_was_deleted_comes_back_or_goes_for_good(reader: Reader, scripts: bool) -> None:
    titles = [f"{name} of the reef, {scripts}" for name in ("Corals", "Urchins", "Sponges")]
    places = [resource(reader, title) for title in titles]
    page = reader.open(java_script_enabled=scripts)
    page.goto(places[0])
    page.get_by_text("Delete this resource").click()
    page.get_by_role("button", name="Delete").click()
    message = page.get_by_role("status").filter(has_text=titles[0])
    expect(message).to_contain_text("is in the trash")
    page.get_by_role("button", name="Restore").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(titles[0])
    with reader.library.client() as client:
        for place in places:
            client.delete(place.removeprefix("/ui"))
    page.get_by_role("link", name="Trash").click()
    page.get_by_label(f"Tick {titles[0]}").check()
    page.get_by_label(f"Tick {titles[1]}").check()
    page.get_by_role("button", name="Delete the ticked ones for good").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Delete 2 resources for good?")
    page.get_by_role("link", name="Keep them").click()
    page.get_by_label(f"Tick {titles[0]}").check()
    page.get_by_role("button", name="Restore the ticked ones").click()
    expect(page.get_by_role("status").first).to_have_text("1 resource is back in the library.")
    page.get_by_label(f"Tick {titles[1]}").check()
    page.get_by_role("button", name="Delete the ticked ones for good").click()
    page.get_by_role("button", name="Delete 1 resource for good").click()
    expect(page.get_by_role("status").first).to_have_text("1 resource is deleted for good.")
    page.get_by_role("link", name="Empty the trash").click()
    page.get_by_role("button", name="for good").click()
    expect(page.get_by_text("The trash is empty.")).to_be_visible()
    with reader.library.client() as client:
        for place, code in zip(places, (200, 404, 404), strict=True):
            path = place.removeprefix("/ui")
            assert client.get(path).status_code == code
            assert client.post(f"{path}/restore").status_code == code
        assert client.post("/resources/none/restore").status_code == httpx.codes.NOT_FOUND


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [380, 1280])
def test_the_pages_fit(reader: Reader, scheme: str, width: int) -> None:
    first = alike(reader, f"Possums {'long ' * 40}{scheme}{width}")[0]
    with reader.library.client() as client:
        client.delete(resource(reader, "Word" * 60, authors=["N " * 20]).removeprefix("/ui"))
    page = reader.open(color_scheme=scheme, viewport={"width": width, "height": 800})
    dismissed = "/ui/duplicates?show=dismissed"
    for path in (first, "/ui/duplicates", dismissed, "/ui/trash", "/ui/trash/erase?everything=1"):
        page.goto(path)
        assert overflow(page) == 0, path
