"""Unset, the pool has five threads for each vCPU."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from harness.claims.base import Claim, Decision, Number
from harness.claims.figures import column
from harness.claims.measured import Measured
from harness.claims.rules import unanimous

EXPERIMENT = "default"
PER_CPU = 5


def decide(measured: Mapping[str, Measured]) -> Decision:
    """By burst: how large does the server say its pool is, and was it never exceeded?"""
    result = measured[EXPERIMENT]
    cell = result.cell(grpc_max_workers=None)
    host = result.document.fingerprint.cpu_count or 0
    meant = {PER_CPU * int(cpus) for cpus in (cell.cpus, host) if cpus >= 1}
    bursts, pings = result.bursts(cell), result.rows("pings", cell)
    outcomes: list[bool | None] = []
    for burst, busiest in zip(column(bursts, "burst"), column(bursts, "tick_concurrency_peak"), strict=True):
        own = pings[pings["burst"] == burst]
        said = set(column(own[own["outcome"] == "ok"], "max_concurrent_requests"))
        outcomes.append(_five_each(said, busiest, meant))
    told_sizes = column(pings, "max_concurrent_requests")
    sizes = np.unique(told_sizes[np.isfinite(told_sizes)])
    if not len(sizes):
        return Decision("inconclusive", "no Ping told the size of the pool")
    most = float(column(bursts, "tick_concurrency_peak").max())
    evidence = (
        f"on {host} CPUs with a quota of {cell.cpus:g} the pool is "
        f"{' and '.join(f'{one:.0f}' for one in sizes)} threads where the guide says "
        f"{' or '.join(map(str, sorted(meant)))}; of {bursts['level'].max()} ticks sent at once at most "
        f"{most:.0f} were evaluated at once"
    )
    source = f"{EXPERIMENT}: pings.max_concurrent_requests"
    numbers = (
        Number("threads in the pool", float(sizes[-1]), None, None, "threads", len(pings), source),
        Number("ticks evaluated at once", most, None, None, "ticks", len(bursts), f"{EXPERIMENT}: bursts"),
    )
    return Decision(unanimous(outcomes), evidence, numbers)


def _five_each(said: set[float], busiest: float, meant: set[int]) -> bool | None:
    """Whether the pool is what the guide says; None where the server said nothing, or something untrue."""
    if len(said) != 1:
        return None
    [size] = said
    return size in meant if busiest <= size else None


CLAIM = Claim(
    id="workers-default",
    says="The default is Python's ThreadPoolExecutor default: num_vCPUs × 5.",
    doubt="Python's default has been min(32, CPUs + 4) since 3.8, and counts the CPUs of the host, not those "
    "of the quota.",
    experiments=(EXPERIMENT,),
    rule="By burst, without DAGSTER_GRPC_MAX_WORKERS: the size of the pool that the server's utilization "
    "metrics tell, provided that never more ticks were evaluated at once. Supported if it is five times the "
    "vCPUs (quota or host) in every burst (at least 3), refuted if it is something else in every one.",
    decide=decide,
    advice="Set DAGSTER_GRPC_MAX_WORKERS yourself: unset it is min(32, host CPUs + 4), whatever the task's "
    "quota.",
)
