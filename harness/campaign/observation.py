"""Observing a deployment that others load: what its metrics and its run history say, as a result folder."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

import harness
from harness.campaign.observed_lives import Piece, life_record, pieces_of, refuse_overlap, worst_day
from harness.errors import InputError
from harness.metrics.source import Abilities, Instance
from harness.results.columns import COLUMNS, DAEMON_TICKS, SCRAPES
from harness.results.fingerprint import machine_fingerprint
from harness.results.observed_record import METHOD, ObservedRecord, OwnLoadRecord
from harness.results.result_document import ResultDocument, Validity
from harness.results.scenario_record import ScenarioRecord
from harness.results.timestamp import timestamp
from harness.sizing.observed_beside import locations_beside
from harness.sizing.run_lives import Lives, RunLife
from harness.target.graphql import GraphQLClient, GraphQLError
from harness.target.tick_history import ToldTick, location_ticks

MIB = 2**20


@dataclass(frozen=True)
class Wanted:
    """What to observe."""

    instance: str
    """Address of the Dagster instance, without secrets."""
    locations: tuple[str, ...]
    """None for the only one."""
    since: float
    until: float
    source: str
    """The source of metrics, for people."""
    select: str
    name: str
    """Of the result."""
    seed: int = 1
    own_load: OwnLoadRecord | None = None
    """What we put on it meanwhile."""
    ticks: tuple[ToldTick, ...] | None = None
    """Of the sensors and schedules of its locations; None where not all are known."""


@dataclass(frozen=True)
class Observed:
    """What was read, before anything is fitted."""

    document: ResultDocument
    tables: Mapping[str, pd.DataFrame]
    """`scrapes`, `runs`, and where they are known `daemon_ticks`."""


def observed(
    wanted: Wanted, lives: Lives, metrics: tuple[Sequence[Instance], Abilities], dagster_version: str
) -> Observed:
    """The result folder's content, without constants.

    Raises:
        InputError: the location is not there or has no runs in its server, or containers overlap.
    """
    pieces, abilities = pieces_of(metrics[0]), metrics[1]
    instances = [one.instance for one in pieces]
    wanted = as_far_as_read(wanted, metrics)
    locations = _locations(wanted, lives)
    runs = [
        one
        for one in lives.runs
        if one.location in locations and one.began <= wanted.until and not one.ended < wanted.since
    ]
    if not runs:
        raise InputError(_without_runs(wanted, lives))
    refuse_overlap(metrics[0], runs)
    record = _record(wanted, lives, runs, locations, pieces, abilities)
    scrapes = scrapes_table(instances)
    _refuse_shared(record, scrapes, lives)
    document = ResultDocument(
        harness_version=harness.__version__,
        name=wanted.name,
        stack=METHOD,
        created_at=timestamp(),
        finished_at=timestamp(),
        scenario=ScenarioRecord(
            {
                "name": wanted.name,
                "seed": wanted.seed,
                "observe": {
                    "instance": wanted.instance,
                    "locations": list(locations),
                    "select": wanted.select,
                },
                "dagster": {"versions": [dagster_version]},
            }
        ),
        scenario_sha256="",
        fingerprint=machine_fingerprint(),
        validity=Validity(state="inconclusive"),
        observed=record,
        cells=(),
    )
    tables = {SCRAPES: scrapes, "runs": runs_table(runs, len(locations) > 1)}
    if wanted.ticks is not None:
        tables[DAEMON_TICKS] = ticks_table(wanted.ticks)
    return Observed(document, tables)


def with_ticks_told(wanted: Wanted, client: GraphQLClient, say: Callable[[str], None]) -> Wanted:
    """The same with the ticks of its time and locations; without them where the webserver does not tell.

    Args:
        wanted: a time that has readings.
        client: of the webserver.
        say: told how it goes on.
    """
    try:
        return replace(
            wanted, ticks=location_ticks(client, wanted.locations, wanted.since, wanted.until, say)
        )
    except GraphQLError as error:
        say(f"what sensors cost is not told apart: {error}")
        return wanted


def as_far_as_read(wanted: Wanted, metrics: tuple[Sequence[Instance], Abilities]) -> Wanted:
    """Only the time that has readings: a file, and a metrics system too, may hold less than was asked for."""
    interval = metrics[1].interval_seconds
    stamps = [one.readings["working_set_bytes"].at for one in metrics[0]]
    return replace(
        wanted,
        since=max(wanted.since, min(float(at[0]) for at in stamps) - interval),
        until=min(wanted.until, max(float(at[-1]) for at in stamps) + interval),
    )


def scrapes_table(instances: Sequence[Instance]) -> pd.DataFrame:
    """One row for each stamp of each life."""
    return pd.concat([_scrapes(one) for one in instances], ignore_index=True)


def _scrapes(instance: Instance) -> pd.DataFrame:
    columns = [
        pd.Series(one.values, index=one.at, name=name)
        for name, one in instance.readings.items()
        if len(one.at)
    ]
    table = pd.concat(columns, axis=1).sort_index().rename_axis("at_epoch_seconds").reset_index()
    lacking = {
        one.name: float("nan") for one in COLUMNS[SCRAPES] if one.name not in table and one.name != "instance"
    }
    return table.assign(instance=instance.name, **lacking)


def runs_table(runs: Sequence[RunLife], several: bool) -> pd.DataFrame:
    """One row for each run; jobs are named with their location where there are `several`."""
    rows = []
    for one in runs:
        known = {
            "started": one.began,
            "run_start": one.began,
            "ended": one.ended,
            "run_end": one.ended,
            "starting": one.launched,
            "process_started": one.up,
            "process_exited": one.exited,
        }
        rows.append(
            {
                "run_id": one.run_id,
                "job": f"{one.location}/{one.job}" if several else one.job,
                "status": one.status,
                "failure": "",
                "metadata": "",
                "replica": "",
                "cell_id": "",
                "steps": 0,
                "burst": 0,
                **{f"{name}_epoch_seconds": at if np.isfinite(at) else None for name, at in known.items()},
            }
        )
    table = pd.DataFrame(rows)
    lacking = {one.name: float("nan") for one in COLUMNS["runs"] if one.name not in table}
    return table.assign(**lacking)


def ticks_table(ticks: Sequence[ToldTick]) -> pd.DataFrame:
    """One row for each."""
    rows = [(one.name, one.began, one.ended) for one in ticks]
    return pd.DataFrame(rows, columns=[one.name for one in COLUMNS[DAEMON_TICKS]])


def _record(
    wanted: Wanted,
    lives: Lives,
    runs: Sequence[RunLife],
    locations: tuple[str, ...],
    pieces: Sequence[Piece],
    abilities: Abilities,
) -> ObservedRecord:
    return ObservedRecord(
        source=wanted.source,
        instance=wanted.instance,
        locations=locations,
        since_epoch_seconds=wanted.since,
        until_epoch_seconds=wanted.until,
        kind=abilities.kind,
        window_seconds=abilities.window_seconds,
        stamp=abilities.stamp,
        interval_seconds=abilities.interval_seconds,
        unknown=abilities.unknown,
        runs_isolated=lives.isolated,
        runs_never_started=lives.never_started,
        runs_without_log=sum(not one.told for one in runs),
        lives=tuple(life_record(one) for one in pieces),
        worst_day=worst_day(pieces),
        ticks=None if wanted.ticks is None else len(wanted.ticks),
        own_load=wanted.own_load,
    )


def _refuse_shared(observed: ObservedRecord, scrapes: pd.DataFrame, lives: Lives) -> None:
    """Refuse a location whose container others share that were not named: it would pay for their runs."""
    named = observed.locations
    for other, each in locations_beside(observed, scrapes, lives.runs).items():
        options = " ".join(f"--location {one}" for one in (*named, other))
        raise InputError(
            f"--location {', '.join(named)}: each run of {other} takes {each.value / MIB:.0f} MiB "
            f"({each.low / MIB:.0f} to {each.high / MIB:.0f}) of the same container; name both: {options}"
        )


def _locations(wanted: Wanted, lives: Lives) -> tuple[str, ...]:
    known = sorted({one.location for one in lives.runs})
    if wanted.locations:
        for name in wanted.locations:
            if name not in known:
                raise InputError(
                    f"--location {name}: has no runs in its code server in this time; "
                    f"{', '.join(known) or 'no location'} has"
                )
        return wanted.locations
    if len(known) > 1:
        raise InputError(
            f"{wanted.instance}: runs of several code locations; name that of the selected container: "
            f"--location {', '.join(known)}; several, where they share one container"
        )
    return tuple(known)


def _without_runs(wanted: Wanted, lives: Lives) -> str:
    if lives.isolated:
        return (
            f"{wanted.instance}: all {lives.isolated} runs are isolated: each has its own container, and "
            "none is in the code server; size that container by its own metrics"
        )
    if lives.never_started and not lives.runs:
        return f"{wanted.instance}: none of its {lives.never_started} runs has begun; see in Dagster why"
    return f"{wanted.instance}: no runs while there were readings; ask for more of both with --days"
