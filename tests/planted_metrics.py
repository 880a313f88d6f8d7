"""Histories of containers as cAdvisor and kube-state-metrics tell them, to be planted in a Prometheus."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from harness.metrics.source import Array
from tests.real_prometheus import Planted

MIB = float(1 << 20)
SCRAPE = 30.0
POD = "code-7d9f8b6c5d-x2x9z"
CODE = {"namespace": "data", "container": "dagster", "pod": POD, "instance": "node1:10250"}


def own_stamps(first: float, last: float, seed: int, every: float = SCRAPE) -> Array:
    """Instants at which cAdvisor measured: never quite regular, in milliseconds."""
    rng = np.random.default_rng(seed)
    at = np.arange(first, last, every)
    return np.round(at + rng.uniform(0.1, every / 3, len(at)), 3)


def grid(first: float, last: float, every: float = SCRAPE) -> Array:
    """Instants of scrapes."""
    return np.round(np.arange(first, last, every), 3)


@dataclass(frozen=True)
class PlantedLife:
    """One life of a container: what was planted of it."""

    labels: Mapping[str, str]
    began: float
    at: Array
    """Stamps of its memory."""
    scrapes: Array
    """Stamps of what has none of its own."""
    memory: Array = field(default_factory=lambda: np.empty(0))
    cpu: Array = field(default_factory=lambda: np.empty(0))
    limits: Array | float = 0.0
    """Bytes, at each scrape."""

    def series(self) -> list[Planted]:
        """As cAdvisor tells it."""
        plain = {
            "container_memory_working_set_bytes": self.memory,
            "container_memory_rss": self.memory - 5 * MIB,
            "container_memory_cache": np.full(len(self.at), 7 * MIB),
            "container_threads": np.full(len(self.at), 12.0),
        }
        limits = np.broadcast_to(self.limits, len(self.scrapes))
        told = {
            "container_start_time_seconds": np.full(len(self.scrapes), np.floor(self.began)),
            "container_spec_memory_limit_bytes": limits,
            "container_spec_cpu_quota": np.full(len(self.scrapes), 150_000.0),
            "container_spec_cpu_period": np.full(len(self.scrapes), 100_000.0),
        }
        whole = {**self.labels, "cpu": "total"}
        return [
            *(Planted(name, self.labels, self.at, values) for name, values in plain.items()),
            Planted("container_cpu_usage_seconds_total", whole, self.at, self.cpu),
            *(Planted(name, self.labels, self.scrapes, values) for name, values in told.items()),
        ]


def life(
    labels: Mapping[str, str],
    began: float,
    ended: float,
    *,
    seed: int = 1,
    at: Array | None = None,
    scrapes: Array | None = None,
    limits: Array | float = 0.0,
) -> PlantedLife:
    """A life whose memory wanders and whose CPU time rises, with readings as often as there are scrapes."""
    stamps = own_stamps(began + 3, ended, seed) if at is None else at
    rng = np.random.default_rng(seed)
    memory = np.round(100 * MIB + rng.uniform(0, 50 * MIB, len(stamps)))
    rises: Array = rng.uniform(0.1, 2.0, len(stamps))
    cpu = rises.cumsum().round(3)
    return PlantedLife(
        labels, began, stamps, grid(began + 7, ended) if scrapes is None else scrapes, memory, cpu, limits
    )


def kube(metric: str, at: Sequence[float] | Array, values: Sequence[float] | Array, **labels: str) -> Planted:
    """A row of kube-state-metrics about the code server's container."""
    about = {name: value for name, value in CODE.items() if name != "instance"}
    return Planted(metric, {**about, "instance": "kube-state-metrics:8080", **labels}, at, values)
