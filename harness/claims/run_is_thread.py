"""Each run is a thread inside the code server's process."""

from __future__ import annotations

from collections.abc import Mapping

from harness.claims.base import Claim, Decision, Number
from harness.claims.measured import Measured
from harness.claims.rules import unanimous
from harness.model.intervals import Line, estimate_line

EXPERIMENT = "light"


def decide(measured: Mapping[str, Measured]) -> Decision:
    """By burst: did every run name a process of its own that is not the code server's?"""
    light = measured[EXPERIMENT]
    bursts, runs = light.bursts(), light.rows("runs")
    processes = light.rows("processes")
    outcomes: list[bool | None] = []
    for burst in bursts["burst"]:
        pids = runs.loc[runs["burst"] == burst, "pid"]
        servers = set(processes.loc[(processes["burst"] == burst) & (processes["role"] == "server"), "pid"])
        if pids.empty or pids.isna().any() or not servers:
            outcomes.append(None)
        else:
            # true where runs share the server's process, as threads must
            outcomes.append(bool(set(pids) <= servers))
    count = int(runs["pid"].nunique())
    verdict = unanimous(outcomes)
    numbers = [Number("run processes", count, None, None, "processes", len(runs), "light: runs.pid")]
    more = estimate_line(
        bursts["concurrency_peak"].to_numpy(float), bursts["processes_peak"].to_numpy(float), seed=1
    )
    told = ""
    if isinstance(more, Line):
        numbers.append(
            Number.of("processes per run", more.slope, "processes", "light: bursts.processes_peak")
        )
        told = f"; each adds {more.slope.value:.1f} processes [{more.slope.low:.1f}, {more.slope.high:.1f}]"
    own = "in the server's own process" if verdict == "supported" else f"in {count} processes of their own"
    return Decision(verdict, f"{len(runs)} runs executed {own}{told}", tuple(numbers))


CLAIM = Claim(
    id="run-is-thread",
    says="Each run executes as a thread inside the long-running code server process.",
    doubt="StartRun spawns a new process for each run; what shares the server's process are ticks.",
    experiments=(EXPERIMENT,),
    rule="Supported if in every burst (at least 3) all runs report the code server's own pid; refuted if in "
    "every burst a run reports another one.",
    decide=decide,
    advice="Count on one process per run, with its own interpreter, lock and memory; size by the measured "
    "memory per run, not by threads.",
)
