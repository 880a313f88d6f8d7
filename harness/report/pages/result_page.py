"""The page of a result: the formula with its measured constants, and every picture of what was measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import pandas as pd

from harness.report import observed_text, text
from harness.report.pages.page import Section, Titled, render
from harness.report.pictures.cell import cell_pictures, not_drawn
from harness.report.pictures.observed_pictures import observed_pictures
from harness.report.pictures.picture import Picture
from harness.results.columns import PREDICTED
from harness.results.observed_record import ObservedRecord
from harness.results.result_document import CellRecord, ConstantRecord, ResultDocument
from harness.views.raw import Tables
from harness.views.sizes import size_inputs

BADGES = {"valid": "good", "invalid": "bad", "inconclusive": "open"}
_FORMULAS = (
    ("memory", "base_memory_bytes", "memory_per_run_bytes", "runs at once"),
    ("CPU", "base_cpu_cores", "cpu_seconds_per_run", "launches per second"),
    ("memory", "base_memory_bytes", "memory_per_tick_bytes", "ticks at once"),
    ("CPU", "base_cpu_cores", "cpu_seconds_per_tick", "ticks per second"),
)


@dataclass(frozen=True)
class Answer:
    """The formula of one cell, filled in."""

    title: str
    setting: str
    formulas: tuple[str, ...]
    source: str
    """What their constants are fitted to; empty where there is no formula."""
    why_none: str
    """Why there is no formula; empty where there is one."""


def render_result(document: ResultDocument, tables: Tables) -> str:
    """The page of a result, finished or not.

    Args:
        document: with its levels.
        tables: raw tables by name; any may be empty, or lack columns.
    """
    sections = tuple(
        _section(document, cell, tables, number) for number, cell in enumerate(document.cells, 1)
    )
    observed = document.observed
    if observed is not None:
        sections = (_observed_section(observed, document.cells, tables), *sections)
    if (time := text.time_table(document))[1]:
        note = "From result.json; without writing this page."
        sections += (Section("time", text.TIME, tables=(Titled("Seconds by stage", time, note),)),)
    inputs = size_inputs(document, tables.get("runs", pd.DataFrame()))
    context = {
        "validity": text.headline(document),
        "badge": BADGES[document.validity.state],
        "reasons": text.reasons(document),
        "machine": document.fingerprint.in_a_line if observed is None else observed_text.headline(observed),
        "origin": _origin(document),
        "fitted_to": "bursts.parquet" if observed is None else "scrapes.parquet and runs.parquet",
        "answers": [_answer(cell) for cell in document.cells],
        "inputs": inputs,
        "inputs_data": [asdict(one) for one in inputs],
        "not_drawn": "" if observed is not None else not_drawn(document, tables),
        "counts": {name: len(table) for name, table in tables.items() if len(table)},
    }
    return render("result.html.j2", document.name, sections, context, ("size.js",))


def main_pictures(document: ResultDocument, tables: Tables) -> tuple[Picture, ...]:
    """Those worth a file of their own: of every cell the peaks with the fit, and memory over time."""
    return tuple(
        picture
        for number, cell in enumerate(document.cells, 1)
        for picture in cell_pictures(document, cell, tables, number, main_only=True)
    )


def _origin(document: ResultDocument) -> str:
    if document.observed is not None:
        load = document.observed.own_load
        what = "that others load, as it ran" if load is None else f"under {load.bursts} bursts of our own"
        return f"Observed {document.created_at}: a deployment {what}."
    return (
        f"Measured {document.created_at} on the {document.stack} stack with the scenario "
        f"{document.scenario.name}."
    )


def _observed_section(observed: ObservedRecord, cells: Sequence[CellRecord], tables: Tables) -> Section:
    """What all kinds of runs have in common, as they share a server."""
    found = [
        Titled("Lives of the server", observed_text.lives_table(observed), "From the source of metrics.")
    ]
    if cells and cells[0].levels:
        note = "From scrapes.parquet and runs.parquet: means over readings."
        found.append(Titled(observed_text.LEVELS, observed_text.levels_table(cells[0], drawn=False), note))
    return Section(
        "observed",
        "The deployment",
        pictures=observed_pictures(observed, tables.get(PREDICTED, pd.DataFrame())),
        tables=tuple(found),
        notes=observed_text.lines(observed),
    )


def _answer(cell: CellRecord) -> Answer:
    known = {one.name: one for one in cell.constants if one.value is not None}
    whole = [formula for formula in _FORMULAS if formula[1] in known and formula[2] in known]
    formulas = tuple(
        f"{what} = {_term(known[base])} + {_term(known[per])} × {count}" for what, base, per, count in whole
    )
    used = [known[name] for _, base, per, _ in whole for name in (base, per)]
    source = "; ".join(f"{one.name}: {one.source} ({text.behind(cell, one)})" for one in used)
    reason = next((one.reason for one in cell.constants if one.reason), "no constants were fitted")
    title = f"{cell.workload}, Dagster {cell.dagster_version}"
    return Answer(title, text.setting(cell), formulas, source, "" if formulas else reason)


def _term(constant: ConstantRecord) -> str:
    return f"{text.quantity(constant.value, constant.unit)} [{text.interval(constant)}]"


def _section(document: ResultDocument, cell: CellRecord, tables: Tables, number: int) -> Section:
    if document.observed is not None:
        constants = Titled("Constants", text.constants_table(cell), "; ".join(_told_sources(cell)))
        return Section(
            f"cell-{number}",
            f"{cell.workload} {cell.dagster_version}",
            lead=text.setting(cell),
            tables=(constants,),
        )
    found = [
        Titled(title, table, note)
        for title, table, note in (
            ("Constants", text.constants_table(cell), _sources(cell)),
            ("Peak memory by every measure", text.memory_table(cell), "From bursts.parquet: means by level."),
            (text.PEAK, text.peak_table(cell), text.PEAK_SOURCE),
            ("Work", text.work_table(cell), "From bursts.parquet: means by level."),
            ("Pings", text.pings_table(cell), "From pings.parquet and bursts.parquet: means by level."),
            ("Code servers", text.replicas_table(cell), "From replicas.parquet: all bursts."),
        )
        if table[1]
    ]
    return Section(
        f"cell-{number}",
        f"{cell.workload} {cell.dagster_version}",
        lead=text.setting(cell),
        pictures=cell_pictures(document, cell, tables, number),
        tables=tuple(found),
        notes=(*text.design(document.scenario, cell), *text.start(cell), *text.events(cell)),
    )


def _sources(cell: CellRecord) -> str:
    return "From bursts.parquet. " + "; ".join(_told_sources(cell))


def _told_sources(cell: CellRecord) -> list[str]:
    return [f"{one.name}: {one.source}" for one in cell.constants]
