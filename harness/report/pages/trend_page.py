"""The page of a trend: each constant over time, and where one stepped to another level."""

from __future__ import annotations

from collections.abc import Sequence

from harness.report.pages.page import Section, Titled, render
from harness.report.pictures.picture import Picture
from harness.report.pictures.trend_pictures import series_picture
from harness.report.text import Table, quantity
from harness.report.trend_text import HEADER, notes, rows
from harness.results.trend_document import SeriesRecord
from harness.views.trend_points import alike

_STEPS = ("at", "workload", "constant", "Dagster", "step", "before", "after", "result of its series")


def render_trend_page(series: Sequence[SeriesRecord]) -> str:
    """The page of a trend.

    Args:
        series: each with at least one result, in the order in which they are shown.
    """
    steps = [(step, one) for one in series for step in one.steps]
    up = sum(step.ratio > 1 for step, _ in steps)
    moments = sorted({at for one in series for at in one.at})
    context = {
        "series": len(series),
        "versions": list(dict.fromkeys(one.dagster_version for one in series)),
        "results": len(moments),
        "first": moments[0][:10] if moments else "",
        "last": moments[-1][:10] if moments else "",
        "up": up,
        "down": len(steps) - up,
        "steps": Titled("Steps, latest first", _steps(series)) if steps else None,
        "notes": notes(series),
    }
    sections = (*_pictures(series), *_latest(series))
    return render("trend.html.j2", "Constants over time", sections, context, ())


def _steps(series: Sequence[SeriesRecord]) -> Table:
    found = sorted(
        ((step, one) for one in series for step in one.steps), key=lambda pair: pair[0].at, reverse=True
    )
    return _STEPS, tuple(
        (
            step.at[:10],
            one.workload,
            one.constant,
            one.dagster_version,
            f"{'▲' if step.ratio > 1 else '▼'} {step.ratio - 1:+.1%}",
            quantity(step.before, one.unit),
            quantity(step.after, one.unit),
            f"{step.index + 1} of {len(one.values)}",
        )
        for step, one in found
    )


def _pictures(series: Sequence[SeriesRecord]) -> tuple[Section, ...]:
    grouped: dict[tuple[str, ...], list[Picture]] = {}
    for number, together in enumerate(alike(series), 1):
        grouped.setdefault(_measured(together[0]), []).append(series_picture(together, number))
    workloads = [workload for _, _, workload, *_ in grouped]
    return tuple(
        Section(
            f"workload-{number}",
            workload if workloads.count(workload) == 1 else f"{workload}, {stack}, machine {machine}",
            f"Scenario {scenario}, {setting}, {stack} stack, machine {machine}. Thick: the level between "
            "steps; dashed: a step, with its size. Axes do not begin at zero.",
            tuple(pictures),
            look="panels",
        )
        for number, ((scenario, _, workload, setting, stack, machine), pictures) in enumerate(
            grouped.items(), 1
        )
    )


def _measured(one: SeriesRecord) -> tuple[str, ...]:
    return one.scenario, one.scenario_sha256, one.workload, one.setting, one.stack, one.machine


def _latest(series: Sequence[SeriesRecord]) -> tuple[Section, ...]:
    note = "From the trend's files, one for each result, with its intervals and bursts: points."
    table = Titled("Latest of each series", (HEADER, tuple(rows(series))), note)
    return (Section("latest", "Every series", tables=(table,), look="words"),) if series else ()
