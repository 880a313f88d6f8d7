"""The page of a running experiment. Only a server can show it, as it asks for what is new."""

from __future__ import annotations

from typing import Any

from harness.report.pages.page import Section, render
from harness.report.pictures.live_pictures import DATA, drawable, live_pictures
from harness.report.text import MIB, time_left
from harness.results.live_document import LiveDocument
from harness.results.result_document import ResultDocument
from harness.views.live_view import live_rows


def render_live_page(document: ResultDocument, live: LiveDocument, data_url: str, report_url: str) -> str:
    """The page; it asks `data_url` for `live_data` once a second, and ends with a link to `report_url`."""
    cell = next((one for one in document.cells if one.cell_id == live.cell_id), document.cells[0])
    told = live_data(live)
    pictures = live_pictures(told["rows"], cell.memory_bytes / MIB)
    lead = "" if pictures else "Nothing is read yet: the code server is starting."
    context = {"data_url": data_url, "report_url": report_url, "live": told, "data_name": DATA}
    section = Section("live", "The last minutes", lead, pictures)
    return render(
        "live.html.j2", f"{document.name} is running", (section,), context, ("live.js",), requests=True
    )


def live_data(live: LiveDocument) -> dict[str, Any]:
    """What the page shows, for its script."""
    rows = live_rows(live)
    return {
        "cell": f"cell {live.cell_number} of {live.cells}: {live.cell_id}" if live.cells else "starting",
        "doing": live.doing,
        "done": live.bursts_done,
        "planned": live.bursts_planned,
        "left": "" if live.seconds_left is None else time_left(live.seconds_left),
        "bursts": list(live.bursts),
        "rows": rows,
        "drawn": drawable(rows),
    }
