"""What pictures of cells have in common."""

from __future__ import annotations

import altair as alt
import pandas as pd

from harness.report.pictures.theme import RED

DASHES = [6, 4]
NEAR = 0.5
"""A limit is drawn where the peak comes to so much of it; else it would press the lines flat."""


def counting(field: str, title: str) -> alt.X:
    """The x axis of what is counted: no ticks between whole numbers."""
    return alt.X(f"{field}:Q", title=title, axis=alt.Axis(tickMinStep=1))


def limit_layers(at: pd.DataFrame) -> list[alt.Chart]:
    """A memory limit as a dashed line with its name.

    Args:
        at: one row with `memory_mib` and `what`, the name.
    """
    base = alt.Chart(at).encode(y=alt.Y("memory_mib:Q"))
    return [
        base.mark_rule(strokeDash=DASHES, color=RED),
        base.mark_text(align="left", x=4, dy=-7, color=RED).encode(text=alt.Text("what:N")),
    ]
