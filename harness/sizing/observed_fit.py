"""Fit the constants of an observed deployment from its raw tables, and judge them.

Everything here can be computed again from the tables by `dagster-sizing fit RESULT`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from harness.model.constants import CONSTANTS
from harness.model.intervals import Estimate, NotEstimable
from harness.model.launch_groups import launch_seconds
from harness.model.linear import Array
from harness.model.observed_costs import CpuCosts, StateCosts, cpu_costs, find_stale, state_costs
from harness.model.observed_load import Life, Sampling, pooled, told_apart
from harness.model.observed_sight import levels_seen, widest_unseen_spike
from harness.results.columns import COLUMNS, DAEMON_TICKS, PREDICTED, SCRAPES
from harness.results.observed_record import METHOD, ObservedFitRecord, ObservedRecord, ResidualRecord
from harness.results.observed_validity import judge_observed
from harness.results.result_document import CellRecord, ConstantRecord, LimitsRecord, ResultDocument
from harness.sizing.observed_ages import Profiles, age_records, dearest, profiles_of
from harness.sizing.observed_levels import level_records, live_at
from harness.sizing.observed_lives import Groups, kinds_of, read_lives, server_lives, with_ticks
from harness.sizing.run_lives import RunLife, completed

Told = Estimate | NotEstimable
GAP_INTERVALS = 3.0
"""Scrapes further apart than so many intervals have a gap between them."""
_SOURCES = {
    "base_memory_bytes": "working_set_bytes of scrapes without a run, at the begin of the server's life",
    "memory_per_run_bytes": "working_set_bytes of scrapes against the runs that were live, at their "
    "dearest age where they hold clearly more then",
    "leak_bytes_per_run": "working_set_bytes of scrapes against the runs that had ended",
    "base_cpu_cores": "growth of cpu_seconds between scrapes without a run",
    "cpu_seconds_per_run": "growth of cpu_seconds between scrapes against the runs that were live",
    "cpu_seconds_per_tick": "growth of cpu_seconds between scrapes against the ticks evaluated meanwhile",
    "cpu_cores_per_run": "growth of cpu_seconds between scrapes against the runs that had begun",
    "launch_seconds_per_run": "starting to run_start of runs that were launched within a second, or alone",
    "threads_per_run": "threads of scrapes against the runs that were live",
    "processes_per_run": "processes of scrapes against the runs that were live",
}
"""By constant, what it comes from; in the order in which they are shown."""


@dataclass(frozen=True)
class ObservedResult:
    """What is computed from the raw tables of an observed deployment."""

    document: ResultDocument
    predicted: pd.DataFrame
    """Table `predicted`; without rows where nothing could be fitted."""


@dataclass(frozen=True)
class _Fits:
    lives: tuple[Life, ...]
    """With the working set."""
    sampling: Sampling
    memory: StateCosts | NotEstimable
    profiles: Profiles
    rss: StateCosts | NotEstimable
    threads: StateCosts | NotEstimable
    processes: StateCosts | NotEstimable
    cpu: CpuCosts | NotEstimable
    ticks: bool
    """Whether it is known when sensors and schedules were evaluated, and any was."""


def fit_observed(
    document: ResultDocument, tables: Mapping[str, pd.DataFrame], force: bool = False
) -> ObservedResult:
    """The document with its constants, how they came about, and whether they may be used.

    Args:
        document: of `observe`.
        tables: `scrapes` and `runs`, and `daemon_ticks` where they are known.
        force: give constants although the result is not valid.

    Raises:
        ValueError: the document is none of `observe`.
    """
    observed = document.observed
    if observed is None:
        raise ValueError(f"{document.name}: is no result of observe")
    scrapes, told = tables[SCRAPES], read_lives(tables["runs"])
    runs = completed(told)
    kinds = kinds_of(runs)
    sampling = Sampling(observed.interval_seconds, observed.window_seconds)
    lives = server_lives(observed, scrapes, runs, kinds, "working_set_bytes")
    groups = {" + ".join(group): group for group in told_apart(lives, sampling)}
    lives = pooled(lives, groups)
    kinds = {name: tuple(job for one in group for job in kinds[one]) for name, group in groups.items()}
    seed = document.scenario.seed

    def lives_with(quantity: str) -> tuple[Life, ...] | NotEstimable:
        if not scrapes[quantity].notna().any():
            return NotEstimable(f"not measured here: readings have no {quantity}", 0)
        return server_lives(observed, scrapes, runs, kinds, quantity)

    def state(quantity: str, grows: bool = False) -> StateCosts | NotEstimable:
        found = lives_with(quantity)
        return found if isinstance(found, NotEstimable) else state_costs(found, sampling, grows, seed)

    def cpu() -> CpuCosts | NotEstimable:
        found = lives_with("cpu_seconds")
        if not isinstance(found, NotEstimable):
            found = with_ticks(found, tables.get(DAEMON_TICKS))
        return found if isinstance(found, NotEstimable) else cpu_costs(found, sampling, seed)

    if observed.stamp == "scraped" and observed.kind == "point":
        # Then a stamp says when a reading was asked for, and that may be some seconds old.
        sampling = replace(sampling, stale=find_stale(lives, sampling))
    memory = state_costs(lives, sampling, True, seed)
    fits = _Fits(
        lives=lives,
        sampling=sampling,
        memory=memory,
        profiles=profiles_of(lives, sampling, memory, kinds, seed),
        rss=state("rss_bytes", grows=True),
        threads=state("threads"),
        processes=state("processes"),
        cpu=cpu(),
        ticks=len(tables.get(DAEMON_TICKS, ())) > 0,
    )
    fitted = _record(observed, scrapes, runs, kinds, fits)
    validity = judge_observed(observed, fitted)
    usable = force or validity.state == "valid"
    version = str(document.scenario.as_written()["dagster"]["versions"][0])
    cells = tuple(
        _cell(observed, version, kind, told, jobs, fits if usable else None, seed)
        for kind, jobs in kinds.items()
    )
    levels = level_records(observed, lives, scrapes, fitted.lag_seconds or 0.0)
    whole = document.model_copy(
        update={
            "observed": observed.model_copy(update={"fitted": fitted}),
            "validity": validity,
            "forced": force and validity.state != "valid",
            "cells": tuple(one.model_copy(update={"levels": levels}) for one in cells),
        }
    )
    return ObservedResult(whole, _predicted(observed, fits, scrapes))


def _predicted(
    observed: ObservedRecord,
    fits: _Fits,
    scrapes: pd.DataFrame,
) -> pd.DataFrame:
    columns = [one.name for one in COLUMNS[PREDICTED]]
    if isinstance(fits.memory, NotEstimable):
        return pd.DataFrame(columns=columns)
    quality = fits.memory.quality
    told = pd.DataFrame(
        {
            "at_epoch_seconds": np.concatenate(quality.at),
            "predicted_bytes": np.concatenate(quality.predicted),
        }
    )
    # Lives do not overlap by more than a rollover, and each has its own stamps.
    table = told.merge(scrapes[["at_epoch_seconds", "instance", "working_set_bytes"]], on="at_epoch_seconds")
    table = table.drop_duplicates("at_epoch_seconds", ignore_index=True)
    live = live_at(observed, fits.lives, table, quality.lag)
    shifted = table["at_epoch_seconds"] - quality.lag
    return table.assign(live_runs=live, at_epoch_seconds=shifted)[columns]


def _record(
    observed: ObservedRecord,
    scrapes: pd.DataFrame,
    runs: Sequence[RunLife],
    kinds: Groups,
    fits: _Fits,
) -> ObservedFitRecord:
    memory = fits.memory
    quality = None if isinstance(memory, NotEstimable) else memory.quality
    levels = levels_seen(fits.lives, fits.sampling, 0.0 if quality is None else quality.lag)
    known = scrapes["working_set_bytes"].notna()
    return ObservedFitRecord(
        scrapes=int(known.sum()),
        blocks=0 if quality is None else quality.blocks,
        block_seconds=None if quality is None else _seconds_scraped(quality.at) / quality.blocks,
        lag_seconds=None if quality is None else quality.lag,
        lag_low_seconds=None if quality is None else quality.lag_low,
        lag_high_seconds=None if quality is None else quality.lag_high,
        runs=len(runs),
        runs_by_job={kind: sum(one.job in jobs for one in runs) for kind, jobs in kinds.items()},
        pooled=tuple(jobs for jobs in kinds.values() if len(jobs) > 1),
        levels=len(levels.held),
        highest_level=levels.highest,
        gap_share=gap_share(observed, scrapes[known]),
        spike_seconds=widest_unseen_spike(observed.interval_seconds, len(runs))
        if observed.kind == "point"
        else None,
        cache_per_run_bytes=_cache_per_run(fits),
        ages=age_records(fits.profiles),
        unfitted=memory.reason if isinstance(memory, NotEstimable) else "",
        residuals=None
        if quality is None
        else ResidualRecord(
            scale=quality.scale,
            **dict(zip(("p5", "p50", "p95", "p99", "highest"), quality.quantiles, strict=True)),
        ),
    )


def _seconds_scraped(at: Sequence[Array]) -> float:
    return float(sum(stamps[-1] - stamps[0] for stamps in at if len(stamps)))


def gap_share(observed: ObservedRecord, scrapes: pd.DataFrame) -> float:
    """Share of the time in which a server lived that has no scrapes."""
    missing = lived = 0.0
    for life in observed.lives:
        at = np.sort(scrapes.loc[scrapes["instance"] == life.name, "at_epoch_seconds"].to_numpy(float))
        until = life.ended_epoch_seconds or observed.until_epoch_seconds
        begin, end = (
            max(life.began_epoch_seconds, observed.since_epoch_seconds),
            min(until, observed.until_epoch_seconds),
        )
        edges = np.concatenate([[begin], at[(at > begin) & (at < end)], [end]])
        gaps = np.diff(edges)
        lived += max(end - begin, 0.0)
        missing += float(gaps[gaps > GAP_INTERVALS * observed.interval_seconds].sum())
    return missing / lived if lived else 1.0


def _cache_per_run(fits: _Fits) -> float | None:
    """Mean over kinds of what the working set has and RSS has not."""
    if isinstance(fits.memory, NotEstimable) or isinstance(fits.rss, NotEstimable):
        return None
    pairs = [(fits.memory.running[kind], fits.rss.running[kind]) for kind in fits.memory.running]
    apart = [a.value - b.value for a, b in pairs if isinstance(a, Estimate) and isinstance(b, Estimate)]
    return float(np.mean(apart)) if apart else None


def _cell(
    observed: ObservedRecord,
    version: str,
    kind: str,
    told: Sequence[RunLife],
    jobs: tuple[str, ...],
    fits: _Fits | None,
    seed: int,
) -> CellRecord:
    last = observed.lives[-1]
    unknown = [
        name
        for name, limit in (("memory", last.memory_limit_bytes), ("CPU", last.cpu_limit_cores))
        if limit is None
    ]
    memory = round(last.memory_limit_bytes or max(one.memory_max_bytes for one in observed.lives))
    cpus = last.cpu_limit_cores or 1.0
    mine = [one for one in told if one.job in jobs]
    constants = () if fits is None else _constants(fits, kind, mine, seed)
    return CellRecord(
        cell_id=f"{re.sub(r'[^A-Za-z0-9._-]+', '_', kind)}-{version}-observed",
        workload=kind,
        dagster_version=version,
        cpus=cpus,
        memory_bytes=memory,
        grpc_max_workers=None,
        state="finished",
        limits=LimitsRecord(
            enforced=not unknown,
            method=METHOD,
            reason=f"no limit of {' and '.join(unknown)} is known" if unknown else "",
            cpus=cpus,
            memory_bytes=memory,
        ),
        constants=constants,
    )


def _constants(fits: _Fits, kind: str, runs: Sequence[RunLife], seed: int) -> tuple[ConstantRecord, ...]:
    told = [one for one in runs if np.isfinite(one.launched)]
    launched, began = (np.array([getattr(one, name) for one in told]) for name in ("launched", "began"))
    memory, cpu = fits.memory, fits.cpu
    per_run = _running(memory, kind)
    found: dict[str, Told] = {
        "base_memory_bytes": memory if isinstance(memory, NotEstimable) else memory.base,
        "memory_per_run_bytes": dearest(per_run, fits.profiles.get(kind)) or per_run,
        "leak_bytes_per_run": memory if isinstance(memory, NotEstimable) else memory.leak_per_run,
        "base_cpu_cores": cpu if isinstance(cpu, NotEstimable) else cpu.base_cores,
        "cpu_seconds_per_run": cpu if isinstance(cpu, NotEstimable) else cpu.seconds_per_run[kind],
        "cpu_seconds_per_tick": cpu if isinstance(cpu, NotEstimable) else cpu.seconds_per_tick,
        "cpu_cores_per_run": cpu if isinstance(cpu, NotEstimable) else cpu.running_cores[kind],
        "launch_seconds_per_run": launch_seconds(launched, began, seed),
        "threads_per_run": _running(fits.threads, kind),
        "processes_per_run": _running(fits.processes, kind),
    }
    blocks = memory.n if isinstance(memory, NotEstimable) else memory.quality.blocks
    known = [name for name in _SOURCES if name != "cpu_seconds_per_tick" or fits.ticks]
    return tuple(_constant(name, found[name], blocks) for name in known)


def _running(costs: StateCosts | NotEstimable, kind: str) -> Told:
    return costs if isinstance(costs, NotEstimable) else costs.running[kind]


def _constant(name: str, told: Told, blocks: int) -> ConstantRecord:
    definition = CONSTANTS[name]
    known = isinstance(told, Estimate)
    return ConstantRecord(
        name=name,
        unit=definition.unit,
        meaning=definition.meaning,
        source=f"observed: {_SOURCES[name]}",
        value=told.value if isinstance(told, Estimate) else None,
        low=told.low if isinstance(told, Estimate) else None,
        high=told.high if isinstance(told, Estimate) else None,
        bursts=told.n if name == "launch_seconds_per_run" or not known else blocks,
        reason="" if isinstance(told, Estimate) else told.reason,
    )
