"""The page of a comparison: what a run costs in each version, what changed, and what else differs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import pandas as pd

from harness.report.comparison_text import (
    HEADER,
    UNCHANGED,
    changed,
    groups,
    headline,
    how,
    named,
    planned,
    row,
    weightiest,
)
from harness.report.pages.page import Section, Titled, render
from harness.report.pictures.distributions import distribution_pictures
from harness.report.pictures.ratios import ratio_pictures
from harness.report.pictures.versions import spoken, version_pictures
from harness.report.text import Table, quantity
from harness.results.comparison_document import (
    CHANGES,
    ComparisonDocument,
    DifferenceRecord,
    Verdict,
)
from harness.results.estimate_record import EstimateRecord

BADGES: dict[Verdict, str] = {
    "regressed": "bad",
    "improved": "good",
    "no change": "plain",
    "inconclusive": "open",
}
_MARKS: dict[Verdict, str] = {"regressed": "▲ regressed", "improved": "▼ improved"}
_NAMED = 4
"""So many packages that differ are named on the first screen."""


@dataclass(frozen=True)
class Cost:
    """What a constant is in one version."""

    value: str
    spread: str = ""
    """Its interval and what is behind it."""
    mark: str = ""
    badge: str = ""
    open: bool = False
    """Whether it cannot be told if it changed."""


@dataclass(frozen=True)
class CostRow:
    """A constant in every version."""

    constant: str
    costs: tuple[Cost, ...]


def render_comparison_page(comparison: ComparisonDocument, bursts: Mapping[str, pd.DataFrame] | None) -> str:
    """The page of a comparison.

    Args:
        comparison: to be shown.
        bursts: measured bursts by the label of the version (`views.compared.bursts_of`); where None, there
            are no pictures of single bursts.
    """
    workloads = list(dict.fromkeys(one.workload for one in comparison.differences))
    subjects = (comparison.baseline, *comparison.others)
    ordered = {one.label: bursts[one.label] for one in subjects if one.label in bursts} if bursts else {}
    sections = (
        _changed(comparison),
        *_ratios(comparison),
        *_versions(comparison, workloads),
        *_bursts(ordered, workloads),
        *_tables(comparison),
        *_differs(comparison),
    )
    known = [one.name for one in weightiest(comparison.packages)]
    context = {
        "headline": headline(comparison),
        "forced": comparison.forced,
        "warnings": comparison.warnings,
        "counts": [(comparison.count(verdict), verdict, badge) for verdict, badge in BADGES.items()],
        "columns": [comparison.baseline.label, *(one.label for one in comparison.others)],
        "behind": comparison.behind,
        "groups": [(workload, _costs(comparison, workload)) for workload in workloads],
        "packages": known[:_NAMED],
        "more_packages": len(known[_NAMED:]),
    }
    title = f"{', '.join(map(named, comparison.others))} against {named(comparison.baseline)}"
    return render("comparison.html.j2", title, sections, context, ())


def _costs(comparison: ComparisonDocument, workload: str) -> tuple[CostRow, ...]:
    """Those that are what a run or tick costs, and any that changed."""
    records = [one for one in comparison.differences if one.workload == workload]
    names = dict.fromkeys(
        one.constant
        for one in records
        if ("_per_" in one.constant and one.kind != "count") or one.verdict in CHANGES
    )
    return tuple(
        CostRow(spoken(name), _of_versions(comparison, [one for one in records if one.constant == name]))
        for name in names
    )


def _of_versions(comparison: ComparisonDocument, records: Sequence[DifferenceRecord]) -> tuple[Cost, ...]:
    """One constant: the baseline's, then that of each other version, told or not."""
    known = {one.other: one for one in records}
    unit = records[0].unit
    base = next((one.baseline_figure for one in records if one.baseline_figure), None)
    told = partial(_cost, unit=unit, behind=comparison.behind)
    return (told(base), *(_other(known.get(one.label), told) for one in comparison.others))


def _other(record: DifferenceRecord | None, told: Callable[[EstimateRecord | None], Cost]) -> Cost:
    if record is None:
        return Cost("-")
    found = told(record.other_figure)
    mark = _MARKS.get(record.verdict, "")
    if record.ratio is not None and record.verdict in CHANGES:
        mark = f"{mark} {record.ratio.value - 1:+.1%}"
    return Cost(found.value, found.spread, mark, BADGES[record.verdict], record.verdict == "inconclusive")


def _cost(figure: EstimateRecord | None, unit: str, behind: str) -> Cost:
    if figure is None:
        return Cost("-")
    low, high = (quantity(end, unit) for end in (figure.low, figure.high))
    return Cost(quantity(figure.value, unit), f"{low.split(' ')[0]} to {high}, {figure.bursts} {behind}")


def _changed(comparison: ComparisonDocument) -> Section:
    table = changed(comparison)
    note = f"From comparison.json: differences. After a value: the {comparison.behind} behind it."
    return Section(
        "changed",
        "What changed",
        lead="" if table[1] else UNCHANGED,
        tables=(Titled("Regressed or improved", table, note),) if table[1] else (),
        look="words",
    )


def _ratios(comparison: ComparisonDocument) -> tuple[Section, ...]:
    pictures = ratio_pictures(comparison)
    lead = (
        "Each constant as a multiple of the baseline's, with its 95 % interval. A change within the grey "
        "band is none that matters: that far the threshold reaches, or what is negligible."
    )
    return (Section("ratios", "Ratios", lead, pictures),) if pictures else ()


def _versions(comparison: ComparisonDocument, workloads: Sequence[str]) -> tuple[Section, ...]:
    lead = (
        "With 95 % intervals. Square: the baseline, and grey what it may become without that it matters; "
        "triangle up: regressed; triangle down: improved; circle: no change; diamond: open. Axes do "
        "not begin at zero."
    )
    found = [
        (workload, number, version_pictures(comparison, workload, number))
        for number, workload in enumerate(workloads, 1)
    ]
    return tuple(
        Section(f"workload-{number}", f"By version: {workload}", lead, pictures, look="panels")
        for workload, number, pictures in found
        if pictures
    )


def _bursts(bursts: Mapping[str, pd.DataFrame], workloads: Sequence[str]) -> tuple[Section, ...]:
    pictures = tuple(
        picture
        for number, workload in enumerate(workloads, 1)
        for picture in distribution_pictures(bursts, workload, number)
    )
    lead = "Every measured burst is a point; a bar is the median of a version at a level."
    return (Section("bursts", "Single bursts", lead, pictures),) if pictures else ()


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}." if text else ""


def _tables(comparison: ComparisonDocument) -> tuple[Section, ...]:
    tables = tuple(
        Titled(
            f"{workload}: {other} against {comparison.baseline.label}",
            (HEADER, tuple(row(one) for one in records)),
            "; ".join(f"{one.constant}: {one.why}" for one in records if one.why),
        )
        for (other, workload), records in groups(comparison)
    )
    note = (
        f"From comparison.json: differences. After a value: the {comparison.behind} behind it; p is "
        f"corrected for the number of comparisons. {_sentence(planned(comparison))}"
    )
    return (Section("constants", "Every constant", note, tables=tables, look="words"),) if tables else ()


def _differs(comparison: ComparisonDocument) -> tuple[Section, ...]:
    labels = [one.label for one in (comparison.baseline, *comparison.others)]
    rows = tuple(
        (one.name, *(one.versions.get(label) or "none" for label in labels))
        for one in weightiest(comparison.packages)
    )
    packages: Table = (("package", *labels), rows)
    rounds = tuple(
        (one.label, one.dagster_version, str(len(one.results)), ", ".join(one.results))
        for one in (comparison.baseline, *comparison.others)
    )
    measured: Table = (
        ("version", "Dagster", "rounds", "results, in whose folders the raw tables are"),
        rounds,
    )
    return (
        Section(
            "differs",
            "What else differs",
            lead="" if rows else "All packages are the same.",
            tables=(
                *((Titled("Packages", packages),) if rows else ()),
                Titled("What was compared", measured),
            ),
            notes=(*comparison.remarks, how(comparison)),
            look="words",
        ),
    )
