"""Versions side by side: on the terminal, as Markdown for a pull request, and as JUnit XML."""

from __future__ import annotations

from itertools import groupby

from junitparser import Failure, JUnitXml, Skipped, TestCase, TestSuite
from rich.console import Console
from rich.markup import escape
from rich.table import Table as RichTable

from harness.report.markdown import markdown_table
from harness.report.text import quantity
from harness.results.comparison import (
    ComparisonDocument,
    DifferenceRecord,
    FigureRecord,
    SubjectRecord,
    Verdict,
)

_COLOURS: dict[Verdict, str] = {
    "regressed": "red",
    "improved": "green",
    "no change": "dim",
    "inconclusive": "yellow",
}
_PACKAGES_SHOWN = 12
_FIRST = ("python", "dagster", "dagster-webserver", "grpcio", "protobuf", "sqlalchemy", "pydantic")
"""Packages that are told of first: they bear most on what a run costs."""
_HEADER = ("constant", "baseline", "here", "ratio", "95 % interval", "p", "verdict")


def headline(comparison: ComparisonDocument) -> str:
    """The answer in one line."""
    told = [f"{comparison.count(verdict)} {verdict}" for verdict in _COLOURS if comparison.count(verdict)]
    versions = ", ".join(_told(one) for one in comparison.others)
    forced = " FORCED" if comparison.forced else ""
    return (
        f"{versions} against {_told(comparison.baseline)}: {', '.join(told) or 'nothing in common'}{forced}"
    )


def print_comparison(comparison: ComparisonDocument, console: Console) -> None:
    """Print every constant of every version beside the baseline's."""
    for (other, workload), records in _groups(comparison):
        table = RichTable(
            title=escape(f"{workload}: {other} against {comparison.baseline.label}"),
            title_justify="left",
            header_style="bold",
            pad_edge=False,
        )
        for name in _HEADER:
            table.add_column(name, justify="left" if name in ("constant", "verdict") else "right")
        for one in records:
            *cells, verdict = _row(one)
            table.add_row(*map(escape, cells), f"[{_COLOURS[one.verdict]}]{verdict}[/]")
        console.print(table)
    for line in _notes(comparison):
        console.print(f"- {line}", markup=False, highlight=False, soft_wrap=True)
    console.print(f"\n{headline(comparison)}", style="bold", markup=False, highlight=False, soft_wrap=True)


def render_comparison_markdown(comparison: ComparisonDocument) -> str:
    """A page that reads well as a comment: the answer, what changed, and the rest to unfold."""
    lines = [f"### {headline(comparison)}", ""]
    changed = [one for one in comparison.differences if one.verdict in ("regressed", "improved")]
    if changed:
        rows = tuple((one.other, one.workload, *_row(one)) for one in changed)
        lines += markdown_table((("version", "workload", *_HEADER), rows))
    else:
        lines += ["Nothing changed by more than its threshold and not by chance."]
    lines += ["", *(f"- {line}" for line in _notes(comparison))]
    for (other, workload), records in _groups(comparison):
        lines += ["", f"<details><summary>{_html(workload)}: {_html(other)}</summary>", ""]
        lines += markdown_table((_HEADER, tuple(_row(one) for one in records)))
        lines += ["", "</details>"]
    return "\n".join(lines) + "\n"


def render_junit(comparison: ComparisonDocument) -> str:
    """JUnit XML: a suite for each version and workload, a case for each constant."""
    xml = JUnitXml("dagster-sizing compare")
    for (other, workload), records in _groups(comparison):
        suite = TestSuite(f"{workload}: {other} against {comparison.baseline.label}")
        for one in records:
            case = TestCase(one.constant, classname=f"{other}.{workload}")
            told = f"ratio {_ratio(one.ratio)}, {_interval(one.ratio)}; threshold {one.threshold:.0%}"
            told = f"{told}; {one.why}" if one.why else told
            if one.verdict == "regressed":
                case.result = [Failure(told, "regressed")]
            elif one.verdict == "inconclusive":
                case.result = [Skipped(told, "inconclusive")]
            suite.add_testcase(case)
        xml.add_testsuite(suite)
    text: bytes = xml.tostring()  # type: ignore[no-untyped-call]  # the library's own annotations end here
    return text.decode("utf-8")


def _groups(comparison: ComparisonDocument) -> list[tuple[tuple[str, str], list[DifferenceRecord]]]:
    grouped = groupby(comparison.differences, key=lambda one: (one.other, one.workload))
    return [(key, list(records)) for key, records in grouped]


def _row(one: DifferenceRecord) -> tuple[str, ...]:
    return (
        one.constant,
        _value(one.baseline_figure, one.unit),
        _value(one.other_figure, one.unit),
        _ratio(one.ratio),
        _interval(one.ratio),
        "-" if one.p_value_corrected is None else f"{one.p_value_corrected:.3f}",
        one.verdict if one.ratio is not None else f"{one.verdict}: {one.why}",
    )


def _notes(comparison: ComparisonDocument) -> list[str]:
    per_run = "CPU and launch are compared as what bursts cost per run at the levels measured, not as slopes"
    return [*comparison.warnings, *comparison.remarks, *_packages(comparison), per_run]


def _packages(comparison: ComparisonDocument) -> list[str]:
    """What else differs between the environments, the weightiest first."""
    known = {one.name: one for one in comparison.packages}
    names = [name for name in _FIRST if name in known] + sorted(known.keys() - set(_FIRST))
    if not names:
        return []
    told = [f"{name} {' → '.join(v or 'none' for v in known[name].versions.values())}" for name in names]
    more = len(told) - _PACKAGES_SHOWN
    rest = f", and {more} more (--format json)" if more > 0 else ""
    return [f"packages that differ: {', '.join(told[:_PACKAGES_SHOWN])}{rest}"]


def _told(subject: SubjectRecord) -> str:
    rounds = f" ({len(subject.results)} rounds)" if len(subject.results) > 1 else ""
    named = f"Dagster {subject.label}" if subject.label == subject.dagster_version else subject.label
    return f"{named}{rounds}"


def _value(figure: FigureRecord | None, unit: str) -> str:
    return "-" if figure is None else f"{quantity(figure.value, unit)} ({figure.bursts})"


def _ratio(figure: FigureRecord | None) -> str:
    return "-" if figure is None else f"{figure.value:.3f}"


def _interval(figure: FigureRecord | None) -> str:
    return "-" if figure is None else f"{figure.low:.3f} to {figure.high:.3f}"


def _html(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")
