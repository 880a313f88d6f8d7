"""The page of a running experiment. Only a server can show it, as it asks for what is new."""

from __future__ import annotations

from typing import Any

from harness.report.pages.page import Section, render
from harness.report.pictures.live import DATA, drawable, live_pictures
from harness.report.text import MIB
from harness.results.document import ResultDocument
from harness.results.live import LiveDocument
from harness.views.live import live_rows


def render_live_page(document: ResultDocument, live: LiveDocument, data_url: str, report_url: str) -> str:
    """The page; it asks `data_url` for `live_data` once a second, and ends with a link to `report_url`."""
    cell = next((one for one in document.cells if one.cell_id == live.cell_id), document.cells[0])
    pictures = live_pictures(live, cell.memory_bytes / MIB)
    lead = "" if pictures else "Nothing is read yet: the code server is starting."
    context = {"data_url": data_url, "report_url": report_url, "live": live_data(live), "data_name": DATA}
    section = Section("live", "The last minutes", lead, pictures)
    return render(
        "live.html.j2", f"{document.name} is running", (section,), context, ("live.js",), requests=True
    )


def live_data(live: LiveDocument) -> dict[str, Any]:
    """What the page shows, for its script."""
    return {
        "cell": f"cell {live.cell_number} of {live.cells}: {live.cell_id}" if live.cells else "starting",
        "doing": live.doing,
        "done": live.bursts_done,
        "planned": live.bursts_planned,
        "left": _left(live.seconds_left),
        "bursts": list(live.bursts),
        "rows": live_rows(live),
        "drawn": drawable(live),
    }


def _left(seconds: float | None) -> str:
    if seconds is None:
        return ""
    return f"about {seconds:.0f} s left" if seconds < 90 else f"about {seconds / 60:.0f} min left"
