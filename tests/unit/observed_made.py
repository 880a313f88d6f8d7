"""A deployment with planted constants, as its metrics and its run history would tell of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np

from harness.campaign.observation import Observed, Wanted, observed
from harness.campaign.observed_refit import write_observed
from harness.metrics.source import Abilities, Instance, Kind, Readings
from harness.model.observed_load import Life
from harness.results.folder import ResultFolder
from harness.results.result_document import ResultDocument
from harness.sizing.observed_fit import fit_observed
from harness.sizing.run_lives import Lives, RunLife
from tests.unit.planted_days import MIB, Day, Job, Scraping, Server, day

JOBS: Mapping[str, Job] = {"etl": Job()}
LIMIT = Readings(np.array([0.0]), np.array([4096 * MIB]))
CPUS = Readings(np.array([0.0]), np.array([2.0]))
LOCATION = "here"
VERSION = "1.13.27"


def lives_of(planted: Day, location: str = LOCATION) -> Lives:
    """The run history."""
    runs = [
        RunLife(f"{job}-{number}-{place}", job, location, "SUCCESS", up - 0.5, up, began, ended, exited=ended)
        for number, life in enumerate(planted.memory)
        for job, phases in life.runs.items()
        for place, (up, began, ended) in enumerate(
            zip(phases.starting.began, phases.running.began, phases.running.ended, strict=True)
        )
    ]
    return Lives(tuple(sorted(runs, key=lambda one: one.began)), isolated=0, never_started=0)


def instances_of(planted: Day) -> tuple[Instance, ...]:
    """The metrics."""
    lives = planted.memory
    ends = [*(max(one.began, old.at[-1] + 1) for old, one in pairwise(lives)), float("inf")]
    return tuple(
        Instance(
            name=f"server-{number}",
            began=memory.began,
            ended=end,
            readings={
                "working_set_bytes": _readings(memory),
                "cpu_seconds": _readings(cpu),
                "threads": _readings(threads),
            },
            memory_limit_bytes=LIMIT,
            cpu_limit_cores=CPUS,
            oom_kills=0,
        )
        for number, (memory, cpu, threads, end) in enumerate(
            zip(planted.memory, planted.cpu, planted.threads, ends, strict=True)
        )
    )


def made(
    seed: int = 1,
    jobs: Mapping[str, Job] = JOBS,
    server: Server = Server(),  # noqa: B008 - frozen
    scraping: Scraping = Scraping(),  # noqa: B008 - frozen
    kind: Kind | None = None,
    lives: Lives | None = None,
    **wanted: object,
) -> Observed:
    """All that was read, and nothing fitted."""
    planted = day(seed, jobs, server, scraping)
    instances = instances_of(planted)
    abilities = Abilities(
        kind=kind or ("mean" if scraping.window else "point"),
        window_seconds=scraping.window,
        stamp="measured",
        interval_seconds=scraping.interval,
        unknown=("the kernel's own peak",),
    )
    at = planted.memory[0].at[0], planted.memory[-1].at[-1]
    told = Wanted("http://127.0.0.1:3000", (), *at, source="made", select="", name="made")
    told = replace(told, **wanted)  # type: ignore[arg-type]
    return observed(told, lives or lives_of(planted), (instances, abilities), VERSION)


def fitted(seen: Observed, force: bool = False) -> ResultDocument:
    """The same with its constants."""
    return fit_observed(seen.document, seen.tables, force).document


def written(folder: Path, seen: Observed) -> ResultFolder:
    """A folder as `observe` writes it."""
    found = ResultFolder(folder)
    for name, table in seen.tables.items():
        found.write_table(name, table)
    write_observed(found, fit_observed(seen.document, seen.tables))
    return found


def _readings(life: Life) -> Readings:
    return Readings(life.at, life.values)
