"""A size on the terminal: the demand, every sum, and what it comes to on each platform."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape
from rich.table import Table as RichTable

from harness.report.text import MIB, quantity
from harness.results.sizing import QuantityRecord, SizingDocument, TermRecord

_TITLES = {"memory": "Memory", "cpu": "CPU", "grpc_max_workers": "DAGSTER_GRPC_MAX_WORKERS"}


def print_sizing(sizing: SizingDocument, console: Console) -> None:
    """Print a size with all its terms."""
    title = f"\n[bold]size from {escape(sizing.result)}[/bold]"
    console.print(title + ("  [red]forced[/red]" if sizing.forced else ""))
    for warning in sizing.warnings:
        console.print(f"- {warning}", style="yellow", markup=False, highlight=False, soft_wrap=True)
    for kind in sizing.kinds:
        console.print(
            f"{kind.workload}, Dagster {kind.dagster_version}: {kind.average:.4g} runs in progress on "
            f"average, {kind.average_existing:.4g} of their processes; "
            f"{kind.launches_per_second * 3600:.4g} launches per hour",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )
    _print(console, "Runs at once", ("peak", "runs", "how", ""), _peaks(sizing))
    for one in sizing.quantities:
        _print(console, _TITLES[one.name], ("bound", "runs", "sum", "needed", "decided by"), _needs(one))
    console.print(
        f"a burst shall have started within {sizing.start_within_seconds:g} s", style="dim", highlight=False
    )
    columns = ("platform", "CPUs", "memory", "max_concurrent_runs", "gRPC workers", "")
    _print(console, "Smallest size that meets the target", columns, _shapes(sizing))


def _peaks(sizing: SizingDocument) -> list[tuple[str, ...]]:
    return [
        (
            peak.name,
            f"{peak.exact:.4g}" + (f" → {peak.total}" if peak.exact != peak.total else ""),
            peak.how,
            "binds" if peak.binds else "",
        )
        for peak in sizing.peaks
    ]


def _needs(one: QuantityRecord) -> list[tuple[str, ...]]:
    return [
        (
            need.bound,
            str(need.runs),
            " + ".join(_term(one.name, term) for term in need.terms),
            quantity(need.total, one.unit) if one.unit != "workers" else f"{need.total:g} workers",
            need.binds,
        )
        for need in one.needs
    ]


def _term(name: str, term: TermRecord) -> str:
    """One summand, so that the sum can be checked by hand."""
    if name == "grpc_max_workers":
        return f"{term.count:g} ({term.name})"
    if name == "memory":
        cost = quantity(term.cost, "bytes")
        return cost if term.name == "base" else f"{term.count:g} × {cost}"
    if term.name == "base":
        return quantity(term.cost, "cores")
    return f"{term.count:.4g} launches/s × {term.cost:.2f} CPU-s"


def _shapes(sizing: SizingDocument) -> list[tuple[str, ...]]:
    return [
        (
            shape.platform,
            "-" if shape.cpus is None else f"{shape.cpus:g}",
            "-" if shape.memory_bytes is None else f"{shape.memory_bytes / MIB:,.0f} MiB",
            "-" if shape.max_concurrent_runs is None else str(shape.max_concurrent_runs),
            "-" if shape.grpc_max_workers is None else str(shape.grpc_max_workers),
            shape.note,
        )
        for shape in sizing.shapes
    ]


def _print(console: Console, title: str, header: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    table = RichTable(title=title, title_justify="left", header_style="bold", pad_edge=False)
    for name in header:
        table.add_column(name, justify="right" if name in ("runs", "needed", "CPUs", "memory") else "left")
    for row in rows:
        table.add_row(*(escape(cell) for cell in row))
    console.print(table)
