"""From series to containers: which metrics are read, and what of them is of the same container. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from harness.metrics.limits import as_limit
from harness.metrics.lives import Container
from harness.metrics.prometheus_client import Labels, Series
from harness.metrics.prometheus_read import together
from harness.metrics.prometheus_select import Matcher, Place, of_containers, place_of
from harness.metrics.source import Quantity, Readings

MEMORY = "container_memory_working_set_bytes"
CPU = "container_cpu_usage_seconds_total"
STARTS = "container_start_time_seconds"
MEMORY_LIMIT = "container_spec_memory_limit_bytes"
CPU_QUOTA = "container_spec_cpu_quota"
CPU_PERIOD = "container_spec_cpu_period"
OOM_EVENTS = "container_oom_events_total"
QUANTITIES: dict[Quantity, str] = {
    "working_set_bytes": MEMORY,
    "rss_bytes": "container_memory_rss",
    "cache_bytes": "container_memory_cache",
    "cpu_seconds": CPU,
    "throttled_seconds": "container_cpu_cfs_throttled_seconds_total",
    "threads": "container_threads",
    "processes": "container_processes",
}
METRICS = (*QUANTITIES.values(), STARTS, MEMORY_LIMIT, CPU_QUOTA, CPU_PERIOD, OOM_EVENTS)
"""Of cAdvisor; which of them are there is found out first."""

_USUAL_PERIOD = 100_000.0
_WHOLE_CPU = ("", "total")


@dataclass(frozen=True)
class Told:
    """All that was read of one container, under one id."""

    place: Place
    target: str
    """Address that was scraped."""
    container: Container
    memory_limit: Readings | None
    """Bytes over time, infinity for none; None where nothing is told of it."""
    cpu_limit: Readings | None
    """Cores, as the limit of memory."""
    oom_events: Readings | None
    """Counter of processes that were killed."""


def containers_by_place(
    found: Mapping[str, Sequence[Series]], chosen: Sequence[Matcher]
) -> dict[Place, list[Told]]:
    """The containers that series are of, where they lived.

    Args:
        found: series of each metric.
        chosen: what they were selected by.
    """
    by_id: dict[tuple[Place, str], dict[str, list[Series]]] = defaultdict(lambda: defaultdict(list))
    for metric, all_series in found.items():
        kept = {id(labels) for labels in of_containers([one.labels for one in all_series], chosen)}
        for one in all_series:
            if id(one.labels) in kept:
                by_id[place_of(one.labels), _id(one.labels)][metric].append(one)
    places: dict[Place, list[Told]] = defaultdict(list)
    for (place, _), of_one in sorted(by_id.items(), key=lambda item: item[0]):
        places[place].append(_told(place, of_one))
    return dict(places)


def _id(labels: Labels) -> str:
    """What is new where a container is; the image of the same one may be told in several ways."""
    return labels.get("id") or labels.get("name", "")


def _told(place: Place, found: Mapping[str, Sequence[Series]]) -> Told:
    one_series = {metric: _together(all_series) for metric, all_series in found.items() if metric != CPU}
    if CPU in found:
        one_series[CPU] = _cpu_time(found[CPU])
    readings = {name: one_series[metric] for name, metric in QUANTITIES.items() if metric in one_series}
    limit, quota = one_series.get(MEMORY_LIMIT), one_series.get(CPU_QUOTA)
    targets = [one.labels.get("instance", "") for one in found.get(MEMORY, ())]
    return Told(
        place,
        targets[0] if targets else "",
        Container(place.shown, readings, one_series.get(STARTS)),
        None if limit is None else as_limit(limit),
        None if quota is None else _cores(quota, one_series.get(CPU_PERIOD)),
        one_series.get(OOM_EVENTS),
    )


def _together(all_series: Iterable[Series]) -> Readings:
    return together(one.readings for one in all_series)


def _cpu_time(all_series: Iterable[Series]) -> Readings:
    """CPU time of all CPUs, of series of the whole or of each CPU."""
    by_cpu: dict[str, list[Series]] = defaultdict(list)
    for one in all_series:
        by_cpu[one.labels.get("cpu", "")].append(one)
    whole = [one for cpu in _WHOLE_CPU for one in by_cpu.pop(cpu, [])]
    rivals = [_together(whole)] if whole else []
    if by_cpu:
        rivals.append(_sum([_together(of_one) for of_one in by_cpu.values()]))
    return together(rivals)


def _sum(counters: Sequence[Readings]) -> Readings:
    """Sum of counters at the stamps that all have; one that is not told yet is zero, which cAdvisor omits."""
    at = np.unique(np.concatenate([one.at for one in counters]))
    total, whole = np.zeros(len(at)), np.ones(len(at), bool)
    for one in counters:
        here = np.isin(at, one.at)
        total[here] += one.values
        whole &= here | (at < one.at[0])
    return Readings(at[whole], total[whole])


def _cores(quota: Readings, period: Readings | None) -> Readings:
    limit = as_limit(quota)
    if period is None:
        return Readings(limit.at, limit.values / _USUAL_PERIOD)
    then = np.searchsorted(period.at, limit.at, side="right") - 1
    return Readings(limit.at, limit.values / period.values[then.clip(0)])
