from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser.browser_support import browser_of
from tests.unit.conftest import run

__all__ = ["browser", "run"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with browser_of() as found:
        yield found
