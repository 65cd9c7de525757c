"""A real Chromium on the pages of a real library."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from conftest import RunningLibrary, start_library, stop_library

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Give the browser, which ends with its module: its event loop counts as running till then."""
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        if os.environ.get("CI"):
            pytest.fail("There is no Chromium, and under CI nothing is skipped.")
        pytest.skip("There is no Chromium on PATH; install one to run the browser tests.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def shown_library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningLibrary]:
    """Give a running library that no other module changes; it begins empty."""
    started = start_library(tmp_path_factory.mktemp("library"))
    yield started
    stop_library(started)


class Reader:
    """Opens pages in contexts of their own, signed in, and notes what goes wrong in them."""

    def __init__(self, browser: Browser, library: RunningLibrary) -> None:
        self.library = library
        self.faults: list[str] = []
        self._browser = browser

    def open(self, path: str = "/ui/", **options: object) -> Page:
        context = self._browser.new_context(base_url=self.library.url, **options)  # type: ignore[arg-type]
        context.set_default_timeout(15_000)
        page = context.new_page()
        page.on("console", lambda line: self._note(line.type in {"error", "warning"}, line.text))
        page.on("pageerror", lambda error: self._note(True, str(error)))
        page.on(
            "request",
            lambda sent: self._note(not sent.url.startswith(self.library.url), sent.url),
        )
        page.goto("/ui/sign-in")
        page.get_by_label("Sign-in link or API token").fill(self.library.api_token)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url("**/ui/")
        if path != "/ui/":
            page.goto(path)
        return page

    def _note(self, wrong: bool, what: str) -> None:
        if wrong:
            self.faults.append(what)

    def close(self) -> None:
        for context in self._browser.contexts:
            context.close()


@pytest.fixture
def reader(chromium: Browser, shown_library: RunningLibrary) -> Iterator[Reader]:
    """Fails a test whose pages log an error or ask another host."""
    opened = Reader(chromium, shown_library)
    yield opened
    opened.close()
    assert opened.faults == []


@pytest.fixture
def damaged_pdf(tmp_path: Path) -> Path:
    path = tmp_path / "damaged.pdf"
    path.write_bytes(b"%PDF-1.7 and no more")
    return path
