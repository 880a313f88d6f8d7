"""The longer the runs, the more is lost with a single server."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from harness.claims.base import UNBOUNDED, Bounds, Claim, Decision, Needs, Number
from harness.claims.figures import told
from harness.claims.losses import EXPECTS, server_losses
from harness.claims.measured import Measured
from harness.claims.rules import by_interval
from harness.model.intervals import NotEstimable, estimate_mean
from harness.model.linear import Array
from harness.model.ratios import ratio_of_means

SHORT, LONG = "loss-short", "loss-long"
BOUNDS = Bounds(supports=(1.4, UNBOUNDED), refutes=((-UNBOUNDED, 1.1),))


def decide(measured: Mapping[str, Measured]) -> Decision:
    """How much more run time goes with a lost run that is three times as long?"""
    lost = {name: _seconds_per_lost_run(measured[name]) for name in (SHORT, LONG)}
    ratio = ratio_of_means(lost[LONG], lost[SHORT])
    if isinstance(ratio, NotEstimable):
        return Decision("inconclusive", f"code servers lost: {ratio.reason}")
    numbers = [Number.of("lost per run, long runs / short runs", ratio, "", f"{SHORT}, {LONG}: runs")]
    for name, values in lost.items():
        mean = estimate_mean(values)
        if not isinstance(mean, NotEstimable):
            source = f"{name}: bursts.lost_at_epoch_seconds - runs.run_start_epoch_seconds, by lost run"
            numbers.append(Number.of(f"run time lost per run, {name}", mean, "seconds", source))
    evidence = (
        "each run that was lost with its code server had been running for "
        f"{told(estimate_mean(lost[LONG]), 1)} s of 30 s, or {told(estimate_mean(lost[SHORT]), 1)} s of 10 "
        f"s: {told(ratio, 1)} times as much work"
    )
    verdict = by_interval(ratio, BOUNDS)
    return Decision(verdict, evidence, tuple(numbers))


def _seconds_per_lost_run(result: Measured) -> Array:
    """By burst that lost runs with a code server; shape (n,)."""
    lost = [loss for loss in server_losses(result) if loss.lost]
    return np.array([loss.lost_run_seconds / loss.lost for loss in lost], dtype=float)


CLAIM = Claim(
    id="long-runs-replicas",
    says="Run duration is long (>5 min) — blast radius of a single-server OOM is too costly. Runs are "
    "short and idempotent — OOM blast radius is low and retries are cheap",
    doubt="As many runs are lost, long or short; only the time that each had been running differs.",
    experiments=(SHORT, LONG),
    rule="A stream of six runs that lasts as long as one of them, of 10 s and of 30 s; then the code "
    "server is killed. How long each lost run had been running, mean by burst, the long over the short: "
    "supported if the 95 % interval of the ratio begins at or above 1.4, refuted if it ends at or below "
    "1.1.",
    decide=decide,
    bounds=BOUNDS,
    advice="Count the loss as runs in flight × half a run's length × the OOM kills you expect. Replicas "
    "lower it only if the runs are spread over them (see replicas-isolate).",
    needs=Needs(containers=True, why="a code server that dies is started again there"),
    expects=EXPECTS,
)
