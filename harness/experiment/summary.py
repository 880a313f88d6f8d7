"""One row of `bursts.parquet` from the raw tables of a burst. Pure: frames in, plain values out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from harness.results.columns import peaks_of_processes
from harness.results.table_schema import filled

SATURATED_SHARE = 0.9
"""Share of the CPU it may use at which a burst counts as saturated."""

Row = dict[str, Any]


@dataclass(frozen=True)
class BurstTimes:
    """Instants of one burst, in epoch seconds."""

    idle_from: float
    released: float
    drained: float


def peak_overlap(starts: Sequence[float], ends: Sequence[float]) -> int:
    """Largest number of the intervals [start, end) that overlap at one instant."""
    events = sorted([(t, 1) for t in starts] + [(t, -1) for t in ends])
    level = peak = 0
    for _, step in events:
        level += step
        peak = max(peak, level)
    return peak


def used_between(samples: pd.DataFrame, start: float, end: float) -> float:
    """CPU-seconds used from `start` to `end`, interpolated in the counter; nan without two readings."""
    if len(samples) < 2 or not end > start:
        return float("nan")
    at = samples["at_epoch_seconds"].to_numpy(float)
    used = samples["cpu_seconds"].to_numpy(float)
    return float(np.interp(end, at, used) - np.interp(start, at, used))


def summarise_readings(samples: pd.DataFrame, processes: pd.DataFrame, times: BurstTimes) -> Row:
    """Memory, CPU, threads and processes of a burst.

    Peaks are taken from release to drained; idle values from the quiet time before the release.
    """
    idle = samples[samples["at_epoch_seconds"].between(times.idle_from, times.released)]
    busy = samples[samples["at_epoch_seconds"].between(times.released, times.drained)]
    idle_length = times.released - times.idle_from
    row: Row = {
        "memory_idle_bytes": _median(idle, "memory_bytes"),
        "memory_peak_bytes": _max(busy, "memory_bytes"),
        "working_set_peak_bytes": _max(busy, "working_set_bytes"),
        "usage_peak_bytes": _max(busy, "usage_bytes"),
        "idle_cpu_cores": used_between(samples, times.idle_from, times.released) / idle_length,
        "cpu_seconds": used_between(samples, times.released, times.drained),
        "throttled_seconds": _increase(busy, "throttled_seconds"),
        "oom_kills": int(_increase(samples, "oom_kills", 0.0)),
        "samples": len(busy),
    }
    return row | _summarise_tree(processes, times)


def _summarise_tree(processes: pd.DataFrame, times: BurstTimes) -> Row:
    """The highest sums over processes, of every column that has a peak, and their highest number."""
    peaks = peaks_of_processes() | {"one": "processes_peak"}
    if processes.empty:
        return dict.fromkeys(peaks.values(), float("nan"))
    processes = filled("processes", processes)
    alive = processes[(processes["status"] != "zombie") & (processes["at_epoch_seconds"] >= times.released)]
    # min_count: walks that left PSS and USS out are missing there, not zero
    sums = alive.assign(one=1).groupby("at_epoch_seconds")[list(peaks)].sum(min_count=1)
    highest = sums.max()
    return {name: float(highest[column]) for column, name in peaks.items()}


def processes_left(processes: pd.DataFrame, began_at: float, times: BurstTimes) -> float:
    """How many processes of earlier bursts are still there in the quiet time; nan where none was read then.

    Args:
        processes: every walk, from before the release on.
        began_at: when measuring began, in epoch seconds: what is younger is of a burst.
        times: of the burst.
    """
    before = processes[processes["at_epoch_seconds"] <= times.released]
    if before.empty:
        return float("nan")
    last = before[before["at_epoch_seconds"] == before["at_epoch_seconds"].max()]
    left = (last["role"] == "other") & (last["status"] != "zombie")
    # The server starts a process of its own now and then, gone at once; no run does so in the quiet time.
    of_bursts = last["created_epoch_seconds"].between(began_at, times.idle_from, inclusive="neither")
    return float((left & of_bursts).sum())


def summarise_runs(
    launches: pd.DataFrame, runs: pd.DataFrame, samples: pd.DataFrame, times: BurstTimes
) -> Row:
    """Counts, concurrency, launch span and execution window of a burst."""
    launched = int((launches["outcome"] == "launched").sum())
    ended = runs[runs["run_start_epoch_seconds"].notna() & runs["run_end_epoch_seconds"].notna()]
    starts = ended["run_start_epoch_seconds"].to_numpy(float)
    ends = ended["run_end_epoch_seconds"].to_numpy(float)
    latency = launches["answered_epoch_seconds"] - launches["sent_epoch_seconds"]
    row: Row = {
        "launches": len(launches),
        "launches_answered": launched,
        "runs_succeeded": int((runs["status"] == "SUCCESS").sum()) if len(runs) else 0,
        "runs_failed": int(runs["status"].isin(["FAILURE", "CANCELED"]).sum()) if len(runs) else 0,
        "concurrency_peak": _concurrency_peak(ended),
        "launch_answer_max_seconds": _max(launches, "answered_epoch_seconds") - times.released,
        "launch_seconds_max": float(latency.max()) if len(launches) else float("nan"),
        "launch_span_seconds": float("nan"),
        "exec_window_seconds": float("nan"),
        "exec_cpu_seconds": float("nan"),
        "run_seconds": float(np.sum(ends - starts)),
    }
    if len(ended):
        first = float(launches["intended_epoch_seconds"].min())
        row["launch_span_seconds"] = float(starts.max()) - first
        row["exec_window_seconds"] = float(ends.max() - starts.min())
        row["exec_cpu_seconds"] = used_between(samples, float(starts.min()), float(ends.max()))
    return row


def summarise_ticks(ticks: pd.DataFrame, times: BurstTimes) -> Row:
    """Counts, concurrency and latency of the ticks of a burst.

    The concurrency is that of the evaluations inside the server where the ticks tell of it, else of the
    requests, which may have waited for a thread.
    """
    evaluated = ticks[ticks["outcome"] == "evaluated"]
    told = evaluated["began_epoch_seconds"].notna() & evaluated["ended_epoch_seconds"].notna()
    edges = ("began", "ended") if len(evaluated) and told.all() else ("sent", "answered")
    starts, ends = (evaluated[f"{edge}_epoch_seconds"].to_numpy(float) for edge in edges)
    latency = ticks["answered_epoch_seconds"] - ticks["sent_epoch_seconds"]
    return {
        "ticks": len(ticks),
        "ticks_evaluated": len(evaluated),
        "tick_concurrency_peak": peak_overlap(list(starts), list(ends)),
        "tick_seconds_max": float(latency.max()) if len(ticks) else float("nan"),
        "tick_span_seconds": float(evaluated["answered_epoch_seconds"].max()) - times.released
        if len(evaluated)
        else float("nan"),
    }


def summarise_companions(samples: pd.DataFrame, launches: pd.DataFrame, times: BurstTimes) -> Row:
    """Memory and CPU of the webserver and the daemon in a burst; nan for one that was not read.

    The webserver's CPU time ends with the last answer: what it uses after that is to tell the harness of the
    runs, again and again. Nobody asks the daemon.
    """
    answered = _max(launches, "answered_epoch_seconds")
    row: Row = {}
    for name, end in (("webserver", answered), ("daemon", times.drained)):
        own = samples[samples["replica"] == name]
        idle_length = times.released - times.idle_from
        busy = own[own["at_epoch_seconds"].between(times.released, times.drained)]
        row |= {
            f"{name}_memory_peak_bytes": _max(busy, "memory_bytes"),
            f"{name}_idle_cpu_cores": used_between(own, times.idle_from, times.released) / idle_length,
            f"{name}_cpu_seconds": used_between(own, times.released, end),
            f"{name}_window_seconds": end - times.released,
        }
    daemon = samples[samples["replica"] == "daemon"]
    idle = daemon[daemon["at_epoch_seconds"].between(times.idle_from, times.released)]
    row["daemon_memory_idle_bytes"] = _max(idle, "memory_bytes")
    return row


def summarise_pings(pings: pd.DataFrame) -> Row:
    """What the Pings of a burst told, and how long they took; nan where none was sent.

    Args:
        pings: the table of Pings, of all replicas.
    """
    latency = pings["answered_epoch_seconds"] - pings["sent_epoch_seconds"]
    return {
        "pings": len(pings),
        "pings_answered": int((pings["outcome"] == "ok").sum()),
        "ping_seconds_max": float(latency.max()) if len(pings) else float("nan"),
        "requests_running_max": _max(pings, "num_running_requests"),
        "requests_queued_max": _max(pings, "num_queued_requests"),
    }


def _concurrency_peak(ended: pd.DataFrame) -> int:
    """Largest number of runs whose processes were up at once: that is when they cost memory."""
    up = ended["process_started_epoch_seconds"].fillna(ended["run_start_epoch_seconds"])
    gone = ended["process_exited_epoch_seconds"].fillna(ended["run_end_epoch_seconds"])
    return peak_overlap(list(up), list(gone))


def first_failure(launches: pd.DataFrame, ticks: pd.DataFrame, runs: pd.DataFrame) -> str:
    """What failed first in a burst: the answer to a request, else a step and its exception; else empty."""
    for sent, wanted in ((launches, "launched"), (ticks, "evaluated")):
        refused = sent[sent["outcome"] != wanted]
        if len(refused):
            return f"{refused['outcome'].iloc[0]}: {refused['message'].iloc[0]}"
    told = [why for why in runs["failure"] if why]
    return told[0] if told else ""


def is_saturated(exec_cpu_seconds: float, exec_window_seconds: float, available_cores: float) -> bool:
    """Whether the runs of a burst could not have used more CPU than they got."""
    if not exec_window_seconds > 0:
        return False
    return exec_cpu_seconds / exec_window_seconds >= SATURATED_SHARE * available_cores


def _max(frame: pd.DataFrame, column: str) -> float:
    value = pd.to_numeric(frame[column]).max() if len(frame) else float("nan")
    return float(value)


def _median(frame: pd.DataFrame, column: str) -> float:
    value = pd.to_numeric(frame[column]).median() if len(frame) else float("nan")
    return float(value)


def _increase(frame: pd.DataFrame, column: str, missing: float = float("nan")) -> float:
    values = pd.to_numeric(frame[column]).dropna()
    return float(values.iloc[-1] - values.iloc[0]) if len(values) else missing
