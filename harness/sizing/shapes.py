"""The smallest size on offer that gives what is needed. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass

MIB = 2**20
GIB = 2**30

FARGATE_SOURCE = "Amazon ECS developer guide, valid task CPU and memory combinations (task-cpu-memory-error)"
FARGATE: dict[float, tuple[float, ...]] = {
    0.25: (0.5, 1, 2),
    0.5: (1, 2, 3, 4),
    1: tuple(range(2, 9)),
    2: tuple(range(4, 17)),
    4: tuple(range(8, 31)),
    8: tuple(range(16, 61, 4)),
    16: tuple(range(32, 121, 8)),
}
"""GiB of memory on offer, by vCPUs."""


@dataclass(frozen=True)
class Size:
    """CPUs and memory of one code server."""

    cpus: float
    memory_bytes: int


LARGEST_FARGATE = Size(float(max(FARGATE)), int(max(FARGATE[max(FARGATE)]) * GIB))
"""The largest task there is."""


def fargate(cores: float, memory_bytes: float) -> Size | None:
    """The smallest Fargate task with at least these; none where there is none so large."""
    fitting = [
        Size(float(cpus), int(gib * GIB))
        for cpus, memories in FARGATE.items()
        for gib in memories
        if cpus >= cores and gib * GIB >= memory_bytes
    ]
    # vCPUs first: they cost several times as much as a GiB
    return min(fitting, key=lambda size: (size.cpus, size.memory_bytes), default=None)


def stepped(cores: float, memory_bytes: float, cpu_step: float, memory_step: int) -> Size:
    """Both rounded up to whole steps."""
    cpus = max(1, math.ceil(round(cores / cpu_step, 9))) * cpu_step
    return Size(cpus, max(1, math.ceil(memory_bytes / memory_step)) * memory_step)


def ec2(cores: float, memory_bytes: float) -> Size:
    """An ECS task on EC2: any number of CPU units, here in eighths of a vCPU, and of MiB, in 64s."""
    return stepped(cores, memory_bytes, 0.125, 64 * MIB)


def kubernetes(cores: float, memory_bytes: float) -> Size:
    """Requests of a container: 100 millicores, 64 MiB."""
    return stepped(cores, memory_bytes, 0.1, 64 * MIB)


def compose(cores: float, memory_bytes: float) -> Size:
    """Limits of a Compose service: tenths of a CPU, 64 MiB."""
    return stepped(cores, memory_bytes, 0.1, 64 * MIB)
