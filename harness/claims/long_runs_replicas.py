"""The longer the runs, the more is lost with a single server."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from harness.claims.base import Claim, Decision, Needs, Number
from harness.claims.figures import told
from harness.claims.losses import EXPECTS, server_losses
from harness.claims.measured import Measured
from harness.claims.rules import by_interval
from harness.model.intervals import NotEstimable, estimate_mean
from harness.model.ratios import ratio_of_means

SHORT, LONG = "loss-one", "loss-long"


def decide(measured: Mapping[str, Measured]) -> Decision:
    """How much more run time is lost with a server whose runs are twice as long?"""
    lost = {
        name: np.array([loss.lost_run_seconds for loss in server_losses(measured[name])], dtype=float)
        for name in (SHORT, LONG)
    }
    ratio = ratio_of_means(lost[LONG], lost[SHORT])
    if isinstance(ratio, NotEstimable):
        return Decision("inconclusive", f"code servers lost: {ratio.reason}")
    numbers = [Number.of("lost, long runs / short runs", ratio, "", f"{SHORT}, {LONG}: runs")]
    for name, values in lost.items():
        mean = estimate_mean(values)
        if not isinstance(mean, NotEstimable):
            source = f"{name}: bursts.lost_at_epoch_seconds - runs.run_start_epoch_seconds"
            numbers.append(Number.of(f"run time lost, {name}", mean, "seconds", source))
    evidence = (
        f"with the server {told(estimate_mean(lost[LONG]), 0)} run-seconds were lost of runs of 24 s, "
        f"{told(estimate_mean(lost[SHORT]), 0)} of runs of 12 s: {told(ratio, 1)} times as much"
    )
    verdict = by_interval(ratio, supports=(1.4, float("inf")), refutes=[(0.0, 1.1)])
    return Decision(verdict, evidence, tuple(numbers))


CLAIM = Claim(
    id="long-runs-replicas",
    says="Run duration is long (>5 min) — blast radius of a single-server OOM is too costly. Runs are "
    "short and idempotent — OOM blast radius is low and retries are cheap",
    doubt="As many runs are lost, long or short; only the time that each had been running differs.",
    experiments=(SHORT, LONG),
    rule="Run-seconds lost with a server that dies at the end of a stream of nine runs, of 24 s over of 12 "
    "s each: supported if the 95 % interval of the ratio begins at or above 1.4, refuted if it ends at or "
    "below 1.1.",
    decide=decide,
    advice="Count the loss as runs in flight × half a run's length × the OOM kills you expect. Replicas "
    "lower it only if the runs are spread over them (see replicas-isolate).",
    needs=Needs(containers=True, why="a code server that dies is started again there"),
    expects=EXPECTS,
)
