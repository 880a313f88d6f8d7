"""A running experiment: the last minutes of each code server. The page gives them new rows as they come."""

from __future__ import annotations

import altair as alt

from harness.report.pictures.picture import Picture
from harness.results.live_document import LIVE_FILE
from harness.views.live_view import Rows

DATA = "readings"
"""Name of the rows in a picture, by which the page replaces them."""
_COLUMNS = {"live-memory": "memory_mib", "live-runs": "runs", "live-cpu": "cpu_cores"}


def live_pictures(rows: Rows, memory_limit_mib: float) -> tuple[Picture, ...]:
    """Memory, runs in progress and CPU, as far as there is anything of them in `views.live.live_rows`."""
    limit = f"The limit is {memory_limit_mib:,.0f} MiB."
    told = {
        "live-memory": ("Memory now", f"without page cache. {limit}", "memory (MiB)"),
        "live-runs": ("Runs in progress", "processes of runs.", "runs"),
        "live-cpu": ("CPU now", "cores used since the reading before.", "cores"),
    }
    return tuple(_picture(rows, name, *told[name]) for name in drawable(rows))


def drawable(rows: Rows) -> list[str]:
    """Names of the pictures that there are readings for."""
    return [name for name, column in _COLUMNS.items() if any(row[column] is not None for row in rows)]


def _picture(rows: Rows, name: str, title: str, what: str, axis: str) -> Picture:
    column = _COLUMNS[name]
    whole = alt.Axis(tickMinStep=1) if column == "runs" else alt.Axis()
    chart = (
        alt.Chart(alt.NamedData(DATA))
        .mark_line(interpolate="step-after" if column == "runs" else "linear")
        .encode(
            x=alt.X("seconds:Q", title="seconds before now"),
            y=alt.Y(f"{column}:Q", title=axis, scale=alt.Scale(zero=True), axis=whole),
            color=alt.Color("replica:N", title="code server"),
            tooltip=[
                alt.Tooltip("seconds:Q", format=".0f"),
                alt.Tooltip(f"{column}:Q", title=axis, format=",.4~g"),
                alt.Tooltip("replica:N", title="code server"),
            ],
        )
        .properties(width="container", height=220, datasets={DATA: rows})
    )
    text = f"The last minutes of each code server: {what}"
    return Picture(name, title, text, f"{LIVE_FILE}: readings, {column}", chart)
