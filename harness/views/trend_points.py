"""Series of a trend as points and steps, for pictures. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from harness.results.trend_document import SeriesRecord
from harness.views.units import in_shown_unit

POINTS = ["at", "version", "value", "result"]
"""Columns of `points_of`."""
STEPS = ["at", "until", "version", "before", "middle", "after", "change", "told"]
"""Columns of `steps_of`."""


def alike(series: Sequence[SeriesRecord]) -> list[list[SeriesRecord]]:
    """Series that differ by their version only, together; in their order."""
    found: dict[tuple[str, ...], list[SeriesRecord]] = {}
    for one in series:
        key = (one.machine, one.stack, one.scenario_sha256, one.workload, one.setting, one.constant)
        found.setdefault(key, []).append(one)
    return list(found.values())


def points_of(series: Sequence[SeriesRecord]) -> pd.DataFrame:
    """A row for each result of each series, in the shown unit, with the columns `POINTS`.

    `result` counts those of a series from 1.
    """
    rows = [
        (at, one.dagster_version, value / in_shown_unit(one.unit)[0], number)
        for one in series
        for number, (at, value) in enumerate(zip(one.at, one.values, strict=True), start=1)
    ]
    return pd.DataFrame(rows, columns=POINTS)


def steps_of(series: Sequence[SeriesRecord]) -> pd.DataFrame:
    """A row for each step of each series, in the shown unit, with the columns `STEPS`.

    `until` is the end of the level that it began; `middle` lies between both levels, and `change`
    is its size as a share of the level before.
    """
    rows = []
    for one in series:
        divisor, _ = in_shown_unit(one.unit)
        ends = [step.at for step in one.steps[1:]] + [one.at[-1]]
        for step, until in zip(one.steps, ends, strict=False):
            change = step.ratio - 1
            before, after = step.before / divisor, step.after / divisor
            levels = (before, (before + after) / 2, after)
            rows.append((step.at, until, one.dagster_version, *levels, change, f"{change:+.0%}"))
    return pd.DataFrame(rows, columns=STEPS)
