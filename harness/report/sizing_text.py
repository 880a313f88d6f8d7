"""A size on the terminal: the demand, every sum, and what it comes to on each platform."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape

from harness.report.bars import bars
from harness.report.table import print_table
from harness.report.text import MIB, Table, quantity, with_column
from harness.results.sizing_document import (
    HEALTH_CHECK,
    LEAKED,
    RELOAD,
    KindRecord,
    OfferRecord,
    PricesRecord,
    QuantityRecord,
    ReplicasRecord,
    SizingDocument,
    TermRecord,
)

OFFERS_SHOWN = 8
_WORDS = ("how", "", "sum", "decided by", "favours", "why", "size")
START = "a burst shall have started within {:g} s"
PEAKS = ("peak", "runs", "how", "")
NEEDS = ("bound", "runs", "sum", "needed", "decided by")
RULES = ("rule", "favours", "why")
OFFERS = ("platform", "size", "replicas", "cost")
TITLES = {"memory": "Memory", "cpu": "CPU", "grpc_max_workers": "DAGSTER_GRPC_MAX_WORKERS"}


def print_sizing(sizing: SizingDocument, console: Console) -> None:
    """Print a size with all its terms."""
    title = f"\n[bold]size from {escape(sizing.result)}[/bold]"
    console.print(title + ("  [red]forced[/red]" if sizing.forced else ""))
    for warning in sizing.warnings:
        console.print(f"- {warning}", style="yellow", markup=False, highlight=False, soft_wrap=True)
    for kind in sizing.kinds:
        console.print(demanded(kind), markup=False, highlight=False, soft_wrap=True)
    if sizing.rests_on:
        console.print(f"rests on {sizing.rests_on}", style="dim", highlight=False, soft_wrap=True)
    drawn = bars([peak.total for peak in sizing.peaks])
    _print(console, "Runs at once", with_column((PEAKS, tuple(peaks(sizing))), "runs", "", drawn))
    for one in sizing.quantities:
        _print(console, TITLES[one.name], (NEEDS, tuple(needs(one))))
    console.print()
    console.print(START.format(sizing.start_within_seconds), style="dim", highlight=False)
    for note in notes(sizing):
        console.print(note, style="dim", highlight=False, soft_wrap=True)
    _print_replicas(sizing.replicas, console)
    of_each = "" if sizing.replicas.replicas == 1 else f", each of {sizing.replicas.replicas} replicas"
    _print(console, f"Smallest size that meets the target{of_each}", shapes_table(sizing))
    if sizing.prices is not None:
        _print_prices(sizing.prices, console)


def demanded(kind: KindRecord) -> str:
    """The demand of one kind of run, in a line."""
    return (
        f"{kind.workload}, Dagster {kind.dagster_version}: {kind.average:.4g} runs in progress on "
        f"average, {kind.average_existing:.4g} of their processes; "
        f"{kind.launches_per_second * 3600:.4g} launches per hour"
    )


def waits(sizing: SizingDocument) -> list[str]:
    """What becomes of the runs over a cap that was asked for."""
    of = sizing.waiting
    if of is None:
        return []
    if not of.cuts:
        return [
            f"the cap of {of.cap} that was asked for is no less than the peak of {of.total}: no run waits"
        ]
    return [
        f"the cap of {of.cap} that was asked for is below the peak of {of.total}: if all come at once, the "
        f"last starts within {of.seconds:.0f} s",
        "over the cap, runs wait in the queue of open source Dagster, where the daemon is up (the cap counts "
        "those of all code locations); without the queued coordinator nothing holds them back, and Dagster+ "
        "launches them isolated",
    ]


def notes(sizing: SizingDocument) -> list[str]:
    """What a size does not know of."""
    found = present(sizing) + leaking(sizing) + waits(sizing) + beside(sizing)
    if sizing.stack == "process":
        found.append(
            "measured in plain processes; containers take a little more, for which there is headroom: bench "
            "--stack compose measures it"
        )
    if not any(term.name == "ticks at once" for term in sizing.target("memory").terms):
        found.append("memory of ticks is not in the sum: none were measured (a `tick:` in the scenario does)")
    return found


def present(sizing: SizingDocument) -> list[str]:
    """What the observed server has, how near it came to that, and what the target would change."""
    of = sizing.present
    if of is None:
        return []
    day = of.worst_day
    left = "" if day.headroom is None else f", {day.headroom:.0%} below its limit then"
    memory = _change("memory", of.memory_limit_bytes, sizing.target("memory").total, "bytes")
    cpu = _change("CPU", of.cpu_limit_cores, sizing.target("cpu").total, "cores")
    return [
        f"at present: on the worst day that was seen, {day.day}, memory was "
        f"{quantity(day.memory_max_bytes, 'bytes')}{left}; {memory}; {cpu}"
    ]


def _change(what: str, now: float | None, target: float, unit: str) -> str:
    if now is None:
        return f"its limit of {what} is not known"
    more = target - now
    return (
        f"its limit of {what} is {quantity(now, unit)}, and the target is {quantity(abs(more), unit)} "
        f"{'more' if more > 0 else 'less'}"
    )


def _print_replicas(replicas: ReplicasRecord, console: Console) -> None:
    number = "one server" if replicas.replicas == 1 else f"{replicas.replicas} replicas"
    rows = tuple((rule.name, rule.favours, rule.why) for rule in replicas.rules)
    _print(console, f"One server or replicas: {number}", (RULES, rows))
    console.print()
    console.print(replicas.why, markup=False, highlight=False, soft_wrap=True)


def _print_prices(prices: PricesRecord, console: Console) -> None:
    shown = prices.offers[:OFFERS_SHOWN]
    rows = tuple(offer(one, prices.currency) for one in shown)
    drawn = bars([one.cost_per_month for one in shown])
    title = f"Cost per month of {prices.hours_per_month:g} hours, by {prices.file}"
    _print(console, title, with_column((OFFERS, rows), "cost", "", drawn))
    more = len(prices.offers) - len(shown)
    if not prices.offers:
        console.print("nothing on offer there is large enough", style="yellow", highlight=False)
    elif more:
        console.print(f"{more} dearer ones are in --format json", style="dim", highlight=False)


def offer(one: OfferRecord, currency: str) -> tuple[str, ...]:
    """A size with its price, as cells under `OFFERS`."""
    return one.platform, one.name, str(one.replicas), f"{one.cost_per_month:,.2f} {currency}"


def peaks(sizing: SizingDocument) -> list[tuple[str, ...]]:
    """Ways to tell how many runs must fit at once, as cells under `PEAKS`."""
    return [
        (
            peak.name,
            f"{peak.exact:.4g}" + (f" → {peak.total}" if peak.exact != peak.total else ""),
            peak.how,
            "binds" if peak.binds else "",
        )
        for peak in sizing.peaks
    ]


def needs(one: QuantityRecord) -> list[tuple[str, ...]]:
    """What is needed of a quantity at each bound, as cells under `NEEDS`."""
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
        if term.name == LEAKED:
            return f"{term.count:.3g} h × {cost} leaked"
        if term.name in (HEALTH_CHECK, RELOAD):
            return f"{cost} ({term.name})"
        return cost if term.name == "base" else f"{term.count:g} × {cost}"
    if term.name in ("base", HEALTH_CHECK):
        return quantity(term.cost, "cores") + ("" if term.name == "base" else f" ({term.name})")
    return f"{term.count:.4g} launches/s × {term.cost:.2f} CPU-s"


def leaking(sizing: SizingDocument) -> list[str]:
    """What a leak asks for."""
    leak = sizing.leak
    if leak is None:
        return []
    each = ", ".join(f"{quantity(size, 'bytes')} with each {name}" for name, size in leak.bytes_each.items())
    return [
        f"memory leaks: {each}; up to {quantity(leak.bytes_per_hour, 'bytes')} an hour. Restart the code "
        f"server every {hours(leak.restart_hours)}, when no run is in progress, as a restart ends them: "
        "memory for so long is in the sum. Better to mend it"
    ]


def beside(sizing: SizingDocument) -> list[str]:
    """What the webserver and the daemon need, and how to measure what is not known."""
    known = "; ".join(
        f"{one.name} {quantity(one.memory_bytes, 'bytes')}, {one.cpus:.2f} CPUs" for one in sizing.companions
    )
    said = [f"needed beside the code server: {known}"] if known else []
    names = {one.name for one in sizing.companions}
    if "webserver" not in names:
        said.append("what the webserver and the daemon need was not measured (sampling.companions_hz does)")
    elif "daemon" not in names:
        said.append("what the daemon needs was not measured (with dagster.coordinator: queued it is)")
    elif not any(one.ticks_measured for one in sizing.companions):
        said.append("without what ticks cost the daemon, which was not measured (load.ticking does)")
    return said


def hours(number: float) -> str:
    """A time of that many hours, in the unit that suits it."""
    if number >= 48:
        return f"{number / 24:,.0f} days"
    return f"{number:.3g} h" if number >= 1 else f"{number * 60:.2g} min"


def shapes_table(sizing: SizingDocument) -> Table:
    """The smallest size on each platform; of one that leaks, with the time until its limit."""
    header = ("platform", "CPUs", "memory", "max_concurrent_runs", "gRPC workers", "")
    rows = tuple(_shapes(sizing))
    if sizing.leak is None:
        return header, rows
    lasts = [
        "-" if one.memory_bytes is None else hours(sizing.leak.hours_until(one.memory_bytes))
        for one in sizing.shapes
    ]
    return with_column((header, rows), "memory", "full after", lasts)


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


def _print(console: Console, title: str, table: Table) -> None:
    console.print()
    print_table(console, title, *table, words=_WORDS)
