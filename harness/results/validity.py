"""Whether a result may be used: pure rules over the bursts and the cells, each with its reason.

The thresholds are published here and in docs/method.md, and nowhere else.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import pandas as pd

from harness.results.result_document import CellRecord, Reason, Validity
from harness.results.table_schema import filled

FAILED_RUNS_INVALID = 0.05
MISSED_READINGS_INCONCLUSIVE = 0.05
MISSED_READINGS_INVALID = 0.20
STEAL_INCONCLUSIVE = 0.05
CLOCK_STEP_SECONDS = 0.1
"""One reading at 10 Hz; what NTP corrects smoothly is at most 0.03 s a minute."""
CLOCK_OFFSET_SECONDS = 0.05
"""Half a reading at 10 Hz; machines that keep time by NTP are well within it."""
NODE_FULL = 0.95
"""Share of a node's CPU that is busy where what others take is taken from the code server."""
MISSED_PEAK_NOTE = 0.05
_CLOCKS = {
    "server_clock_offset_seconds": (
        "the code servers' machine",
        "launches and what they did do not fit together",
    ),
    "generator_clock_offset_seconds": ("a load generator's machine", "launches did not go out together"),
}
"""Columns of clocks that are not this machine's: whose, and what comes of it where they are apart."""
DAGSTER_GIVES_UP_SECONDS = 60.0
"""DAGSTER_GRPC_TIMEOUT_SECONDS where nobody sets it; the harness does."""
SLOW_ANSWER_SECONDS = DAGSTER_GIVES_UP_SECONDS / 2


def judge(cells: Iterable[CellRecord], bursts: pd.DataFrame) -> Validity:
    """Judge a whole result; `bursts` has one row per burst, warm-up included."""
    reasons: list[Reason] = []
    bursts = filled("bursts", bursts)
    for cell in cells:
        rows = bursts[bursts["cell_id"] == cell.cell_id] if len(bursts) else bursts
        measured = rows[rows["phase"] == "measure"] if len(rows) else rows
        reasons += _of_cell(cell)
        reasons += _measured_again(cell.cell_id, rows[rows["phase"] == "disturbed"] if len(rows) else rows)
        if len(measured):
            reasons += _of_bursts(cell, measured)
    severities = {reason.severity for reason in reasons}
    if "invalid" in severities:
        return Validity(state="invalid", reasons=tuple(reasons))
    if "inconclusive" in severities:
        return Validity(state="inconclusive", reasons=tuple(reasons))
    return Validity(state="valid", reasons=tuple(reasons))


def clock_was_set(step_seconds: float) -> bool:
    """Whether the machine's clock moved so far during a burst that it was set; not where nobody knows."""
    return abs(step_seconds) > CLOCK_STEP_SECONDS


def _measured_again(cell_id: str, disturbed: pd.DataFrame) -> list[Reason]:
    if disturbed.empty:
        return []
    clock = sum(map(clock_was_set, disturbed["clock_step_seconds"]))
    told = {
        "as the hypervisor had taken CPU from them": len(disturbed) - clock,
        "as the machine's clock had been set meanwhile": clock,
    }
    return [
        _reason("note", "measured-again", f"{bursts} bursts were measured again, {why}", cell_id)
        for why, bursts in told.items()
        if bursts
    ]


def _of_cell(cell: CellRecord) -> list[Reason]:
    found: list[Reason] = []
    if cell.failure:
        found.append(_reason("invalid", "broke-off", cell.failure, cell.cell_id))
    elif cell.state != "finished":
        message = "not measured yet" if cell.state == "pending" else "broken off before its last burst"
        found.append(
            _reason("inconclusive", "not-finished", f"{message}; finish it with --resume", cell.cell_id)
        )
    width = cell.width
    if width is not None and width.stopped == "most bursts":
        reached = "no interval" if width.reached is None else f"±{width.reached:.1%}"
        message = f"±{width.asked:.1%} was asked for, and {width.most_bursts} bursts gave {reached}"
        found.append(_reason("note", "width-not-reached", f"{message}; raise load.repeats", cell.cell_id))
    if cell.limits is not None and not cell.limits.enforced:
        message = (
            f"limits: not enforced ({cell.limits.reason}); memory is the sum of PSS over the process tree"
        )
        found.append(_reason("note", "limits-not-enforced", message, cell.cell_id))
    if cell.warmup_settled is False:
        message = f"launch cost had not settled after {cell.warmup_bursts} warm-up bursts"
        found.append(_reason("note", "not-settled", message, cell.cell_id))
    return found


def _of_bursts(cell: CellRecord, rows: pd.DataFrame) -> list[Reason]:
    found: list[Reason] = []
    cell_id = cell.cell_id
    launched = int(rows["launches"].sum())
    bad = launched - int(rows["runs_succeeded"].sum())
    if bad:
        severity = "invalid" if bad > FAILED_RUNS_INVALID * launched else "inconclusive"
        message = f"{bad} of {launched} launches did not end in SUCCESS{_said(rows)}"
        found.append(_reason(severity, "failed-runs", message, cell_id))
    asked, evaluated = (int(rows[name].sum()) for name in ("ticks", "ticks_evaluated"))
    if evaluated < asked:
        severity = "invalid" if asked - evaluated > FAILED_RUNS_INVALID * asked else "inconclusive"
        message = f"{asked - evaluated} of {asked} ticks were not evaluated{_said(rows)}"
        found.append(_reason(severity, "failed-ticks", message, cell_id))
    left = float(rows["processes_left"].max())
    if left > 0:
        number = "1 process" if left == 1 else f"up to {left:.0f} processes"
        message = f"{number} outlived the runs that had started them; let the job end what it starts"
        found.append(_reason("invalid", "left-behind", message, cell_id))
    if rows["oom_kills"].sum() > 0:
        told = [text for text in rows["oom_victims"] if text]
        whom = f" ({'; '.join(told)})" if told else ""
        kills = int(rows["oom_kills"].sum())
        message = f"the kernel killed {kills} processes at the memory limit{whom}; raise it"
        found.append(_reason("invalid", "oom-kill", message, cell_id))
    slowest = float(rows["launch_seconds_max"].max())
    if slowest > SLOW_ANSWER_SECONDS:
        message = (
            f"a launch took {slowest:.0f}s to be answered; by itself Dagster gives up after "
            f"{DAGSTER_GIVES_UP_SECONDS:.0f}s, so set DAGSTER_GRPC_TIMEOUT_SECONDS={math.ceil(2 * slowest)} "
            "for the webserver and the daemon"
        )
        found.append(_reason("note", "slow-answer", message, cell_id))
    if rows["generator_saturated"].any():
        count = int(rows["generator_saturated"].sum())
        message = (
            f"the load generator could not keep its schedule in {count} bursts; give it a core or processes"
        )
        found.append(_reason("invalid", "generator-saturated", message, cell_id))
    lost = rows["lost_replica"] != ""
    if lost.any():
        causes = ", ".join(sorted(set(rows.loc[lost, "lost_cause"])))
        message = f"a code server was lost in {int(lost.sum())} bursts ({causes}) and started again"
        found.append(_reason("invalid", "server-lost", message, cell_id))
    if not rows.loc[~lost, "drained"].all():
        count = int((~rows.loc[~lost, "drained"].astype(bool)).sum())
        message = f"{count} bursts did not drain within the time-out; raise timeouts.drain"
        found.append(_reason("invalid", "not-drained", message, cell_id))
    read, unread = rows["readings"].sum(), rows["missed_readings"].sum()
    missed = float(unread / max(read + unread, 1))
    if missed > MISSED_READINGS_INCONCLUSIVE:
        severity = "invalid" if missed > MISSED_READINGS_INVALID else "inconclusive"
        message = f"the sampler missed {missed:.0%} of its readings; peaks may be too low"
        found.append(_reason(severity, "missed-readings", message, cell_id))
    found += _of_machines(cell_id, rows)
    found += _of_nodes(cell, rows)
    gap = (rows["watermark_bytes"] / rows["usage_peak_bytes"] - 1).max()
    if pd.notna(gap) and gap > MISSED_PEAK_NOTE:
        message = (
            f"the kernel's watermark was up to {gap:.0%} above the sampled peak; raise sampling.cgroup_hz"
        )
        found.append(_reason("note", "missed-peak", message, cell_id))
    return found


def _of_machines(cell_id: str, rows: pd.DataFrame) -> list[Reason]:
    """What the machine that is measured, and that which measures, did meanwhile."""
    found: list[Reason] = []
    steal = float(rows["host_steal_fraction"].max())
    if steal > STEAL_INCONCLUSIVE:
        message = f"the hypervisor took {steal:.0%} of the CPU during a burst; measure on a quieter machine"
        found.append(_reason("inconclusive", "steal", message, cell_id))
    stepped = list(filter(clock_was_set, rows["clock_step_seconds"]))
    if stepped:
        farthest = max(stepped, key=abs)
        message = (
            f"the machine's clock was set by {farthest:+.1f}s during {len(stepped)} bursts, so that what was "
            "read and what ran do not fit together; stop what sets it"
        )
        found.append(_reason("inconclusive", "clock-set", message, cell_id))
    for name, (whose, so_that) in _CLOCKS.items():
        offset = max(rows[name].fillna(0.0), key=abs)
        if abs(offset) > CLOCK_OFFSET_SECONDS:
            message = (
                f"the clock of {whose} was {offset:+.2f}s off this one's, so that {so_that}; keep the time "
                "of both by NTP"
            )
            found.append(_reason("inconclusive", "clocks-apart", message, cell_id))
    shared = rows["others"] > 0
    if shared.any():
        message = (
            f"another experiment was measuring on the same machine during {int(shared.sum())} bursts, and "
            "each took CPU from the other; measure them one after the other"
        )
        found.append(_reason("inconclusive", "not-alone", message, cell_id))
    return found


def _of_nodes(cell: CellRecord, rows: pd.DataFrame) -> list[Reason]:
    """What the cluster's node was short of."""
    found: list[Reason] = []
    told = sorted({text for text in rows["node_pressure"] if text})
    if told:
        message = f"the node was short of something during bursts ({', '.join(told)}); measure on another"
        found.append(_reason("inconclusive", "node-pressure", message, cell.cell_id))
    limits = cell.limits
    if limits is None or limits.method != "kubernetes" or limits.host_cpus is None:
        return found  # elsewhere, what loads the server is on its machine, and is not foreign
    spare = max(0.0, limits.host_cpus - limits.cpus)
    squeezed = (rows["host_busy_fraction"] >= NODE_FULL) & (rows["foreign_cpu_cores"] > spare)
    if squeezed.any():
        most = rows.loc[squeezed, "foreign_cpu_cores"].max()
        message = (
            f"others took up to {most:.1f} CPUs of a node that had none to spare during "
            f"{int(squeezed.sum())} bursts, and so of the code server's; measure on a node that "
            "does nothing else"
        )
        found.append(_reason("inconclusive", "node-shared", message, cell.cell_id))
    return found


def _said(rows: pd.DataFrame) -> str:
    """What failed first, after a colon."""
    told = [text for text in rows["failure"] if text]
    return f": {told[0]}" if told else ""


def _reason(severity: str, code: str, message: str, cell: str) -> Reason:
    return Reason.model_validate({"severity": severity, "code": code, "message": message, "cell": cell})
