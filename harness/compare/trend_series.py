"""A trend as series: one constant of one workload and version over time, and where it stepped. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from harness.model.change_points import LEAST_POINTS, ChangePoint, change_points
from harness.model.constants import CONSTANTS, order_of
from harness.results.comparison_document import Kind, margin
from harness.results.trend_document import EntryRecord, PointRecord, SeriesRecord, StepRecord

_Pair = tuple[EntryRecord, PointRecord]


def series_of(entries: Iterable[EntryRecord], thresholds: Mapping[Kind, float]) -> list[SeriesRecord]:
    """Every series of a trend, in the order of workloads, constants and versions.

    What was measured on machines that are not alike, on another stack or with another scenario, is another
    series. A constant that this version does not know, or that is not compared, is passed
    over.

    Args:
        entries: oldest first.
        thresholds: a step up to this share is none that matters, by kind.
    """
    found: dict[tuple[str, ...], list[_Pair]] = {}
    for entry in entries:
        for point in entry.points:
            if point.constant not in CONSTANTS or not CONSTANTS[point.constant].compared:
                continue
            alike = (entry.machine, entry.stack, entry.scenario_sha256, point.setting)
            found.setdefault((*alike, point.dagster_version, point.constant), []).append((entry, point))
    series = [_series(pairs, thresholds) for pairs in found.values()]
    return sorted(
        series,
        key=lambda one: (
            one.scenario,
            one.workload,
            order_of(one.constant),
            _version(one.dagster_version),
            one.machine,
        ),
    )


def _series(pairs: Sequence[_Pair], thresholds: Mapping[Kind, float]) -> SeriesRecord:
    entry, point = pairs[-1]
    at = tuple(one.created_at for one, _ in pairs)
    values = tuple(one.value for _, one in pairs)
    definition = CONSTANTS[point.constant]
    return SeriesRecord(
        machine=entry.machine,
        stack=entry.stack,
        scenario=entry.scenario,
        scenario_sha256=entry.scenario_sha256,
        workload=point.workload,
        setting=point.setting,
        dagster_version=point.dagster_version,
        constant=point.constant,
        unit=point.unit,
        least=LEAST_POINTS,
        at=at,
        values=values,
        steps=tuple(
            StepRecord(
                at=at[step.index], index=step.index, before=step.before, after=step.after, ratio=step.ratio
            )
            for step in change_points(np.array(values))
            if _matters(step, thresholds[definition.kind], definition.negligible)
        ),
    )


def _matters(step: ChangePoint, threshold: float, negligible: float) -> bool:
    if not step.before:
        return abs(step.after) > negligible
    least, most = margin(threshold, negligible, abs(step.before))
    return not least < step.ratio < most


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) if part.isdigit() else 0 for part in text.split("."))
