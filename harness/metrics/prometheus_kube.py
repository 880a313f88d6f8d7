"""What kube-state-metrics tells of containers: their limits, and why they ended."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from harness.metrics.limits import as_limit, value_at
from harness.metrics.lives import Life, part
from harness.metrics.prometheus_client import (
    Labels,
    PrometheusClient,
    RefusedQueryError,
    Series,
    TooMuchError,
)
from harness.metrics.prometheus_read import ChunkReader, joined, together
from harness.metrics.prometheus_select import Place, any_of, own, quoted
from harness.metrics.source import Readings

LIMITS = "kube_pod_container_resource_limits"
RESTARTS = "kube_pod_container_status_restarts_total"
LAST_REASON = "kube_pod_container_status_last_terminated_reason"
REASON = "kube_pod_container_status_terminated_reason"
_OOM = "OOMKilled"
_PREFIXES = ("", "exported_")
"""Of the labels of what is told of: the second where the scrape's own labels took their names."""


@dataclass(frozen=True)
class KubeState:
    """What is told of the containers of pods, by their places."""

    memory_limits: Mapping[Place, Readings] = field(default_factory=dict)
    cpu_limits: Mapping[Place, Readings] = field(default_factory=dict)
    restarts: Mapping[Place, Readings] = field(default_factory=dict)
    last_reasons: Mapping[Place, Readings] = field(default_factory=dict)
    """Of the end before: 1 where it was for memory, else 0."""
    reasons: Mapping[Place, Readings] = field(default_factory=dict)
    """Of the end itself, while the container is not started again."""

    @property
    def is_there(self) -> bool:
        """Whether anything is told: then a container without a limit has none."""
        return bool(self.restarts or self.memory_limits or self.cpu_limits)

    def ended_by_oom(self, place: Place, life: Life, following: Life | None) -> bool | None:
        """Whether a life ended as its main process was killed for its memory; None where it is not known.

        The reason of an end is told while the next life lasts. At the begin of that it may still be the one
        before, so the last one counts; where the container was restarted more than once meanwhile, it is of
        an end between.
        """
        if not np.isfinite(life.ended):
            return None
        last = self.last_reasons.get(place)
        if following is None:
            told = [one for one in (last, self.reasons.get(place)) if one is not None]
            after = part(joined(told), life.ended, np.inf) if told else None
        else:
            after = (
                None if last is None else part(last, following.began, np.nextafter(following.ended, np.inf))
            )
        if after is None or not len(after.at):
            return None
        restarts = self.restarts.get(place)
        if restarts is not None and value_at(restarts, after.at[-1]) - value_at(restarts, life.ended) > 1:
            return None
        return bool(after.values[-1])


def read_kube(
    client: PrometheusClient, reader: ChunkReader, places: Iterable[Place], since: float, until: float
) -> KubeState:
    """What is told of the containers at these places; nothing where it is not collected.

    Raises:
        InputError, MachineError: it cannot be read.
    """
    wanted = _matchers([place for place in places if place.pod])
    metrics = (LIMITS, RESTARTS, LAST_REASON, REASON)
    asked = {f"{metric}{{{select}}}": (metric, select) for metric in metrics for select in wanted}
    if not asked:
        return KubeState()
    try:
        there = {_as_found(labels) for labels in client.series(list(asked), since, until)}
    except (RefusedQueryError, TooMuchError):
        return KubeState()  # other servers have other bounds; what it tells is worth less than the readings
    found: dict[str, list[Series]] = defaultdict(list)
    for metric, select in asked.values():
        if (metric, "exported_pod=" in select) in there:
            found[metric] += reader.read(metric, select)
    return KubeState(
        _limits(found[LIMITS], "memory"),
        _limits(found[LIMITS], "cpu"),
        {place: together(rivals) for place, rivals in _by_place(found[RESTARTS]).items()},
        _reasons(found[LAST_REASON]),
        _reasons(found[REASON]),
    )


def _as_found(labels: Labels) -> tuple[str, bool]:
    return labels.get("__name__", ""), "exported_pod" in labels


def _matchers(places: Sequence[Place]) -> list[str]:
    """Matchers that select what is told of these places, under both names that labels may have."""
    groups: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    for place in places:
        groups[place.cluster, place.namespace, place.container].add(place.pod)
    found = []
    for (cluster, namespace, container), pods in groups.items():
        for prefix in _PREFIXES:
            fields = {f"{prefix}namespace": namespace, f"{prefix}container": container, "cluster": cluster}
            chosen = [f"{label}={quoted(value)}" for label, value in fields.items() if value]
            found.append(",".join([*chosen, f"{prefix}pod=~{any_of(pods)}"]))
    return found


def _place(labels: Labels) -> Place:
    return Place(
        labels.get("cluster", ""), *(own(labels, name) for name in ("namespace", "pod", "container"))
    )


def _by_place(all_series: Iterable[Series]) -> dict[Place, list[Readings]]:
    found: dict[Place, list[Readings]] = defaultdict(list)
    for one in all_series:
        found[_place(one.labels)].append(one.readings)
    return dict(found)


def _limits(all_series: Iterable[Series], resource: str) -> dict[Place, Readings]:
    of_resource = [one for one in all_series if one.labels.get("resource") == resource]
    return {place: as_limit(together(rivals)) for place, rivals in _by_place(of_resource).items()}


def _reasons(all_series: Iterable[Series]) -> dict[Place, Readings]:
    found: dict[Place, list[Readings]] = defaultdict(list)
    for one in all_series:
        holds = one.readings.values == 1  # some versions tell every reason there is, with 0
        if holds.any():
            by_oom = float(one.labels.get("reason") == _OOM)
            found[_place(one.labels)].append(Readings(one.readings.at[holds], np.full(holds.sum(), by_oom)))
    return {place: joined(parts) for place, parts in found.items()}
