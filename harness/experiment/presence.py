"""Whether a code server rests, and whether anything of its runs is left: two ways to know.

Where a source walks the processes, a run is there as long as its process is. Where it does not, Dagster's
word for the runs has to do, and the CPU must have settled: a process takes a moment to end after its run.
"""

from __future__ import annotations

from typing import Protocol

import pandas as pd

from harness.observe.source import AT, Abilities
from harness.observe.source_group import SourceGroup
from harness.target.graphql import GraphQLError
from harness.target.target import Target

IDLE_SECONDS = 1.0
"""Length of the quiet time before each burst; the idle values are taken from it."""
IDLE_SAMPLES = 4
"""A quiet time has as many samples at least: it is longer where they are rare."""
IDLE_JITTER_CORES = 0.15
"""CPU use of two successive half idle times may differ by this much; more, and the server is still busy."""


class Presence(Protocol):
    """What tells whether runs are there."""

    def quiet_since(self) -> float | None:
        """Begin of a whole quiet time, in epoch seconds, of every replica; None while there is none."""
        ...

    def gone(self, ended_at: float) -> bool:
        """Whether nothing is left of runs that had all ended at `ended_at`, in epoch seconds."""
        ...


class ProcessWalk:
    """By the processes of the code servers."""

    def __init__(self, sources: SourceGroup) -> None:
        self._sources = sources

    def quiet_since(self) -> float | None:
        """No run's process is alive, and the CPU has settled."""
        walks = self._sources.latest_walks()
        if walks is None or any(_runs_alive(walk) for walk in walks.values()):
            return None
        return settled_since(self._sources)

    def gone(self, ended_at: float) -> bool:
        """A walk that began after the end found no run's process; walked anew each time one is asked for."""
        walks = self._sources.latest_walks()
        if walks is not None and all(
            float(walk[AT].iloc[0]) >= ended_at and not _runs_alive(walk) for walk in walks.values()
        ):
            return True
        self._sources.walk()  # the next that is due may be half a second away
        return False


class RunStates:
    """By what Dagster says of the runs, and by the CPU of the code servers."""

    def __init__(self, sources: SourceGroup, target: Target) -> None:
        self._sources = sources
        self._target = target

    def quiet_since(self) -> float | None:
        """No run of the deployment is in progress, and the CPU has settled."""
        began = settled_since(self._sources)
        return began if began is not None and self._none_in_progress() else None

    def gone(self, ended_at: float) -> bool:
        """The CPU has settled for a whole quiet time since the end; nothing is left of a lost replica."""
        if not self._sources.peek_samples():
            return True
        began = settled_since(self._sources)
        return began is not None and began >= ended_at

    def _none_in_progress(self) -> bool:
        try:
            return self._target.in_progress() == 0
        except GraphQLError:
            return False  # one poll that is missed; the time-out still holds


def presence_of(sources: SourceGroup, target: Target) -> Presence:
    """The better way that the sources allow."""
    return ProcessWalk(sources) if sources.abilities.processes else RunStates(sources, target)


def quiet_seconds(abilities: Abilities) -> float:
    """How long a server must be quiet before a burst, in seconds."""
    return max(IDLE_SECONDS, IDLE_SAMPLES / abilities.hz)


def settled_since(sources: SourceGroup) -> float | None:
    """Begin of the last quiet time of all replicas, in epoch seconds, if their latest samples are one."""
    length = quiet_seconds(sources.abilities)
    began = [_quiet_since(recent, length) for recent in sources.peek_samples().values()]
    known = [instant for instant in began if instant is not None]
    return max(known) if known and len(known) == len(began) else None


def _quiet_since(samples: pd.DataFrame, length: float) -> float | None:
    now = float(samples[AT].max()) if len(samples) else 0.0
    recent = samples[samples[AT] >= now - length]
    if len(recent) < IDLE_SAMPLES or now - float(recent[AT].iloc[0]) < 0.9 * length:
        return None
    middle = len(recent) // 2
    if not abs(_cores(recent.iloc[:middle]) - _cores(recent.iloc[middle:])) <= IDLE_JITTER_CORES:
        return None  # nor where the CPU is not known
    return float(recent[AT].iloc[0])


def _runs_alive(processes: pd.DataFrame) -> bool:
    working = processes["role"].isin(["run", "step"]) & (processes["status"] != "zombie")
    return bool(working.any())


def _cores(samples: pd.DataFrame) -> float:
    elapsed = samples[AT].iloc[-1] - samples[AT].iloc[0]
    used = samples["cpu_seconds"].iloc[-1] - samples["cpu_seconds"].iloc[0]
    return float(used / elapsed) if elapsed > 0 else 0.0
