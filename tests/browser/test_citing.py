"""A reader cites what was found: by keys, by a selection, and without scripts."""

import pytest
from playwright.sync_api import expect

from browser.conftest import Reader
from browser.test_first_hour import overflow, resource


@pytest.mark.parametrize("scripts", [True, False])
def test_a_selection_of_results_is_cited(reader: Reader, scripts: bool) -> None:
    kind = "Heron" if scripts else "Stork"
    for name in ("Bo Roe", "Ada Moe"):
        resource(reader, f"{kind}s of {name}", authors=[name], year=2001)
    page = reader.open(f"/ui/?q={kind}s&mode=keyword", java_script_enabled=scripts)
    for name in ("Bo Roe", "Ada Moe"):
        page.get_by_label(f"Select {kind}s of {name}").check()
    page.get_by_role("button", name="Cite the selected").click()
    references = page.locator("#references li")
    expect(references).to_have_count(2)
    expect(references.first).to_contain_text(f"Moe, A. (2001). {kind}s of Ada Moe.")
    page.get_by_label("Style").select_option("ieee")
    if not scripts:
        page.get_by_role("button", name="Show").click()
    expect(references.first).to_contain_text("[1] ")
    with page.expect_download() as download:
        page.get_by_role("button", name="BibTeX").click()
    assert download.value.suggested_filename == "references.bib"


def test_keys_cite_and_copy(reader: Reader) -> None:
    place = resource(reader, "Egrets at dusk", authors=["Ada Moe"], year=2003)
    page = reader.open(place, permissions=["clipboard-read", "clipboard-write"])
    page.keyboard.press("e")
    page.wait_for_url("**/ui/cite?id=*")
    page.keyboard.press("e")
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == "Moe, A. (2003). Egrets at dusk."


@pytest.mark.parametrize("width", [360, 1280])
def test_the_page_fits_its_window(reader: Reader, width: int) -> None:
    place = resource(reader, f"A title as long as {'x' * width}", authors=["Ada Moe"])
    page = reader.open(
        f"/ui/cite?id={place.rpartition('/')[2]}", viewport={"width": width, "height": 800}
    )
    assert overflow(page) == 0
