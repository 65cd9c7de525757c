"""A reader looks at the citation graph, and follows it."""

import pytest
from playwright.sync_api import expect

from browser.conftest import Reader
from browser.test_first_hour import overflow, resource
from conftest import eventually

MICE = "What mice do about it all"


def drawn(reader: Reader, title: str) -> str:
    """Add two papers of which one cites the other; give the id of the cited one."""
    cited = resource(reader, title, year=1999, authors=["Ada Moe"]).rpartition("/")[2]
    with reader.library.client() as client:
        body = {"title": MICE, "year": 2004, "cites": [title]}
        client.post("/resources", json=body).raise_for_status()
        eventually(lambda: client.get(f"/resources/{cited}/citations").json()["cited_by"] == 1)
    return cited


@pytest.mark.parametrize("script", [True, False])
def test_the_drawing_and_its_list_belong_together(reader: Reader, script: bool) -> None:
    cited = drawn(reader, f"The habits of owls in barns of {script} age")
    page = reader.open(f"/ui/resources/{cited}", java_script_enabled=script)
    page.get_by_role("link", name="See the graph").click()
    row = page.locator("tr[data-for]").first
    expect(row).to_contain_text("cites it")
    if script:
        row.get_by_role("link").focus()
        expect(page.locator("#net.focus .e.on")).to_have_count(1)
    page.get_by_role("radio", name="2 steps").check()
    if not script:
        page.get_by_role("button", name="Show").click()
    page.wait_for_url("**depth=2**")
    expect(page.locator("#net circle.me")).to_have_count(1)
    page.locator("tr[data-for]").first.get_by_role("link").click()
    expect(page.get_by_role("heading", name=MICE)).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_graph_fits_a_narrow_window(reader: Reader, scheme: str) -> None:
    title = f"Feathers that are {scheme} and narrow"
    cited = drawn(reader, title)
    page = reader.open(
        f"/ui/graph/{cited}", color_scheme=scheme, viewport={"width": 380, "height": 800}
    )
    expect(page.get_by_role("heading", name=title)).to_be_visible()
    assert overflow(page) == 0
