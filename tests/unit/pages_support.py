"""What tests of pages look for in them."""

from __future__ import annotations

import html
import re
from typing import Any

from harness.report.pictures.picture import Picture

HOSTILE = "<img src=x onerror=alert(1)>"
MOST = 5 * 2**20
"""Bytes of a page."""


def rows(picture: Picture) -> list[dict[str, Any]]:
    """All rows that a picture draws."""
    return [row for rows in picture.specification()["datasets"].values() for row in rows]


def shown(page: str) -> str:
    """A page's own markup as a reader sees it: without scripts, and tags as spaces."""
    return html.unescape(re.sub(r"<[^>]+>", " ", re.sub(r"<(script|style)\b.*?</\1>", "", page, flags=re.S)))


def assert_escaped(page: str) -> None:
    """The hostile text is there, and nowhere as markup."""
    assert HOSTILE not in page
    assert html.escape(HOSTILE, quote=True) in page
    assert "<img src=x" not in page
