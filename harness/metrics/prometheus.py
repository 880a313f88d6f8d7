"""Readings of cAdvisor's metrics from a Prometheus, or from what answers as one does (Thanos, Mimir)."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence

import numpy as np

from harness.errors import InputError
from harness.metrics.limits import limit_in
from harness.metrics.lives import Life, kills_in, lives_in_place, quiet_seconds
from harness.metrics.prometheus_client import (
    PrometheusClient,
    RefusedQueryError,
    Series,
    TooMuchError,
)
from harness.metrics.prometheus_containers import (
    MEMORY,
    MEMORY_LIMIT,
    METRICS,
    QUANTITIES,
    Told,
    containers_by_place,
)
from harness.metrics.prometheus_kube import KubeState, read_kube
from harness.metrics.prometheus_read import ChunkReader, refused
from harness.metrics.prometheus_select import (
    Place,
    by_likeness,
    deployments,
    listed,
    matchers,
    of_containers,
    places_in,
)
from harness.metrics.source import ALWAYS_UNKNOWN, LIMITS, UNKNOWN, Abilities, Instance, Say, in_order, minute
from harness.metrics.stamps import Stamped, median_interval, stamp_of

_WHAT_THERE_IS = (
    f"count by (cluster,namespace,container,exported_namespace,exported_container) ({MEMORY}"
    '{container!="",container!="POD"})',
    f'count by (name) ({MEMORY}{{name!="",container="",pod="",exported_pod=""}})',
)
"""Containers of pods, and those without."""


class PrometheusSource:
    """Reads cAdvisor's metrics of one deployment, and what kube-state-metrics tells of it where there is one.

    Samples are read as they were stored, with their own stamps. Whose instants these are is found out
    (`stamps.stamp_of` has the rule). Containers of Kubernetes are known by their pods, those of a Docker host
    by their names; pause containers and the cgroups around containers are left out.
    """

    def __init__(
        self,
        url: str,
        select: str,
        headers: Mapping[str, str] | None = None,
        verify: str | bool | None = None,
    ) -> None:
        """Prepare; nothing is asked yet.

        Args:
            url: what `/api/v1` follows.
            select: matchers of labels without braces, such as `namespace="x",container="dagster"`.
            headers: sent with every question, such as Authorization or X-Scope-OrgID; never shown.
            verify: file with certificates to trust; None for those of the system.

        Raises:
            InputError: the address or the matchers are none.
        """
        self._client = PrometheusClient(url, headers or {}, verify)
        one_line = re.sub(r"\s*\n\s*", " ", select).strip()
        self._select = one_line.removeprefix("{").removesuffix("}").strip().removesuffix(",")
        self._chosen = matchers(self._select)
        self._shown = f"--select {self._select[:300]}"

    @property
    def name(self) -> str:
        """What it is, for people."""
        return self._client.name

    def read(self, since: float, until: float, say: Say) -> tuple[tuple[Instance, ...], Abilities]:
        """Every life with readings in a time, by its start; see `MetricsSource`."""
        self._client.say = say
        try:
            return self._read(since, min(until, time.time()), say)
        except TooMuchError as error:
            raise InputError(
                f"{self._shown}: too much for {self.name} to find ({error}); select fewer containers"
            ) from None
        except RefusedQueryError as error:
            raise refused(self._select, self._client, error) from None
        finally:
            self._client.close()

    def _read(self, since: float, until: float, say: Say) -> tuple[tuple[Instance, ...], Abilities]:
        select = self._one_deployment(since, until)
        reader = ChunkReader(self._client, since, until)
        found: dict[str, list[Series]] = {}
        for metric in self._metrics(since, until):
            found[metric] = reader.read(metric, select)
            count = sum(len(one.readings.at) for one in found[metric])
            say(f"{metric}: {count:,} readings")
        places = containers_by_place(found, self._chosen)
        told = [
            one for here in places.values() for one in here if "working_set_bytes" in one.container.readings
        ]
        if not told:
            raise self._nothing(since, until)
        kube = read_kube(self._client, reader, places, since, until)
        interval = median_interval([one.container.readings["working_set_bytes"] for one in told])
        alive_after = self._alive_after(told, until, interval)
        lives = {
            place: lives_in_place([one.container for one in here], alive_after)
            for place, here in places.items()
        }
        instances = [
            instance
            for place, here in places.items()
            for instance in _instances(place, here, lives[place], kube)
        ]
        starts_known = all(life.start_known for of_place in lives.values() for life in of_place)
        abilities = Abilities(
            "point",
            0.0,
            stamp_of([_stamped(one) for one in told]),
            interval,
            _unknown(found, instances, kube, starts_known),
        )
        return in_order(instances), abilities

    def _metrics(self, since: float, until: float) -> list[str]:
        """Those of cAdvisor that are there, the memory first."""
        matches = [f"{metric}{{{self._select}}}" for metric in METRICS]
        there = {labels.get("__name__") for labels in self._client.series(matches, since, until)}
        return [metric for metric in METRICS if metric in there]

    def _alive_after(self, told: Sequence[Told], until: float, interval: float) -> float:
        """Readings after it mean that a container runs on; minus infinity where none can be missed.

        Where no container at all has readings any more, it is the scraping that ended.
        """
        after = until - quiet_seconds(interval)
        if all(one.container.readings["working_set_bytes"].at[-1] >= after for one in told):
            return float(after)
        try:
            goes_on = bool(self._client.vector(f"count({MEMORY})", until))
        except (TooMuchError, RefusedQueryError):
            goes_on = True
        return float(after) if goes_on else -np.inf

    def _one_deployment(self, since: float, until: float) -> str:
        """Matchers of the only one that is selected.

        Raises:
            InputError: there is none, or there are several.
        """
        found = self._client.series([f"{MEMORY}{{{self._select}}}"], since, until)
        kept = of_containers(found, self._chosen)
        if not kept:
            raise self._nothing(since, until, len(found))
        kinds = deployments(kept)
        if len(kinds) > 1:
            raise InputError(
                f"{self._shown}: {len(kinds)} deployments in {self.name}; select one of them: "
                f"{listed(list(kinds))}"
            )
        if len(kept) < len(found) and all(labels.get("container") for labels in kept):
            return f'{self._select},container!="",container!="POD"'
        return self._select

    def _nothing(self, since: float, until: float, left_out: int = 0) -> InputError:
        """The error that says what there is instead."""
        if left_out:
            what = f"only pause containers and cgroups around containers, {left_out} of them,"
        else:
            what = f"no container between {minute(since)} and {minute(until)}"
            if self._has_other_times():
                what += " (but at another time: --days says how far back to read)"
        return InputError(f"{self._shown}: selects {what} in {self.name}; {self._there_is(since, until)}")

    def _has_other_times(self) -> bool:
        try:
            return bool(self._client.series([f"{MEMORY}{{{self._select}}}"], 0.0, time.time()))
        except (TooMuchError, RefusedQueryError):
            return False

    def _there_is(self, since: float, until: float) -> str:
        """Matchers for what is there: at the end of the time, or anywhere in it."""
        try:
            at_end = [self._client.vector(query, until) for query in _WHAT_THERE_IS]
            found = [labels for rows in at_end for labels, _ in rows]
            found = found or of_containers(self._client.series([MEMORY], since, until), ())
        except (TooMuchError, RefusedQueryError):
            return "it has very many others"
        if not found:
            return f"it has no {MEMORY} of any container then: does it scrape cAdvisor, or the kubelets?"
        return f"there are {listed(by_likeness(places_in(found), self._chosen))}"


def _instances(place: Place, here: Sequence[Told], lives: Sequence[Life], kube: KubeState) -> list[Instance]:
    found = []
    for number, life in enumerate(lives):
        before = lives[number - 1] if number else None
        following = lives[number + 1] if number + 1 < len(lives) else None
        told = here[life.container]
        memory = told.memory_limit or kube.memory_limits.get(place)
        cpu = told.cpu_limit or kube.cpu_limits.get(place)
        kills, at_end = kills_in(told.oom_events, life, before, following)
        by_oom = kube.ended_by_oom(place, life, following)
        found.append(
            Instance(
                life.name,
                life.began,
                life.ended,
                life.readings,
                limit_in(memory, life.began, life.until),
                limit_in(cpu, life.began, life.until),
                kills,
                by_oom if by_oom is not None else at_end,
            )
        )
    return found


def _stamped(told: Told) -> Stamped:
    starts = told.container.starts
    return Stamped(
        told.target, told.container.readings["working_set_bytes"].at, None if starts is None else starts.at
    )


def _unknown(
    found: Mapping[str, Sequence[Series]], instances: Sequence[Instance], kube: KubeState, starts_known: bool
) -> tuple[str, ...]:
    limits_told = bool(found.get(MEMORY_LIMIT)) or kube.is_there
    told: set[str] = {name for name, metric in QUANTITIES.items() if found.get(metric)}
    told |= set(LIMITS) if limits_told else set()
    clauses = [*ALWAYS_UNKNOWN, *(what for name, what in UNKNOWN.items() if name not in told)]
    if not starts_known:
        clauses.append("when every container started")
    if any(np.isfinite(one.ended) and one.ended_by_oom is None for one in instances):
        clauses.append("why every container ended")
    return tuple(clauses)
