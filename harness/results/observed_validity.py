"""Whether what was observed may be used: pure rules over its record, each with what to do instead.

The thresholds are published here and in docs/observe.md, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterator

from harness.results.observed_record import ObservedFitRecord, ObservedRecord
from harness.results.result_document import Reason, Validity

FEWEST_SCRAPES = 200
FEWEST_RUNS = 50
FEWEST_LEVELS = 3
LOWEST_MAXIMUM = 2
MOST_GAPS = 0.20
SHORT_BLOCK_SECONDS = 1800.0
"""Blocks are of an hour or more where there is time enough."""
LAG_EDGE_SECONDS = 30.0
"""A lag at the end of what is searched is none that was found."""


def judge_observed(observed: ObservedRecord, fitted: ObservedFitRecord) -> Validity:
    """Judge a result of `observe`: invalid where its constants could mislead."""
    reasons = (*_against(observed, fitted), *_notes(observed, fitted))
    state = "invalid" if any(one.severity == "invalid" for one in reasons) else "valid"
    return Validity.model_validate({"state": state, "reasons": reasons})


def _against(observed: ObservedRecord, fitted: ObservedFitRecord) -> Iterator[Reason]:
    if observed.kind == "max":
        yield _invalid(
            "maxima",
            "each reading is the most of a window, which no number of live runs goes with; read points or "
            "means",
        )
    if fitted.scrapes < FEWEST_SCRAPES:
        yield _invalid(
            "few-scrapes",
            f"{fitted.scrapes} scrapes in {_hours(observed)}; at least {FEWEST_SCRAPES} are needed: observe "
            "more days, or scrape more often",
        )
    if fitted.runs < FEWEST_RUNS:
        yield _invalid(
            "few-runs",
            f"{fitted.runs} runs in {_hours(observed)}; at least {FEWEST_RUNS} are needed: observe more "
            "days, or measure with dagster-sizing bench",
        )
    if fitted.highest_level < LOWEST_MAXIMUM or fitted.levels < FEWEST_LEVELS:
        yield _invalid(
            "few-levels",
            f"{fitted.levels} numbers of runs at once were held long enough to count, and the most was "
            f"{fitted.highest_level}; at least {FEWEST_LEVELS}, and a most of {LOWEST_MAXIMUM}, are needed: "
            "observe busier days, or measure with dagster-sizing bench",
        )
    if fitted.unfitted:
        yield _invalid(
            "unfitted",
            f"no constants of memory come of {_hours(observed)} ({fitted.unfitted}): observe more days, or "
            "measure with dagster-sizing bench",
        )
    if fitted.gap_share > MOST_GAPS:
        yield _invalid(
            "gaps",
            f"{fitted.gap_share:.0%} of the time has no scrapes; at most {MOST_GAPS:.0%} may be missing: "
            "observe a time that was scraped throughout",
        )


def _notes(observed: ObservedRecord, fitted: ObservedFitRecord) -> Iterator[Reason]:
    for jobs in fitted.pooled:
        yield _note(
            "pooled",
            f"{', '.join(jobs)} always ran together, so that each has the mean of them; measure them apart "
            "with dagster-sizing bench",
        )
    if fitted.block_seconds is not None and fitted.block_seconds < SHORT_BLOCK_SECONDS:
        yield _note(
            "short",
            f"only {_hours(observed)} were observed: intervals come of blocks of "
            f"{fitted.block_seconds / 60:.0f} minutes, and do not hold what changes over hours or days",
        )
    if observed.runs_isolated:
        yield _note("isolated", f"{observed.runs_isolated} isolated runs had containers of their own")
    if fitted.lag_seconds is not None and abs(fitted.lag_seconds) >= LAG_EDGE_SECONDS:
        yield _note(
            "lag",
            f"stamps seem to be {fitted.lag_seconds:+.0f}s off, the most that is searched for; compare the "
            "clocks of the metrics system and of Dagster",
        )
    if observed.own_load is not None and observed.own_load.stopped:
        yield _note("stopped", f"the load was stopped early: {observed.own_load.stopped}")
    kills = sum(life.oom_kills or 0 for life in observed.lives)
    if kills:
        yield _note("oom-kill", f"the kernel killed {kills} processes at the memory limit in this time")


def _hours(observed: ObservedRecord) -> str:
    hours = (observed.until_epoch_seconds - observed.since_epoch_seconds) / 3600
    return f"{hours:.1f} hours" if hours < 48 else f"{hours / 24:.1f} days"


def _invalid(code: str, message: str) -> Reason:
    return Reason(severity="invalid", code=code, message=message)


def _note(code: str, message: str) -> Reason:
    return Reason(severity="note", code=code, message=message)
