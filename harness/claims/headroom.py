"""On how many days the peak exceeds 2.5 times the average; used by the claims on that factor. Pure."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy import stats

from harness.claims.base import Decision, Number, Verdict
from harness.claims.figures import column
from harness.claims.measured import Measured
from harness.model.intervals import CONFIDENCE, Estimate
from harness.model.linear import Array
from harness.model.queueing import daily_peaks, share_of_time_above, stream_peaks

EXPERIMENT = "arrivals"
FACTOR = 2.5
GUIDE_SECONDS = 45.0
GUIDE_AVERAGE = 2.5
"""The guide's own example: 200 runs an hour of 45 seconds each."""
LARGER_AVERAGE = 15.0
"""The guide's example of a server with many runs."""
DAYS = 200
STREAMS = 2000
SEED = 1
LEAST_RUNS = 10
"""Fewer say too little of how the times spread."""
SUPPORTED_UP_TO, REFUTED_FROM = 0.05, 0.5

SAYS = "peak_concurrent = avg_concurrent * 2.5 # ~2.5x burst headroom"
RULE = (
    "200 days are simulated at the guide's example (200 runs an hour of 45 s: 2.5 on average), with times in "
    "progress that spread as the measured ones (at least 10). Share of days whose peak exceeds 2.5 times the "
    "average: supported if its 95 % interval (Clopper-Pearson) ends at or below 5 %, refuted if it begins at "
    "or above 50 %."
)


def judge_days(exceeded: int, days: int) -> tuple[Verdict, Estimate]:
    """The verdict on a factor that did not hold on `exceeded` of `days`, and their share."""
    interval = stats.binomtest(exceeded, days).proportion_ci(CONFIDENCE, method="exact")
    share = Estimate(exceeded / days, float(interval.low), float(interval.high), days)
    if share.high <= SUPPORTED_UP_TO:
        return "supported", share
    return ("refuted" if share.low >= REFUTED_FROM else "inconclusive"), share


def decide_headroom(measured: Mapping[str, Measured], batch: int) -> Decision:
    """Runs that arrive at random, `batch` at one instant, with times in progress spread as measured."""
    result = measured[EXPERIMENT]
    runs = result.rows("runs")
    up = column(runs, "process_exited_epoch_seconds") - column(runs, "process_started_epoch_seconds")
    up = up[np.isfinite(up) & (up > 0)]
    if len(up) < LEAST_RUNS:
        return Decision(
            "inconclusive", f"{len(up)} runs from start to exit; at least {LEAST_RUNS} are needed"
        )
    durations = up / up.mean() * GUIDE_SECONDS
    limit = FACTOR * GUIDE_AVERAGE
    peaks = daily_peaks(GUIDE_AVERAGE, durations, batch, DAYS, SEED)
    verdict, share = judge_days(int((peaks > limit).sum()), DAYS)
    larger = daily_peaks(LARGER_AVERAGE, durations, batch, DAYS, SEED)
    _, larger_share = judge_days(int((larger > FACTOR * LARGER_AVERAGE).sum()), DAYS)
    above = share_of_time_above(GUIDE_AVERAGE, limit, batch)
    larger_above = share_of_time_above(LARGER_AVERAGE, FACTOR * LARGER_AVERAGE, batch)
    enough, larger_enough = _factor(peaks, GUIDE_AVERAGE), _factor(larger, LARGER_AVERAGE)
    simulated = f"{DAYS} simulated days; times in progress from {EXPERIMENT}: runs"
    exact = (
        "Poisson occupancy, a theory" if batch == 1 else f"Poisson occupancy in batches of {batch}, a theory"
    )
    numbers = [
        Number.of("share of days above 2.5 times an average of 2.5", share, "", simulated),
        Number.of("share of days above 2.5 times an average of 15", larger_share, "", simulated),
        Number("factor that holds on 95 % of days, average 2.5", enough, None, None, "", DAYS, simulated),
        Number(
            "factor that holds on 95 % of days, average 15", larger_enough, None, None, "", DAYS, simulated
        ),
        Number("share of time above 2.5 times an average of 2.5", above, None, None, "", 0, exact),
        Number(
            "share of time above 2.5 times an average of 15", larger_above, None, None, "", len(up), exact
        ),
    ]
    arriving = "one by one" if batch == 1 else f"{batch} at one instant"
    evidence = (
        f"arriving {arriving}, {FACTOR:g} times an average of {GUIDE_AVERAGE:g} is the {1 - above:.1%} "
        f"quantile of the number at any instant, but the day's peak exceeds it on {share.value:.0%} "
        f"[{share.low:.0%}, {share.high:.0%}] of days; on 95 % of days {enough:.1f} times would hold, at an "
        f"average of {LARGER_AVERAGE:g} {larger_enough:.1f} times (there {FACTOR:g} times fails on "
        f"{larger_share.value:.0%} [{larger_share.low:.0%}, {larger_share.high:.0%}])"
    )
    # the measured stream had single arrivals: it can check only that model
    checked, saying = _model_against_data(result, up) if batch == 1 else ((), "")
    return Decision(verdict, evidence + saying, (*numbers, *checked))


def _factor(peaks: Array, mean: float) -> float:
    """The smallest multiple of the average that at least 95 % of the peaks do not exceed."""
    return float(np.quantile(peaks, 0.95, method="inverted_cdf")) / mean


def _model_against_data(result: Measured, up: Array) -> tuple[tuple[Number, ...], str]:
    """Whether the measured peaks fall into the band of the same streams simulated; single arrivals."""
    bursts = result.bursts()
    seen = column(bursts, "concurrency_peak")
    window = result.document.scenario.window_seconds
    levels = set(column(bursts, "level"))
    if not len(seen) or not window or len(levels) != 1 or not np.isfinite(seen).all():
        return (), ""
    peaks = stream_peaks(int(levels.pop()), window, up, STREAMS, SEED)
    low, middle, high = (float(np.quantile(peaks, q, method="inverted_cdf")) for q in (0.025, 0.5, 0.975))
    within = int(((seen >= low) & (seen <= high)).sum())
    source = f"{EXPERIMENT}: bursts.concurrency_peak in the band of {STREAMS} simulated streams"
    numbers = (
        Number("bursts whose peak the model holds possible", within, None, None, "bursts", len(seen), source),
        Number("peak by the model", middle, low, high, "runs", STREAMS, f"{STREAMS} simulated streams"),
    )
    return (
        numbers,
        f"; {within} of {len(seen)} measured peaks lie in the model's band [{low:.0f}, {high:.0f}]",
    )
