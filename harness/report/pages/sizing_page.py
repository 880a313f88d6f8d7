"""The page of a size: what to deploy, the sums behind it, and what it comes to on each platform."""

from __future__ import annotations

from dataclasses import dataclass

from harness.report.pages.page import Section, Titled, render
from harness.report.pictures.terms import terms_picture
from harness.report.sizing_text import (
    NEEDS,
    OFFERS,
    PEAKS,
    RULES,
    START,
    TITLES,
    demanded,
    needs,
    notes,
    offer,
    peaks,
    shapes_table,
)
from harness.report.text import quantity
from harness.results.sizing_document import SizingDocument

_PICTURED = ("memory", "cpu")
_UNITS = {"_bytes": "bytes", "_seconds": "seconds", "_cores": "cores"}


@dataclass(frozen=True)
class Answer:
    """One figure of the size to deploy."""

    name: str
    value: str
    note: str


def render_sizing_page(sizing: SizingDocument) -> str:
    """The page of a size."""
    offered = any(one.memory_bytes is not None for one in sizing.shapes)
    each = "" if sizing.replicas.replicas == 1 else f", each of {sizing.replicas.replicas} replicas"
    context = {
        "warnings": sizing.warnings,
        "forced": sizing.forced,
        "offered": offered,
        "result": sizing.result,
        "created_at": sizing.created_at,
        "answers": _answers(sizing),
        "shapes": Titled(f"Smallest size that meets the target{each}", shapes_table(sizing)),
        "why_replicas": sizing.replicas.why,
    }
    sections = (*_sums(sizing), _demand(sizing), _replicas(sizing), *_prices(sizing))
    title = f"Size of {sizing.location or 'the code server'}, from {sizing.result}"
    return render("sizing.html.j2", title, sections, context, ())


def _answers(sizing: SizingDocument) -> tuple[Answer, ...]:
    """The size at the target; a platform offers the next larger one."""
    runs = f"for {sizing.peak.total} runs at once"
    units: dict[str, str] = {one.name: one.unit for one in sizing.quantities}
    answers = []
    for name, title in (
        ("memory", "Memory"),
        ("cpu", "CPUs"),
        ("grpc_max_workers", TITLES["grpc_max_workers"]),
    ):
        need = sizing.target(name)
        value = f"{need.total:g}" if units[name] == "workers" else quantity(need.total, units[name])
        decided = f"; decided by {need.binds}" if need.binds else ""
        answers.append(Answer(title, value, f"at least, {runs}{decided}"))
    held = "-" if sizing.cap is None else str(sizing.cap)
    answers.append(Answer("max_concurrent_runs", held, "runs at once that every size below holds"))
    return (*answers, Answer("Replicas", str(sizing.replicas.replicas), sizing.replicas.why))


def _sums(sizing: SizingDocument) -> tuple[Section, ...]:
    tables = tuple(
        Titled(TITLES[one.name], (NEEDS, tuple(needs(one)))) for one in sizing.quantities if one.needs
    )
    pictures = tuple(terms_picture(one) for one in sizing.quantities if one.name in _PICTURED and one.needs)
    lead = (
        "Lower: the peak of every second day with the constants as fitted, and CPU that keeps up with the "
        "launches on average. Target: the peak that binds, with the upper ends of the constants' 95 % "
        "intervals, and CPU that starts all runs in time if they come at once. Upper: the same for a peak "
        "that is ten times rarer."
    )
    started = START.format(sizing.start_within_seconds)
    return (Section("sums", "The sums", lead, pictures, tables, (started, *notes(sizing)), "words"),)


def _demand(sizing: SizingDocument) -> Section:
    rows = tuple(
        (
            kind.workload,
            cost.name,
            quantity(cost.value, unit),
            f"{quantity(cost.low, unit)} to {quantity(cost.high, unit)}",
            str(cost.bursts),
            f"{kind.concurrency_measured:g}",
        )
        for kind in sizing.kinds
        for cost in kind.costs
        for unit in [_unit(cost.name)]
    )
    observed = sizing.present is not None
    behind, tables = (
        ("blocks", "scrapes.parquet and runs.parquet") if observed else ("bursts", "bursts.parquet")
    )
    header = ("workload", "constant", "value", "95 % interval", behind, "most runs at once measured")
    source = f"From result.json of {sizing.result}, fitted to its {tables}."
    return Section(
        "demand",
        "Demand and costs",
        notes=(*map(demanded, sizing.kinds), *((f"rests on {sizing.rests_on}",) if sizing.rests_on else ())),
        look="words",
        tables=(
            Titled("Runs at once", (PEAKS, tuple(peaks(sizing))), "From sizing.json: peaks."),
            Titled("Constants", (header, rows), source),
        ),
    )


def _unit(constant: str) -> str:
    """A constant tells its unit by its name."""
    return next((unit for word, unit in _UNITS.items() if word in constant), "")


def _replicas(sizing: SizingDocument) -> Section:
    replicas = sizing.replicas
    layouts = tuple(
        (
            str(one.replicas),
            quantity(one.memory_bytes, "bytes"),
            str(one.lost_runs),
            quantity(one.lost_run_seconds, "s"),
        )
        for one in replicas.layouts
    )
    header = ("replicas", "memory of all together", "runs lost with one", "run time to be done again")
    rules = tuple((one.name, one.favours, one.why) for one in replicas.rules)
    tables = (
        *((Titled("Layouts", (header, layouts), "From sizing.json: replicas.layouts."),) if layouts else ()),
        *((Titled("The guide's rules", (RULES, rules)),) if rules else ()),
    )
    accepted = f"run time that may be lost with one server: {replicas.acceptable_loss_seconds:g} s"
    return Section(
        "replicas", "One server or replicas", replicas.why, tables=tables, notes=(accepted,), look="words"
    )


def _prices(sizing: SizingDocument) -> tuple[Section, ...]:
    prices = sizing.prices
    if prices is None:
        return ()
    title = f"Cost per month of {prices.hours_per_month:g} hours"
    rows = tuple(offer(one, prices.currency) for one in prices.offers)
    if not rows:
        lead = f"Nothing on offer in {prices.file} is large enough."
        return (Section("prices", "Prices", lead),)
    lead = f"By {prices.file}, cheapest first."
    return (Section("prices", "Prices", lead, tables=(Titled(title, (OFFERS, rows)),)),)
