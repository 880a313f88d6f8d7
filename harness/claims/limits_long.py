"""A single server holds about 10 runs of more than 5 minutes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from harness.claims.base import Claim, Decision, Number
from harness.claims.figures import MIB, column, told
from harness.claims.limits import EXPECTS, FINE, STRETCHED, intended_seconds
from harness.claims.measured import Measured
from harness.claims.rules import unanimous
from harness.model.intervals import NotEstimable, estimate_mean

EXPERIMENT = "long"
LIMIT = 10


def decide(measured: Mapping[str, Measured]) -> Decision:
    """By run of a burst above the limit: did it fail, or stretch?"""
    result = measured[EXPERIMENT]
    bursts = result.bursts()
    bursts = bursts[column(bursts, "level") > LIMIT]
    runs = result.rows("runs")
    if bursts.empty or runs.empty:
        return Decision("inconclusive", f"no burst of more than {LIMIT} runs")
    bursts = bursts.assign(meant=intended_seconds(result, bursts))
    runs = runs.merge(bursts[["cell_id", "burst", "meant", "level", "concurrency_peak"]])
    stretch = (column(runs, "run_end_epoch_seconds") - column(runs, "run_start_epoch_seconds")) / column(
        runs, "meant"
    )
    succeeded = (runs["status"] == "SUCCESS").to_numpy(bool)
    at_once = column(runs, "concurrency_peak") >= column(runs, "level")
    outcomes = [_hit(*one) for one in zip(succeeded.tolist(), stretch, at_once.tolist(), strict=True)]
    if int(np.nansum(column(bursts, "launches"))) != len(runs):
        outcomes.append(None)
    source = f"{EXPERIMENT}: runs.run_start..run_end over the length meant"
    mean = estimate_mean(stretch)
    numbers = [
        Number(
            "runs that succeeded", int(succeeded.sum()), None, None, "runs", len(runs), f"{EXPERIMENT}: runs"
        )
    ]
    if not isinstance(mean, NotEstimable):
        numbers.append(Number.of("length of runs / length meant", mean, "", source))
    peak = float(column(bursts, "memory_peak_bytes").max())
    evidence = (
        f"{int(succeeded.sum())} of {len(runs)} runs of {column(runs, 'meant').max() / 60:.0f} minutes "
        f"succeeded, {column(runs, 'concurrency_peak').max():.0f} at once, and took {told(mean, 3)} times "
        f"as long as meant ({len(bursts)} burst, peak {peak / MIB:,.0f} MiB)"
    )
    return Decision(unanimous(outcomes, least=LIMIT + 1), evidence, tuple(numbers))


def _hit(succeeded: bool, stretch: float, at_once: bool) -> bool | None:
    """Whether a run hit a limit; None between, and where not all were in progress at once."""
    if not succeeded or stretch > STRETCHED:
        return True
    return False if stretch <= FINE and at_once else None


CLAIM = Claim(
    id="limits-long",
    says="Long-running (>5 min) | ~10 | Replicas for fault isolation",
    doubt="A run that waits costs no more in its fifth minute than in its first; what grows with its "
    "length is only what is lost with it.",
    experiments=(EXPERIMENT,),
    rule="Twelve runs of five minutes, once, as it takes so long. By run: it hit a limit if it failed or "
    "took over 1.5 times as long as meant; it did not if it succeeded in no more than 1.25 times, with all "
    "in progress at once. Supported if every run (at least 11) hit a limit, refuted if none did.",
    decide=decide,
    advice="Take the limit from memory, as for short runs; decide on replicas by what a loss costs (see "
    "long-runs-replicas, replicas-isolate).",
    expects=EXPECTS,
)
