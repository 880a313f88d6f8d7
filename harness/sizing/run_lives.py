"""From when to when each run of a code location was a process of its code server, as Dagster tells it.

A run's record tells start and end to the millisecond. Its process was up a little before and lives a little
longer, which its event log tells. Logs are read of the newest runs only, as each takes a request; the others
have the median of those.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from harness.errors import InputError
from harness.sizing.instance_runs import ToldRun, pages_of_runs
from harness.target.graphql import GraphQLClient
from harness.target.run_histories import BEGUN, EventTimes, event_times

LOGS_READ = 300
"""Of the newest runs, unless the caller wants more."""
_ISOLATION = "dagster/isolation"
"""Tag by which Dagster+ is told where a run shall be."""
_SHARED = "disabled"
INFINITY = float("inf")


@dataclass(frozen=True)
class RunLife:
    """One run that was a process of the code server; instants in epoch seconds, nan where nobody knows."""

    run_id: str
    job: str
    location: str
    status: str
    launched: float
    """Its launch began: it had left the queue."""
    up: float
    """Its process came up."""
    began: float
    """Its first step could begin."""
    ended: float
    """Its last step had ended; infinity while it goes on."""
    exited: float
    """Its process ended; infinity while it goes on."""

    @property
    def told(self) -> bool:
        """Whether its own log was read, and told when its process came up."""
        return bool(np.isfinite(self.up))


@dataclass(frozen=True)
class Lives:
    """The runs of a deployment in some time."""

    runs: tuple[RunLife, ...]
    """By the instant they began; of every code location."""
    isolated: int
    """Runs in containers of their own, which are left out."""
    never_started: int
    """Runs that have not begun, or ended before they could, which are left out."""


def read_run_lives(
    client: GraphQLClient, since: float, on_read: Callable[[str], None], logs: int = LOGS_READ
) -> Lives:
    """Runs that were live at some instant after `since`.

    Args:
        client: of the instance's webserver.
        since: epoch seconds; not before 1970.
        on_read: told how it goes on.
        logs: how many event logs to read, of the newest runs.

    Raises:
        InputError: there is no run.
        GraphQLError: the webserver did not answer, or not with runs.
    """
    found: dict[str, ToldRun] = {}
    # What still runs may not have been updated since it began.
    for chosen in ({"updatedAfter": since}, {"statuses": list(BEGUN)}):
        for page in pages_of_runs(client, chosen):
            found |= {run.runId: run for run in page}
            on_read(f"{len(found):,} runs read")
    if not found:
        raise InputError(f"{client.url}: no runs in this time; ask for more of it with --days")
    begun = sorted(
        (run for run in found.values() if run.startTime is not None), key=lambda run: -(run.startTime or 0)
    )
    times: dict[str, EventTimes] = {}
    for run in begun[:logs]:
        times[run.runId] = event_times(client, run.runId)
        on_read(f"{len(times):,} of {min(logs, len(begun)):,} event logs read")
    for run in _of_mixed_jobs(begun, times):
        times[run.runId] = event_times(client, run.runId)
        on_read(f"{len(times):,} event logs read, of jobs whose runs are isolated now and then")
    return lives_of(begun, times, never_started=len(found) - len(begun))


def lives_of(runs: Sequence[ToldRun], times: Mapping[str, EventTimes], never_started: int = 0) -> Lives:
    """Their lives as processes of the code server.

    Args:
        runs: that have begun.
        times: what event logs say, by run id; of some of them.
        never_started: runs that are not among them, as they never began.
    """
    mostly = _isolated_by_kind(runs, times)
    shared = [run for run in runs if not _is_isolated(run, times, mostly)]
    lives = [_life(run, times.get(run.runId)) for run in shared]
    return Lives(
        runs=tuple(sorted((one for one in lives if not np.isnan(one.ended)), key=lambda one: one.began)),
        isolated=len(runs) - len(shared),
        never_started=never_started,
    )


def completed(runs: Sequence[RunLife]) -> tuple[RunLife, ...]:
    """The same with what no log told of a run taken from the others: the median of theirs."""
    before = _median(one.began - one.up for one in runs)
    after = _median(one.exited - one.ended for one in runs)
    launch = _median(one.up - one.launched for one in runs)
    return tuple(_completed(one, before, after, launch) for one in runs)


def _isolated_by_kind(
    runs: Sequence[ToldRun], times: Mapping[str, EventTimes]
) -> dict[tuple[str, str], set[bool]]:
    """Whether runs of a job were isolated, those whose logs were read: both where they differ."""
    seen: dict[tuple[str, str], set[bool]] = {}
    for run in runs:
        if run.runId in times:
            seen.setdefault(_kind(run), set()).add(times[run.runId].isolated)
    return seen


def _is_isolated(
    run: ToldRun, times: Mapping[str, EventTimes], of_kind: Mapping[tuple[str, str], set[bool]]
) -> bool:
    if run.runId in times:
        return times[run.runId].isolated
    if any(tag.key == _ISOLATION and tag.value == _SHARED for tag in run.tags):
        return False
    # As the others of its job, or as all others where none of its job were read.
    return of_kind.get(_kind(run), set().union(*of_kind.values())) == {True}


def _of_mixed_jobs(runs: Sequence[ToldRun], times: Mapping[str, EventTimes]) -> list[ToldRun]:
    """Runs whose logs were not read, of jobs of which some runs were isolated and some were not."""
    seen = _isolated_by_kind(runs, times)
    return [run for run in runs if run.runId not in times and len(seen.get(_kind(run), ())) > 1]


def _kind(run: ToldRun) -> tuple[str, str]:
    return (run.location, run.jobName)


def _life(run: ToldRun, times: EventTimes | None) -> RunLife:
    stages = {} if times is None else times.stages
    nan = float("nan")
    began = float(run.startTime or nan)
    over = INFINITY if run.status in BEGUN else nan
    ended = over if run.endTime is None else float(run.endTime)
    return RunLife(
        run_id=run.runId,
        job=run.jobName,
        location=run.location,
        status=run.status,
        launched=stages.get("starting", nan),
        up=stages.get("process_started", nan),
        began=began,
        ended=ended,
        exited=over if run.status in BEGUN else stages.get("process_exited", nan),
    )


def _completed(one: RunLife, before: float, after: float, launch: float) -> RunLife:
    """With what its own log does not say taken from the others."""
    up = one.up if np.isfinite(one.up) else one.began - before
    exited = one.ended + after if np.isnan(one.exited) else one.exited
    launched = one.launched if np.isfinite(one.launched) else up - launch
    return replace(one, up=up, exited=max(exited, one.ended), launched=launched)


def _median(seconds: Iterable[float]) -> float:
    known = [one for one in seconds if np.isfinite(one)]
    return float(np.median(known)) if known else 0.0
