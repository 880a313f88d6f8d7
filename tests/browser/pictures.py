"""Pictures of pages for the docs, made by the browser of the tests.

python -m tests.browser.pictures      draws them anew, into docs/pictures
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page

from harness.cli.pages import render_path
from tests.browser.browser_support import browser_of, open_page

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "pictures"
A4_WIDTH, A4_HEIGHT = 700, 990


def _opened(browser: Browser, file: Path, width: int, dark: bool = False) -> Page:
    page, _ = open_page(browser, file.as_uri(), file.as_uri(), width, dark)
    page.evaluate("window.drawAll()")
    page.wait_for_function(
        "() => [...document.querySelectorAll('[data-picture]')].every(one => one.querySelector('svg'))"
    )
    return page


def _kept(page: Page, name: str) -> None:
    page.screenshot(path=FOLDER / f"{name}.png")
    page.close()


def draw() -> None:
    """Draw all of them."""
    FOLDER.mkdir(exist_ok=True)
    with browser_of() as browser, tempfile.TemporaryDirectory() as scratch:
        for name, result in (("result", "claims/light"), ("comparison", "versions")):
            file = Path(scratch, f"{name}.html")
            file.write_text(render_path(ROOT / "results" / result).page, "utf-8")
            _kept(_opened(browser, file, 1280), name)
        file = Path(scratch, "result.html")
        _kept(_opened(browser, file, 390, dark=True), "result-on-a-phone")
        page = _opened(browser, file, 1280)
        page.set_viewport_size({"width": A4_WIDTH, "height": A4_HEIGHT})
        page.emulate_media(media="print")
        page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
        _kept(page, "result-on-paper")


if __name__ == "__main__":
    draw()
