"""A look at originals: PDFs in the browser's viewer, saved pages in a frame without rights."""

from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from browser.conftest import Reader
from conftest import eventually
from pdf_files import make_pdf, text_block

SENTENCE = "Owls hunt at night, and sleep in hollow trees by day."
PAGE = f"""<html><head><title>On owls</title><script>document.title = "taken"</script>
<link rel="stylesheet" href="http://127.0.0.1:9/a.css"></head>
<body onload="document.body.innerHTML = 'taken'"><h1>On owls</h1>{f"<p>{SENTENCE}</p>" * 8}
<img src="http://127.0.0.1:9/t.gif" alt="A picture from elsewhere">
<p><a href="/ui/activity">A link of the page</a> <a href="#end">To the end</a></p>
{f"<p>{SENTENCE}</p>" * 60}<p id="end">The end</p></body></html>"""


def brought(reader: Reader, name: str, data: bytes) -> str:
    """Bring a file in; give the address of its resource's page."""
    with reader.library.client() as client:
        sent = client.post("/ingest", files={"file": (name, data)}).json()

        def ended() -> Any:
            found = client.get(sent["status_url"]).json()
            return found["resource_id"] if found["state"] == "completed" else None

        return f"/ui/resources/{eventually(ended)}"


def forget_own_viewer(reader: Reader) -> None:
    """The viewer of the browser loads its own parts, which come from no host."""
    inner = ("chrome-extension://", "chrome://")
    reader.faults[:] = [one for one in reader.faults if not one.startswith(inner)]


def shown_page_number(page: Page) -> str:
    """Give what the viewer's field says; it is in a frame of the browser's own."""
    page.wait_for_timeout(100)  # frames come to be known while the browser is listened to
    for frame in page.frames:
        if frame.url.startswith("chrome-extension://"):
            field = frame.locator("#pageSelector")
            if field.count():
                return field.input_value()
    return ""


def test_a_pdf_opens_at_the_page_asked_for(reader: Reader) -> None:
    pages = [text_block(700, f"Owls, part {n}", *[SENTENCE] * 6) for n in range(1, 6)]
    where = brought(reader, "owls.pdf", make_pdf(pages))
    page = reader.open(where)
    expect(page.locator("#original")).to_contain_text("owls.pdf")
    page.get_by_role("link", name="View original").click()
    expect(page.locator("object[type='application/pdf']")).to_be_visible()
    eventually(lambda: shown_page_number(page) == "1")
    page.goto(f"{where}/view?page=3")
    eventually(lambda: shown_page_number(page) == "3")
    page.goto("/ui/")
    page.goto(f"{where}/view#page=4")
    eventually(lambda: shown_page_number(page) == "4")
    forget_own_viewer(reader)


def test_a_file_is_downloaded_under_its_name(reader: Reader, tmp_path: Path) -> None:
    data = f"Über Eulen\n\n{SENTENCE * 9}".encode()
    page = reader.open(brought(reader, "Über Eulen, 猫頭鷹.txt", data))
    with page.expect_download() as started:
        page.get_by_role("link", name="Download Über Eulen").click()
    assert started.value.suggested_filename == "Über Eulen, 猫頭鷹.txt"
    started.value.save_as(tmp_path / "got")
    assert (tmp_path / "got").read_bytes() == data


def test_a_saved_page_is_shown_and_can_do_nothing(reader: Reader) -> None:
    """The fixture fails the test if the page asks any other host, or logs an error."""
    where = brought(reader, "owls.html", PAGE.encode())
    page = reader.open(f"{where}/view")
    frame = page.frame_locator("iframe.frame")
    expect(frame.get_by_role("heading", name="On owls")).to_be_visible()
    expect(frame.get_by_text(SENTENCE).first).to_be_visible()
    expect(frame.get_by_alt_text("A picture from elsewhere")).to_be_attached()
    frame.get_by_role("link", name="To the end").click()
    expect(frame.get_by_text("The end", exact=True)).to_be_in_viewport()
    assert frame.get_by_text("A link of the page").get_attribute("href") is None
    assert page.evaluate("document.querySelector('iframe').contentDocument") is None


def test_a_letter_is_shown_as_its_text_also_without_javascript(reader: Reader) -> None:
    letter = (
        "From: Ada Moe <a@example.org>\nTo: b@example.org\nSubject: On lanterns\n"
        f"Date: Mon, 4 Nov 2024 10:00:00 +0000\nMessage-ID: <1@example.org>\n\n{SENTENCE * 9}"
    )
    where = brought(reader, "letter.eml", letter.encode())
    page = reader.open(where, java_script_enabled=False, viewport={"width": 380, "height": 800})
    page.get_by_role("link", name="View original").click()
    expect(page.locator("article .read")).to_contain_text(SENTENCE)
    expect(page.get_by_role("link", name="Download")).to_be_visible()
