"""A headless browser, wherever this machine has one."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@contextmanager
def browser_of() -> Iterator[Browser]:
    """The browser that `BROWSER_EXECUTABLE` names, or the first that is installed; skips without one."""
    found = os.environ.get("BROWSER_EXECUTABLE") or next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        pytest.skip("no Chromium here; install it, or name one with BROWSER_EXECUTABLE")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


def open_page(
    browser: Browser, address: str, allowed: str, width: int = 1280, dark: bool = False
) -> tuple[Page, list[str]]:
    """A page, and a growing list of what it says and of requests for what does not begin with `allowed`."""
    page = browser.new_page(
        viewport={"width": width, "height": 900}, color_scheme="dark" if dark else "light"
    )
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda one: None if one.url.startswith(allowed) else said.append(one.url))
    page.goto(address)
    return page, said


def serious_faults(page: Page) -> list[str]:
    """Accessibility faults that axe calls serious or critical, each with a place."""
    found = Axe().run(page).response["violations"]
    return [
        f"{one['id']}: {one['nodes'][0]['html'][:200]}"
        for one in found
        if one["impact"] in ("serious", "critical")
    ]
