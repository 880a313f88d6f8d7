"""Versions side by side, for pictures: constants, ratios and the bursts they are fitted to. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

import pandas as pd

from harness.results.alike import setting_of
from harness.results.comparison_document import ComparisonDocument, DifferenceRecord
from harness.results.estimate_record import EstimateRecord
from harness.results.result_document import ResultDocument
from harness.sizing.fitting import as_bursts, measured_bursts, points_of
from harness.views.units import MIB, in_shown_unit

BASELINE = "baseline"
"""Stands in the column `verdict` of what others are compared with."""
BURSTS = [
    "workload",
    "each",
    "level",
    "round",
    "burst",
    "concurrency_peak",
    "memory_peak_bytes",
    "cpu_seconds_each",
]
"""Columns of `bursts_of`."""
CONSTANTS = ["version", "value", "low", "high", "bursts", "verdict", "least", "most", "unit"]
"""Columns of `constant_of_versions`."""
RATIOS = [
    "version",
    "constant",
    "ratio",
    "low",
    "high",
    "bursts",
    "verdict",
    "least",
    "most",
]
"""Columns of `ratios_of`."""


def bursts_of(dagster_version: str, rounds: Iterable[tuple[ResultDocument, pd.DataFrame]]) -> pd.DataFrame:
    """The measured bursts of one subject of a comparison, with the columns `BURSTS`.

    `each` is what the burst was of, `run` or `tick`; `cpu_seconds_each` its CPU-seconds beyond those of the
    idle server, divided by the number of them that ended. A workload that was measured at several settings is
    told by its setting, as in the comparison.

    Args:
        dagster_version: of the subject.
        rounds: its results in order, each with its table `bursts`.
    """
    found: dict[str, list[pd.DataFrame]] = {}
    workloads: dict[str, str] = {}
    for number, (document, bursts) in enumerate(rounds, start=1):
        for cell in document.cells:
            rows = measured_bursts(bursts, cell.cell_id)
            if cell.dagster_version == dagster_version and len(rows):
                workloads[setting_of(cell)] = cell.workload
                found.setdefault(setting_of(cell), []).append(rows.assign(round=number))
    several = {one for one, count in Counter(workloads.values()).items() if count > 1}
    frames = [
        _of_setting(pd.concat(of_rounds)).assign(
            workload=setting if workloads[setting] in several else workloads[setting]
        )
        for setting, of_rounds in found.items()
    ]
    return pd.concat(frames, ignore_index=True)[BURSTS] if frames else pd.DataFrame(columns=BURSTS)


def together(bursts: Mapping[str, pd.DataFrame], workload: str) -> pd.DataFrame:
    """The bursts of one workload of all subjects, with further columns `version` and `memory_peak_mib`."""
    frames = [
        rows.assign(version=label, memory_peak_mib=rows["memory_peak_bytes"] / MIB)
        for label, all_rows in bursts.items()
        if len(rows := all_rows[all_rows["workload"] == workload])
    ]
    empty = pd.DataFrame(columns=["version", *BURSTS, "memory_peak_mib"])
    return pd.concat(frames, ignore_index=True) if frames else empty


def medians(bursts: pd.DataFrame, measure: str) -> pd.DataFrame:
    """The median of a column by level and version, and the number of `bursts` that have it."""
    grouped = bursts.groupby(["version", "level"], sort=False)[measure]
    found = grouped.agg(median="median", bursts="count").reset_index()
    return found.sort_values("level", kind="stable", ignore_index=True)


def constant_of_versions(comparison: ComparisonDocument, workload: str, constant: str) -> pd.DataFrame:
    """A constant in each version that has it, the baseline first, in its shown unit; columns `CONSTANTS`.

    `least` and `most` are what it may become without that it matters, the same in every row.
    """
    found = [one for one in comparison.differences if (one.workload, one.constant) == (workload, constant)]
    base = next(((one, one.baseline_figure) for one in found if one.baseline_figure is not None), None)
    if base is None:
        return pd.DataFrame(columns=CONSTANTS)
    first, figure = base
    divisor, unit = in_shown_unit(first.unit)
    subjects = [(comparison.baseline.label, BASELINE, figure)]
    subjects += [(one.other, one.verdict, one.other_figure) for one in found if one.other_figure is not None]
    return pd.DataFrame(
        [
            {
                "version": label,
                "value": of.value / divisor,
                "low": of.low / divisor,
                "high": of.high / divisor,
                "bursts": of.bursts,
                "verdict": verdict,
                "least": figure.value * first.margin[0] / divisor,
                "most": figure.value * first.margin[1] / divisor,
                "unit": unit,
            }
            for label, verdict, of in subjects
        ],
        columns=CONSTANTS,
    )


def ratios_of(comparison: ComparisonDocument, workload: str) -> pd.DataFrame:
    """Every ratio of a workload, by constant and then version; columns `RATIOS`.

    `least` and `most` are the ratios up to which a change is none that matters.
    """
    order = {one.constant: None for one in comparison.differences if one.workload == workload}
    records = [one for one in comparison.differences if one.workload == workload and one.ratio is not None]
    rows = [_ratio(one, one.ratio) for name in order for one in records if one.constant == name and one.ratio]
    return pd.DataFrame(rows, columns=RATIOS)


def _ratio(one: DifferenceRecord, ratio: EstimateRecord) -> dict[str, object]:
    return {
        "version": one.other,
        "constant": one.constant,
        "ratio": ratio.value,
        "low": ratio.low,
        "high": ratio.high,
        "bursts": ratio.bursts,
        "verdict": one.verdict,
        "least": one.margin[0],
        "most": one.margin[1],
    }


def _of_setting(rows: pd.DataFrame) -> pd.DataFrame:
    """All rounds of a setting at once, as the comparison takes them: one idle server for all."""
    found = as_bursts(rows)
    ticks = found.fired == "ticks"
    work = points_of(rows)["cpu_seconds_per_tick" if ticks else "cpu_seconds_per_run"]
    return pd.DataFrame(
        {
            "each": "tick" if ticks else "run",
            "level": rows["level"].to_numpy(),
            "round": rows["round"].to_numpy(),
            "burst": rows["burst"].to_numpy(),
            "concurrency_peak": found.concurrency,
            "memory_peak_bytes": rows["memory_peak_bytes"].to_numpy(),
            "cpu_seconds_each": pd.Series(work.y).where(work.x > 0) / work.x,
        }
    )
