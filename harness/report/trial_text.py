"""A size that was tried: on the terminal, and as Markdown."""

from __future__ import annotations

from rich.console import Console

from harness.report.bars import OF_LIMIT, used
from harness.report.markdown import markdown_table
from harness.report.table import print_table
from harness.report.text import MIB
from harness.results.trial_document import AttemptRecord, BoundaryRecord, TrialDocument

Row = tuple[str, ...]

ATTEMPTS: Row = (
    "memory limit",
    "CPUs",
    "runs at once",
    "bursts held",
    "outcome",
    "peak",
    OF_LIMIT,
    "last started after",
    "slowest answer",
    "throttled",
)
BOUNDARIES: Row = ("made harder", "recommended", "predicted", "held", "broke", "off", "margin")


def print_trial(trial: TrialDocument, console: Console) -> None:
    """Print what was tried and where it broke."""
    console.print()
    for line in head(trial):
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    console.print()
    print_table(console, "Attempts", ATTEMPTS, _attempts(trial), words=("outcome", OF_LIMIT))
    console.print()
    if trial.boundaries:
        rows = [boundary_row(one) for one in trial.boundaries]
        print_table(console, "Where it breaks", BOUNDARIES, rows)
        console.print()
    for line in notes(trial):
        console.print(f"- {line}", markup=False, highlight=False, soft_wrap=True)
    console.print(f"\n{verdict(trial)}", style="bold", markup=False, highlight=False, soft_wrap=True)


def render_trial_markdown(trial: TrialDocument) -> str:
    """The same as Markdown."""
    title, *more = head(trial)
    parts = [f"# {title}", *more, f"**{verdict(trial)}**"]
    parts += ["## Attempts", _table(ATTEMPTS, _attempts(trial))]
    if trial.boundaries:
        rows = [boundary_row(one) for one in trial.boundaries]
        parts += ["## Where it breaks", _table(BOUNDARIES, rows)]
    parts += [f"- {line}" for line in notes(trial)]
    return "\n\n".join(parts) + "\n"


def verdict(trial: TrialDocument) -> str:
    """Whether the size held, in a sentence."""
    size = trial.size
    if size is None or not size.bursts:
        return "the size was not tried to the end"
    held = f"{size.bursts_held} of {size.bursts} bursts of {size.runs} runs held"
    if size.outcome == "killed":
        return f"the size BROKE: {held}; {size.why}"
    if size.outcome == "unclear":
        return f"the size did not hold: {held}; {size.why}"
    start = f"the last run had started after {size.start_seconds or 0:.0f} s"
    if not trial.in_time:
        return f"the memory held ({held}), but {start}, and not within {trial.start_within_seconds:g} s"
    return f"the size HELD: {held}; {start}, {trial.start_within_seconds:g} s were allowed"


def attempt_line(attempt: AttemptRecord) -> str:
    """How one attempt ended."""
    told = f"{attempt.outcome}: {attempt.bursts_held} of {attempt.bursts} bursts held"
    return f"{told}; {attempt.why}" if attempt.why else told


def title_of(trial: TrialDocument) -> str:
    """What was tried."""
    runs = " + ".join(f"{count} {name}" for name, count in trial.peak.items() if count)
    return f"{trial.platform} size from {trial.result}, tried: {runs} runs at once"


def head(trial: TrialDocument) -> list[str]:
    """What was tried and on what, a line each; the first is the title."""
    lines = [
        title_of(trial) + ("  FORCED" if trial.forced else ""),
        f"Dagster {trial.dagster_version}, {trial.stack} stack: {trial.cpus:g} CPUs, "
        f"{trial.memory_bytes / MIB:,.0f} MiB, {trial.grpc_max_workers} gRPC workers",
    ]
    if trial.cpus != trial.cpus_recommended:
        lines.append(f"{trial.cpus_recommended:g} CPUs are recommended: times are those of {trial.cpus:g}")
    if trial.stack != trial.stack_measured:
        lines.append(f"the constants were measured on the {trial.stack_measured} stack")
    if trial.replicas > 1:
        lines.append(f"one of {trial.replicas} replicas, with the runs that fall on it at the peak")
    return lines


def notes(trial: TrialDocument) -> list[str]:
    """What was amiss in an attempt, and why a search ended early."""
    amiss = [f"{one.folder}: {one.why}" for one in ordered(trial) if one.why]
    return amiss + [f"no boundary in {one.axis}: {one.note}" for one in trial.boundaries if one.note]


def ordered(trial: TrialDocument) -> list[AttemptRecord]:
    """The attempts, that at the recommended size first."""
    return sorted(trial.attempts, key=lambda one: (one.folder != "size", -one.memory_bytes, one.runs))


def attempt_row(attempt: AttemptRecord) -> Row:
    """An attempt as cells under `ATTEMPTS`."""
    peak = attempt.memory_peak_bytes
    return (
        f"{attempt.memory_bytes / MIB:,.0f} MiB",
        f"{attempt.cpus:g}",
        str(attempt.runs),
        f"{attempt.bursts_held} of {attempt.bursts}",
        attempt.outcome,
        "-" if peak is None else f"{peak / MIB:,.0f} MiB",
        "-" if peak is None else f"{peak / attempt.memory_bytes:.0%}",
        _seconds(attempt.start_seconds),
        _seconds(attempt.answer_seconds),
        _seconds(attempt.throttled_seconds),
    )


def _attempts(trial: TrialDocument) -> list[Row]:
    """Every attempt as cells under `ATTEMPTS`, with a bar of what it used of its limit."""
    at = ATTEMPTS.index(OF_LIMIT)
    rows = [(attempt_row(one), used(one.memory_peak_bytes, one.memory_bytes)) for one in ordered(trial)]
    return [(*row[:at], bar, *row[at + 1 :]) for row, bar in rows]


def boundary_row(one: BoundaryRecord) -> Row:
    """A boundary as cells under `BOUNDARIES`."""
    what = "runs at once" if one.axis == "runs" else f"memory for {one.runs} runs"
    if one.memory_bytes is not None:
        what += f" in {one.memory_bytes / MIB:,.0f} MiB"

    def figure(value: float | None) -> str:
        if value is None:
            return "-"
        return f"{value:.0f}" if one.axis == "runs" else f"{value / MIB:,.0f} MiB"

    off = "-"
    if one.off is not None:
        off = f"{one.off:+.0f}" if one.axis == "runs" else f"{one.off / one.predicted:+.1%}"
    return (
        what,
        figure(one.recommended),
        f"{figure(one.predicted)} ({figure(one.predicted_low)} to {figure(one.predicted_high)})",
        figure(one.held),
        figure(one.broke),
        off,
        "-" if one.margin is None else f"{one.margin:.0%}",
    )


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f} s"


def _table(header: Row, rows: list[Row]) -> str:
    return "\n".join(markdown_table((header, tuple(rows))))
