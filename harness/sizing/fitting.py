"""Fit the constants of every cell of a result from its `bursts` table.

Everything here can be recomputed from the raw tables by `dagster-sizing fit RESULT`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
import pandas as pd

from harness.errors import InvalidResultError
from harness.model import constants as registry
from harness.model.bursts import Bursts, Fired
from harness.model.constants import Constant, fit_constants
from harness.model.definition import Points
from harness.model.intervals import NotEstimable
from harness.model.leak_rule import is_leak
from harness.model.linear import Array
from harness.results.result_document import (
    LEVEL_MEANS,
    CellRecord,
    ConstantRecord,
    LevelRecord,
    Reason,
    ReplicaRecord,
    ResultDocument,
)
from harness.results.table_schema import filled
from harness.sizing.apart import apart_of

MIB = 2**20
LEAK = "leak"
"""Code of the reason that tells of one."""
BEFORE = "ended_before"
"""A column that `measured_bursts` adds: runs or ticks that had ended before the burst."""
_OF_TICKS_AND_PINGS = (
    "tick_seconds_max",
    "ping_seconds_max",
    "requests_running_max",
    "requests_queued_max",
)
"""Further columns of which a level has the mean."""


def fit_result(
    document: ResultDocument,
    bursts: pd.DataFrame,
    replicas: pd.DataFrame,
    processes: pd.DataFrame | None = None,
    force: bool = False,
) -> ResultDocument:
    """The document with constants, levels and replicas of every measured cell.

    Args:
        document: valid.
        bursts: table of them.
        replicas: table of what each code server did.
        processes: table of them, for what health checks cost; that is not told without it.
        force: fit although the result is not valid.

    Raises:
        InvalidResultError: the result is not valid and `force` was not given.
    """
    if document.validity.state != "valid" and not force:
        why = next(
            (r.message for r in document.validity.reasons if r.severity != "note"), "no reason recorded"
        )
        raise InvalidResultError(
            f"{document.name}: result is {document.validity.state} ({why}); "
            "it can be fitted with --force, and will say so everywhere"
        )
    seed = document.scenario.seed
    seen = pd.DataFrame() if processes is None else processes
    cells = tuple(_fit_cell(cell, bursts, seen, seed) for cell in document.cells)
    reasons = tuple(one for one in document.validity.reasons if one.code != LEAK)
    reasons += tuple(reason for cell in cells for reason in _leak_reasons(cell))
    fitted = document.model_copy(
        update={
            "cells": cells,
            "forced": document.validity.state != "valid",
            "validity": document.validity.model_copy(update={"reasons": reasons}),
        }
    )
    return with_levels(fitted, bursts, replicas)


def with_levels(document: ResultDocument, bursts: pd.DataFrame, replicas: pd.DataFrame) -> ResultDocument:
    """The document with its tables by level and replica: all that a result that is not valid may show."""
    cells = tuple(
        cell.model_copy(
            update={
                "levels": level_records(measured_bursts(bursts, cell.cell_id)),
                "replica_records": replica_records(replicas, cell.cell_id),
            }
        )
        for cell in document.cells
    )
    return document.model_copy(update={"cells": cells})


def measured_bursts(bursts: pd.DataFrame, cell_id: str) -> pd.DataFrame:
    """The rows of one cell that count, drained and no warm-up, in their order, and with `BEFORE`."""
    if bursts.empty:
        return bursts
    rows = bursts[bursts["cell_id"] == cell_id].sort_values("burst", kind="stable")
    rows = rows.assign(**{BEFORE: _ended_before(filled("bursts", rows))})
    return rows[(rows["phase"] == "measure") & rows["drained"].astype(bool)]


def _ended_before(rows: pd.DataFrame) -> pd.Series:
    """Runs, or ticks where none were fired, that ended since the server started and before each burst."""
    ended = rows["runs_succeeded"] + rows["runs_failed"]
    if len(rows) and fired_of(rows) == "ticks":
        ended = rows["ticks_evaluated"]
    ended = pd.to_numeric(ended).astype(float).fillna(0.0)
    lives = (
        (rows["lost_replica"] != "").shift(1, fill_value=False).cumsum()
    )  # a new server is a new beginning
    return ended.groupby(lives).cumsum() - ended


def fired_of(rows: pd.DataFrame) -> Fired:
    """Whether these bursts fired ticks alone, or runs."""
    return "ticks" if "ticks" in rows and bool((rows["launches"] == 0).all()) else "runs"


def as_bursts(
    rows: pd.DataFrame, apart: Mapping[str, Array] = MappingProxyType({}), chosen: bool = False
) -> Bursts:
    """Rows of `measured_bursts` as the model takes them; a column without any value was not measured.

    Args:
        rows: of one cell.
        apart: what was measured apart from them, by constant.
        chosen: whether memory per run decided how many there are.
    """
    fired = fired_of(rows)

    def column(name: str) -> Array:
        return pd.to_numeric(rows[name]).to_numpy(dtype=float, na_value=np.nan)

    known = [name for name in registry.columns_needed() if name in rows and rows[name].notna().any()]
    ticks = fired == "ticks"
    return Bursts(
        fired=fired,
        concurrency=column("tick_concurrency_peak" if ticks else "concurrency_peak"),
        ended=column("ticks_evaluated") if ticks else column("runs_succeeded") + column("runs_failed"),
        before=column(BEFORE),
        columns={name: column(name) for name in known},
        chosen=chosen,
        apart=apart,
    )


def points_of(rows: pd.DataFrame) -> dict[str, Points]:
    """The points of every constant that these bursts can give: of ticks where they fired no runs."""
    return registry.points_of(as_bursts(rows))


def level_records(rows: pd.DataFrame) -> tuple[LevelRecord, ...]:
    """Means by level, in rising order."""
    records = []
    rows = filled("bursts", rows)
    peak = "tick_concurrency_peak" if len(rows) and fired_of(rows) == "ticks" else "concurrency_peak"
    for level, group in rows.groupby("level") if len(rows) else ():
        means = {name: _mean(group[name]) for name in (*LEVEL_MEANS, *_OF_TICKS_AND_PINGS)}
        ended = group["runs_succeeded"].sum() + group["runs_failed"].sum()
        records.append(
            LevelRecord(
                level=int(str(level)),
                bursts=len(group),
                concurrency=float(group[peak].mean()),
                run_seconds_mean=float(group["run_seconds"].sum() / ended) if ended else None,
                **means,
            )
        )
    return tuple(records)


def replica_records(replicas: pd.DataFrame, cell_id: str) -> tuple[ReplicaRecord, ...]:
    """What each replica of a cell did."""
    rows = replicas[replicas["cell_id"] == cell_id] if len(replicas) else replicas
    return tuple(
        ReplicaRecord(
            name=str(name),
            runs=int(group["runs"].sum()),
            runs_succeeded=int(group["runs_succeeded"].sum()),
            memory_peak_bytes=_finite(float(pd.to_numeric(group["memory_peak_bytes"]).max())),
            cpu_seconds=_finite(float(pd.to_numeric(group["cpu_seconds"]).sum())),
            throttled_seconds=_finite(float(pd.to_numeric(group["throttled_seconds"]).sum())),
            oom_kills=int(group["oom_kills"].sum()),
        )
        for name, group in (rows.groupby("replica") if len(rows) else ())
    )


def _fit_cell(cell: CellRecord, bursts: pd.DataFrame, processes: pd.DataFrame, seed: int) -> CellRecord:
    rows = measured_bursts(bursts, cell.cell_id)
    if rows.empty:
        return cell.model_copy(update={"constants": ()})
    chosen = cell.width is not None
    fitted = fit_constants(as_bursts(rows, apart_of(cell, bursts, processes), chosen), seed)
    return cell.model_copy(
        update={
            "constants": tuple(_record(constant, cell.replicas) for constant in fitted.values()),
            "sampler_cpu_cores": _mean(rows["sampler_cpu_cores"]),
        }
    )


def _leak_reasons(cell: CellRecord) -> tuple[Reason, ...]:
    """A note for each leak: the result is of use all the same, as what leaks is taken out of it."""
    return tuple(
        Reason(
            severity="note",
            code=LEAK,
            cell=cell.cell_id,
            message=f"idle memory grew by {one.value / MIB:.2f} MiB with each {one.name.rpartition('_')[2]} "
            f"({one.low / MIB:.2f} to {one.high / MIB:.2f}), for good; the other constants are without it",
        )
        for one in cell.constants
        if is_leak(one.name, one.low)
        and one.value is not None
        and one.low is not None
        and one.high is not None
    )


def _record(constant: Constant, replicas: int) -> ConstantRecord:
    """The constant as the result keeps it; what was fitted to all replicas together is told of one server."""
    definition, estimate, lack = constant.definition, constant.estimate, constant.lack_of_fit
    value = low = high = None
    if not isinstance(estimate, NotEstimable):
        share = replicas if definition.of_one_server else 1
        value, low, high = estimate.value / share, estimate.low / share, estimate.high / share
    return ConstantRecord(
        name=definition.name,
        unit=definition.unit,
        meaning=definition.meaning,
        source=definition.source,
        value=value,
        low=low,
        high=high,
        bursts=estimate.n,
        reason=estimate.reason if isinstance(estimate, NotEstimable) else "",
        lack_of_fit_p_value=None if lack is None else _finite(lack.p_value),
        lack_of_fit_max_deviation=None if lack is None else _finite(lack.max_relative_deviation),
        lacks_fit=None if lack is None else bool(lack.lacks_fit),
    )


def _mean(values: pd.Series) -> float | None:
    return _finite(float(pd.to_numeric(values).mean()))


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
