"""Each thread takes about 8 MB of memory for its stack."""

from __future__ import annotations

from collections.abc import Mapping

from harness.claims.base import UNBOUNDED, Bounds, Claim, Decision, Number
from harness.claims.figures import MIB, column, told
from harness.claims.measured import Measured
from harness.claims.rules import by_interval
from harness.claims.undisturbed import undisturbed
from harness.model.intervals import NotEstimable, estimate_line

EXPERIMENT = "threads"
MB = 1e6
BOUNDS = Bounds(
    supports=(6 * MB, 10 * MB), refutes=((-UNBOUNDED, 4 * MB), (16 * MB, UNBOUNDED)), unit="bytes"
)


def decide(measured: Mapping[str, Measured]) -> Decision:
    """How much memory comes with each thread of the code server, from small pools to large ones?"""
    bursts = undisturbed(measured[EXPERIMENT].bursts())
    threads = column(bursts, "threads_peak")
    line = estimate_line(threads, column(bursts, "memory_peak_bytes"), seed=1)
    if isinstance(line, NotEstimable):
        return Decision("inconclusive", line.reason.replace("concurrency", "number of threads"))
    verdict = by_interval(line.slope, BOUNDS)
    source = f"{EXPERIMENT}: slope of bursts.memory_peak_bytes against threads_peak"
    numbers = (
        Number.of("memory per thread", line.slope, "bytes", source),
        Number(
            "most threads",
            float(line.x.max()),
            None,
            None,
            "threads",
            line.slope.n,
            f"{EXPERIMENT}: bursts.threads_peak",
        ),
    )
    evidence = (
        f"each further thread takes {told(line.slope, 2, 'MiB', MIB)} of memory, from {line.x.min():.0f} to "
        f"{line.x.max():.0f} threads"
    )
    return Decision(verdict, evidence, numbers)


CLAIM = Claim(
    id="thread-stack",
    says="Thread stack memory | Soft (~8 MB/thread) | Gradual memory pressure",
    doubt="8 MB is the address space that is set aside for a stack; only the pages that are touched take "
    "memory.",
    experiments=(EXPERIMENT,),
    rule="Slope of peak memory against threads, with ticks that wait, over servers with small and with large "
    "pools: supported if its 95 % interval lies "
    "within 6 to 10 MB per thread, refuted if wholly below 4 MB or above 16 MB.",
    decide=decide,
    bounds=BOUNDS,
    advice="Leave thread stacks out of the sum; what takes memory is a process for each run.",
)
