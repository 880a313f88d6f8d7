"""The page that lists the results of a folder, and the page that says why there is none. For a server."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from harness.report.pages.page import render
from harness.report.pages.result_page import BADGES
from harness.results.catalogue import Item

COMPARED = ("result", "matrix")
"""Kinds that can be compared."""


@dataclass(frozen=True)
class Filters:
    """What of a list is shown; an empty word asks for nothing."""

    version: str = ""
    workload: str = ""
    validity: str = ""
    kind: str = ""
    parts: bool = False
    """Whether parts of matrices, claims and trials are shown on their own."""

    def wants(self, item: Item) -> bool:
        """Whether an item is shown. What is running is never left out as a part."""
        return (
            (self.parts or not item.part_of or item.running)
            and (not self.version or self.version in item.versions)
            and (not self.workload or self.workload in item.workloads)
            and (not self.validity or self.validity == item.validity)
            and (not self.kind or self.kind == item.kind)
        )


def render_listing(folder: str, items: Sequence[Item], filters: Filters) -> str:
    """The list of a folder's items that the filters want."""

    def choices(of: Callable[[Item], Sequence[str]]) -> list[str]:
        return sorted({value for item in items for value in of(item)}, key=_natural)

    shown = [item for item in items if filters.wants(item)]
    context = {
        "folder": folder,
        "items": [(item, "live" if item.running and item.kind == "result" else "report") for item in shown],
        "hidden": len(items) - len(shown),
        "parts": sum(1 for item in items if item.part_of),
        "filters": filters,
        "choices": {
            "version": ("Dagster", choices(lambda item: item.versions)),
            "workload": ("workload", choices(lambda item: item.workloads)),
            "validity": ("validity", choices(lambda item: [item.validity] if item.validity else [])),
            "kind": ("kind", choices(lambda item: [item.kind])),
        },
        "badges": BADGES,
        "compared": COMPARED,
        "quote": quote,
    }
    return render("listing.html.j2", "Results", (), context, ("listing.js",))


def render_message(title: str, text: str, link: tuple[str, str] | None = None) -> str:
    """A page that only says something, with a link (address, words) to what can be done about it."""
    return render("message.html.j2", title, (), {"text": text, "link": link}, ())


def _natural(text: str) -> tuple[tuple[int, str], ...]:
    """1.9 before 1.10."""
    return tuple((int(part), "") if part.isdigit() else (-1, part) for part in text.split("."))
