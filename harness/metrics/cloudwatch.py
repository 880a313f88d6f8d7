"""Readings of Container Insights from Amazon CloudWatch, of tasks on ECS and of pods on EKS."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from harness.errors import InputError
from harness.metrics.cloudwatch_client import KEPT_SECONDS, WINDOW_SECONDS, Asked, CloudWatchClient
from harness.metrics.cloudwatch_levels import (
    CONTAINER,
    ECS,
    EKS,
    LEVELS,
    Level,
    Measure,
    as_matchers,
    deployment,
    dimensions_of,
    fitting,
    listed_for,
    own_name,
)
from harness.metrics.cloudwatch_lives import Told, alone, is_exceeded, lives_of, product, restarted
from harness.metrics.lives import INTERVALS_UNTIL_GONE, quiet_seconds
from harness.metrics.source import (
    ALWAYS_UNKNOWN,
    UNKNOWN,
    Abilities,
    Instance,
    Kind,
    Readings,
    Say,
    in_order,
    minute,
)
from harness.metrics.stamps import median_interval

_MOST_SHARED = 0.05
"""Of the minutes, those in which tasks may overlap while one takes over from the other."""
_SEVERAL_SAMPLES = 1.5
_ENHANCED = "Container Insights with enhanced observability"

Found = Mapping[Asked, Readings]


class CloudWatchSource:
    """Reads what Container Insights published of one ECS service, or of one workload on EKS.

    CloudWatch stamps a datum with the begin of its minute. On ECS each is the mean of that minute, and gets
    its end as stamp. The agent of EKS looks once a minute, nobody tells when in it: such a reading is of an
    instant, and gets the middle of its minute as stamp, from which the instant is at most 30 s away.
    """

    def __init__(self, select: str, region: str | None = None) -> None:
        """Prepare; nothing is asked yet.

        Args:
            select: matchers of dimensions, such as `ClusterName="prod",ServiceName="dagster"`.
            region: such as `eu-west-1`; None for that of the AWS settings.

        Raises:
            InputError: the matchers are none that CloudWatch can be asked with.
        """
        self._chosen = dimensions_of(select)
        self._levels = fitting(self._chosen)
        self._client = CloudWatchClient(region)
        self._shown = f"--select {as_matchers(self._chosen)}"

    @property
    def name(self) -> str:
        """What it is, for people."""
        return self._client.name

    def read(self, since: float, until: float, say: Say) -> tuple[tuple[Instance, ...], Abilities]:
        """Every life with readings in a time, by its start; see `MetricsSource`."""
        begin, end = self._minutes(since, until, say)
        level, series = self._one_deployment()
        found = self._client.data([one for each in series for one in _asked(level, each)], begin, end, say)
        told = [one for each in series if (one := self._told(level, each, found)) is not None]
        if not told:
            raise InputError(
                f"{self._shown}: has no reading of memory between {minute(begin)} and {minute(end)} in "
                f"{self.name}; --days says how far back to read"
            )
        told, no_limits = _without_soft_limits(told) if level.namespace == ECS else (told, ())
        kind, late = _kind(level, found)
        interval = median_interval([one.memory for one in told])
        newest = max(float(one.memory.at[-1]) for one in told)
        quiet = quiet_seconds(interval, INTERVALS_UNTIL_GONE * WINDOW_SECONDS)
        instances = [life for one in told for life in lives_of(one, late, WINDOW_SECONDS, newest - quiet)]
        abilities = Abilities(
            kind,
            float(WINDOW_SECONDS) if kind == "mean" else 0.0,
            "measured" if kind == "mean" else "scraped",
            interval,
            _unknown(level, told, found, kind, no_limits),
        )
        return in_order(instances), abilities

    def _minutes(self, since: float, until: float, say: Say) -> tuple[float, float]:
        """Begins of the first minute and of that after the last; only of those that are still there."""
        now = time.time()
        oldest = now - KEPT_SECONDS + WINDOW_SECONDS
        if min(until, now) <= oldest:
            raise InputError(
                f"{self.name}: keeps readings of a minute for 15 days, until {minute(oldest)} at present; "
                "all that is asked for is older"
            )
        if since < oldest:
            say(f"{self.name}: keeps readings of a minute for 15 days; read from {minute(oldest)} on")
        first, last = max(since, oldest), min(until, now)
        begin = float(np.ceil(first / WINDOW_SECONDS)) * WINDOW_SECONDS
        end = float(np.floor(last / WINDOW_SECONDS)) * WINDOW_SECONDS
        return begin, max(end, begin + WINDOW_SECONDS)

    def _one_deployment(self) -> tuple[Level, list[dict[str, str]]]:
        """The only one that is selected, at the most precise level, with its series.

        Raises:
            InputError: there is none, or there are several.
        """
        found: dict[str, tuple[Level, list[dict[str, str]]]] = {}
        for namespace in (ECS, EKS):
            for level in self._levels:
                if level.namespace == namespace and (series := self._series(level, self._chosen)):
                    for each in series:
                        found.setdefault(deployment(level, each), (level, []))[1].append(each)
                    break
        if not found:
            raise self._nothing()
        if len(found) > 1:
            raise InputError(
                f"{self._shown}: {len(found)} deployments in {self.name}; select one of them: "
                f"{listed_for(self._chosen, found)}"
            )
        return next(iter(found.values()))

    def _series(self, level: Level, chosen: Mapping[str, str]) -> list[dict[str, str]]:
        found = self._client.series(level.namespace, level.memory.metric, chosen)
        return [one for one in found if one.keys() == level.dimensions]

    def _nothing(self) -> InputError:
        """The error that says what there is instead."""
        alike = [level for level in LEVELS if (CONTAINER in level.dimensions) == (CONTAINER in self._chosen)]
        others = [level for level in LEVELS if level not in alike]
        there = ""
        for levels in (alike, others):
            found = {deployment(level, each) for level in levels for each in self._series(level, {})}
            if found:
                there = f"there are {listed_for(self._chosen, found)}"
                break
        if not there:
            there = "it has nothing of Container Insights: is that turned on, and is this the region?"
        return InputError(f"{self._shown}: selects nothing in {self.name}; {there}{self._hint()}")

    def _hint(self) -> str:
        """What has to be turned on, where that is why nothing was found."""
        if CONTAINER in self._chosen:
            return (
                f"; a container by itself is published with enhanced observability alone, and on EKS only "
                f"where it has limits: else leave {CONTAINER} out"
            )
        by_workload = {name: self._chosen[name] for name in self._chosen if name != "FullPodName"}
        of_eks = any(level.namespace == EKS for level in self._levels)
        if of_eks and self._client.series(EKS, "pod_memory_utilization", by_workload):
            return f"; of pods there are only shares of their nodes: turn on {_ENHANCED} on EKS"
        return ""

    def _told(self, level: Level, dimensions: Mapping[str, str], found: Found) -> Told | None:
        """What was read of one series; None where that is nothing.

        Raises:
            InputError: several tasks ran at the same time, and only their mean is published.
        """
        memory = _measured(level.memory, level, dimensions, found)
        if memory is None or not (memory.values > 0).any():
            return None
        # No process gets by without memory: at the begin and the end of a task nothing is told as 0.
        memory = Readings(memory.at[memory.values > 0], memory.values[memory.values > 0])
        rates = _measured(level.cpu, level, dimensions, found)
        begins = [np.zeros(0)]
        counts = found.get(_one(level, level.tasks, dimensions)) if level.tasks else None
        if counts is not None:
            if np.mean(counts.values > 1) > _MOST_SHARED:
                raise self._shared(float(np.mean(counts.values > 1)), dimensions)
            memory, others = alone(memory, counts)
            rates = None if rates is None else alone(rates, counts)[0]
            begins.append(others)
        restarts = found.get(_of_restarts(level, dimensions))
        if restarts is not None:
            begins.append(restarted(memory, restarts))
        if not len(memory.at):
            return None
        return Told(
            own_name(level, dimensions),
            memory,
            rates,
            _measured(level.memory_limit, level, dimensions, found),
            _measured(level.cpu_limit, level, dimensions, found),
            np.unique(np.concatenate(begins)),
        )

    def _shared(self, share: float, dimensions: Mapping[str, str]) -> InputError:
        cluster = dimensions["ClusterName"]
        return InputError(
            f"{self._shown}: more than one task ran in {share:.0%} of the time, and only their mean is "
            f"published; turn on {_ENHANCED} (aws ecs update-cluster-settings --cluster {cluster} --settings "
            "name=containerInsights,value=enhanced), which tells of each task, and observe from then on"
        )


def _one(level: Level, metric: str, dimensions: Mapping[str, str], statistic: str = "Average") -> Asked:
    return Asked(level.namespace, metric, tuple(dimensions.items()), statistic)


def _of_restarts(level: Level, dimensions: Mapping[str, str]) -> Asked:
    mine = {name: value for name, value in dimensions.items() if name in level.of_restarts}
    # Several containers may each tell of theirs.
    return _one(level, level.restarts, mine, "Maximum")


def _asked(level: Level, dimensions: Mapping[str, str]) -> list[Asked]:
    """All that is read of one series."""
    measures = (level.memory, level.cpu, level.memory_limit, level.cpu_limit)
    metrics = {name: None for measure in measures for name in (measure.metric, measure.of) if name}
    asked = [_one(level, metric, dimensions) for metric in metrics]
    if level.tasks:
        asked.append(_one(level, level.tasks, dimensions))
    if level.namespace == EKS:
        asked.append(_one(level, level.memory.metric, dimensions, "SampleCount"))
    return [*asked, _of_restarts(level, dimensions)]


def _measured(measure: Measure, level: Level, dimensions: Mapping[str, str], found: Found) -> Readings | None:
    """In our unit; None where nothing was read."""
    told = found.get(_one(level, measure.metric, dimensions))
    if told is None or not measure.of:
        return None if told is None else Readings(told.at, told.values * measure.factor)
    whole = found.get(_one(level, measure.of, dimensions))
    both = None if whole is None else product(told, whole, measure.factor)
    return both if both is not None and len(both.at) else None


def _kind(level: Level, found: Found) -> tuple[Kind, float]:
    """What readings are of, and how long after the begin of the minute their stamp is."""
    samples = [one.values for asked, one in found.items() if asked.statistic == "SampleCount"]
    if level.namespace == EKS and (
        not samples or float(np.median(np.concatenate(samples))) < _SEVERAL_SAMPLES
    ):
        return "point", WINDOW_SECONDS / 2
    return "mean", float(WINDOW_SECONDS)


def _without_soft_limits(told: Sequence[Told]) -> tuple[list[Told], tuple[str, ...]]:
    """Without what was reserved and yet exceeded; and how that is called."""
    found, soft = list(told), []
    if is_exceeded([(one.memory_limit, one.memory) for one in told]):
        found, soft = [replace(one, memory_limit=None) for one in found], ["memory_limit_bytes"]
    if is_exceeded([(one.cpu_limit, one.rates) for one in told]):
        found, soft = [replace(one, cpu_limit=None) for one in found], [*soft, "cpu_limit_cores"]
    return found, tuple(soft)


def _unknown(
    level: Level, told: Sequence[Told], found: Found, kind: Kind, soft: Sequence[str]
) -> tuple[str, ...]:
    lacking = ["rss_bytes", "cache_bytes", "throttled_seconds", "threads", "processes"]
    if all(one.rates is None for one in told):
        lacking.append("cpu_seconds")
    limits = {
        "memory_limit_bytes": any(one.memory_limit is not None for one in told),
        "cpu_limit_cores": any(one.cpu_limit is not None for one in told),
    }
    lacking += [name for name, is_told in limits.items() if not is_told]
    clauses = [*ALWAYS_UNKNOWN, "when every container started", "why every container ended"]
    clauses += [what for name, what in UNKNOWN.items() if name in lacking]
    if level.namespace == ECS and any(limits.values()):
        clauses.append("whether what the task reserves is a limit, as it is on Fargate")
    if level.tasks:
        clauses.append("when a task was replaced, where no other number of tasks was told between")
        if not any(asked.metric == level.tasks for asked in found):
            clauses.append("whether more than one task ran")
    if level.namespace == EKS and not any(asked.metric == level.restarts for asked in found):
        clauses.append("when a container was restarted in its pod")
    if kind == "point":
        clauses.append("when in its minute each reading was taken")
    return tuple(clauses)
