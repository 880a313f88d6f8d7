"""What can be had at what price: every size on offer that meets a need, cheapest first. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.results.sizing_document import OfferRecord, Platform
from harness.sizing.shapes import FARGATE, GIB, Size


@dataclass(frozen=True)
class Machine:
    """An instance or a node with its price."""

    name: str
    cpus: float
    memory_bytes: int
    hour: float


@dataclass(frozen=True)
class Tariff:
    """Prices of one platform: by what is asked for, or by the machine."""

    vcpu_hour: float
    gib_hour: float
    machines: tuple[Machine, ...] = ()
    """Each replica has one of its own; where there are any, the two rates do not count."""


def offers(
    tariffs: Mapping[Platform, Tariff],
    smallest: Mapping[Platform, Size],
    needed: Size,
    replicas: int,
    hours_per_month: float,
) -> tuple[OfferRecord, ...]:
    """Every size that meets a need, cheapest first.

    Args:
        tariffs: by platform.
        smallest: the smallest size on each platform that meets the need.
        needed: by each replica.
        replicas: how many of them.
        hours_per_month: for which each is paid.
    """
    found = [
        OfferRecord(
            platform=platform,
            name=name,
            cpus=size.cpus,
            memory_bytes=size.memory_bytes,
            replicas=replicas,
            cost_per_month=hour * hours_per_month * replicas,
        )
        for platform, tariff in tariffs.items()
        for name, size, hour in _on_offer(platform, tariff, smallest.get(platform))
        if size.cpus >= needed.cpus and size.memory_bytes >= needed.memory_bytes
    ]
    return tuple(sorted(found, key=lambda one: (one.cost_per_month, one.platform, one.name)))


def _on_offer(platform: Platform, tariff: Tariff, smallest: Size | None) -> list[tuple[str, Size, float]]:
    if tariff.machines:
        return [(one.name, Size(one.cpus, one.memory_bytes), one.hour) for one in tariff.machines]
    sizes: Sequence[Size]
    if platform == "ecs-fargate":
        sizes = [Size(cpus, int(gib * GIB)) for cpus, memories in FARGATE.items() for gib in memories]
    else:
        sizes = [smallest] if smallest else []
    return [
        (
            f"{size.cpus:g} vCPU, {size.memory_bytes / GIB:g} GiB",
            size,
            size.cpus * tariff.vcpu_hour + size.memory_bytes / GIB * tariff.gib_hour,
        )
        for size in sizes
    ]
