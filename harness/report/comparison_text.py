"""Versions side by side: on the terminal, as Markdown for a pull request, and as JUnit XML."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from junitparser import Failure, JUnitXml, Skipped, TestCase, TestSuite
from rich.console import Console
from rich.text import Text

from harness.report.bars import change
from harness.report.markdown import markdown_table
from harness.report.table import print_table
from harness.report.text import Table, quantity, with_column
from harness.results.comparison_document import (
    CHANGES,
    ComparisonDocument,
    DifferenceRecord,
    PackageRecord,
    SubjectRecord,
    Verdict,
)
from harness.results.estimate_record import EstimateRecord
from harness.views.more_rounds import more_rounds

_COLOURS: dict[Verdict, str] = {
    "regressed": "red",
    "improved": "green",
    "no change": "dim",
    "inconclusive": "yellow",
}
_PACKAGES_SHOWN = 12
PER_RUN = "CPU and launch are compared as what bursts cost per run at the levels measured, not as slopes"
BY_INTERVALS = (
    "observed, so compared by the intervals of the constants alone; in brackets: blocks of time behind them"
)
_FIRST = ("python", "dagster", "dagster-webserver", "grpcio", "protobuf", "sqlalchemy", "pydantic")
"""Packages that are told of first: they bear most on what a run costs."""
UNCHANGED = "Nothing changed by more than its threshold and not by chance."
HEADER = ("constant", "baseline", "here", "ratio", "95 % interval", "p", "verdict")
CHANGE = "change"
BARS = "change: a tenth for each block, costlier to the right; solid: regressed or improved"


def headline(comparison: ComparisonDocument) -> str:
    """The answer in one line."""
    told = [f"{comparison.count(verdict)} {verdict}" for verdict in _COLOURS if comparison.count(verdict)]
    versions = ", ".join(named(one) for one in comparison.others)
    forced = " FORCED" if comparison.forced else ""
    return (
        f"{versions} against {named(comparison.baseline)}: {', '.join(told) or 'nothing in common'}{forced}"
    )


def print_comparison(comparison: ComparisonDocument, console: Console) -> None:
    """Print every constant of every version beside the baseline's."""
    for (other, workload), records in groups(comparison):
        header, rows = _with_bars((HEADER, tuple(map(row, records))), records)
        coloured: list[list[str | Text]] = [
            [*cells[:-1], Text(cells[-1], style=_COLOURS[one.verdict])]
            for one, cells in zip(records, rows, strict=True)
        ]
        title = f"{workload}: {other} against {comparison.baseline.label}"
        print_table(console, title, header, coloured, words=(CHANGE, "verdict"))
        console.print()
    for line in _notes(comparison):
        console.print(f"- {line}", markup=False, highlight=False, soft_wrap=True)
    console.print(f"\n{headline(comparison)}", style="bold", markup=False, highlight=False, soft_wrap=True)


def render_comparison_markdown(comparison: ComparisonDocument) -> str:
    """A page that reads well as a comment: the answer, what changed, and the rest to unfold."""
    lines = [f"### {headline(comparison)}", ""]
    table = changed(comparison)
    if table[1]:
        lines += markdown_table(_with_bars(table, _changed(comparison), "`"))
    else:
        lines += [UNCHANGED]
    lines += ["", *(f"- {line}" for line in _notes(comparison))]
    for (other, workload), records in groups(comparison):
        lines += ["", f"<details><summary>{_html(workload)}: {_html(other)}</summary>", ""]
        lines += markdown_table(_with_bars((HEADER, tuple(map(row, records))), records, "`"))
        lines += ["", "</details>"]
    return "\n".join(lines) + "\n"


def render_junit(comparison: ComparisonDocument) -> str:
    """JUnit XML: a suite for each version and workload, a case for each constant."""
    xml = JUnitXml("dagster-sizing compare")
    for (other, workload), records in groups(comparison):
        suite = TestSuite(f"{workload}: {other} against {comparison.baseline.label}")
        for one in records:
            case = TestCase(one.constant, classname=f"{other}.{workload}")
            allowed = f"{one.threshold:.0%}" + (
                f" or {one.negligible:g} {one.unit}" if one.negligible else ""
            )
            told = f"ratio {_ratio(one.ratio)}, {_interval(one.ratio)}; threshold {allowed}"
            told = f"{told}; {one.why}" if one.why else told
            if one.verdict == "regressed":
                case.result = [Failure(told, "regressed")]
            elif one.verdict == "inconclusive":
                case.result = [Skipped(told, "inconclusive")]
            suite.add_testcase(case)
        xml.add_testsuite(suite)
    text: bytes = xml.tostring()  # type: ignore[no-untyped-call]  # the library's own annotations end here
    return text.decode("utf-8")


def groups(comparison: ComparisonDocument) -> list[tuple[tuple[str, str], list[DifferenceRecord]]]:
    """The differences by version and workload."""
    grouped = groupby(comparison.differences, key=lambda one: (one.other, one.workload))
    return [(key, list(records)) for key, records in grouped]


def row(one: DifferenceRecord) -> tuple[str, ...]:
    """A difference as cells under `HEADER`."""
    return (
        one.constant,
        _value(one.baseline_figure, one.unit),
        _value(one.other_figure, one.unit),
        _ratio(one.ratio),
        _interval(one.ratio),
        "-" if one.p_value_corrected is None else f"{one.p_value_corrected:.3f}",
        one.verdict if one.ratio is not None else f"{one.verdict}: {one.why}",
    )


def changed(comparison: ComparisonDocument) -> Table:
    """What regressed or improved."""
    rows = tuple((one.other, one.workload, *row(one)) for one in _changed(comparison))
    return ("version", "workload", *HEADER), rows


def _changed(comparison: ComparisonDocument) -> list[DifferenceRecord]:
    return [one for one in comparison.differences if one.verdict in CHANGES]


def _with_bars(table: Table, records: Sequence[DifferenceRecord], quote: str = "") -> Table:
    """With a bar beside each ratio, in Markdown as code, whose characters are all as wide."""
    bars = [change(one.ratio.value if one.ratio else None, one.verdict in CHANGES) for one in records]
    return with_column(table, "ratio", CHANGE, [f"{quote}{one}{quote}" if one else "" for one in bars])


def _notes(comparison: ComparisonDocument) -> list[str]:
    notes = [*comparison.warnings, *comparison.remarks, *_packages(comparison), how(comparison), BARS]
    return [*notes, *filter(None, [planned(comparison)])]


def planned(comparison: ComparisonDocument) -> str:
    """How many of those that are open more rounds would decide; empty where none is, or without rounds."""
    if (plan := more_rounds(comparison)) is None:
        return ""
    parts = ", ".join(f"by {rounds} rounds about {decided}" for rounds, decided in plan.decided_by)
    near = f"; {plan.later}, near a threshold, would take more" if plan.later else ""
    return f"{plan.open} still open; if ratios stay as they are, {parts} would be decided{near}"


def how(comparison: ComparisonDocument) -> str:
    """How constants are compared, and what the numbers in brackets are."""
    return BY_INTERVALS if comparison.observed else PER_RUN


def weightiest(packages: Sequence[PackageRecord]) -> list[PackageRecord]:
    """Packages that differ, those that bear most on the costs first."""
    known = {one.name: one for one in packages}
    names = [name for name in _FIRST if name in known] + sorted(known.keys() - set(_FIRST))
    return [known[name] for name in names]


def _packages(comparison: ComparisonDocument) -> list[str]:
    """What else differs between the environments, in a line."""
    ordered = weightiest(comparison.packages)
    if not ordered:
        return []
    told = [f"{one.name} {' → '.join(v or 'none' for v in one.versions.values())}" for one in ordered]
    more = len(told) - _PACKAGES_SHOWN
    rest = f", and {more} more (--format json)" if more > 0 else ""
    return [f"packages that differ: {', '.join(told[:_PACKAGES_SHOWN])}{rest}"]


def named(subject: SubjectRecord) -> str:
    """A subject with its rounds."""
    rounds = f" ({len(subject.results)} rounds)" if len(subject.results) > 1 else ""
    label = f"Dagster {subject.label}" if subject.label == subject.dagster_version else subject.label
    return f"{label}{rounds}"


def _value(figure: EstimateRecord | None, unit: str) -> str:
    return "-" if figure is None else f"{quantity(figure.value, unit)} ({figure.bursts})"


def _ratio(figure: EstimateRecord | None) -> str:
    return "-" if figure is None else f"{figure.value:.3f}"


def _interval(figure: EstimateRecord | None) -> str:
    return "-" if figure is None else f"{figure.low:.3f} to {figure.high:.3f}"


def _html(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")
