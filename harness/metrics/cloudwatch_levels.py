"""What Container Insights publishes, under which dimensions and in which units; what is selected. Pure.

Names, dimensions and units are those of AWS's pages "Amazon ECS Container Insights [with enhanced
observability] metrics" and "Amazon EKS and Kubernetes Container Insights with enhanced observability
metrics", and of the CloudWatch agent that publishes those of EKS (its `awsemf/kubernetes.go`, and the
receiver's `podstore.go`). What is a megabyte there is a mebibyte (`BytesInMiB` in the ECS agent).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from harness.errors import InputError
from harness.metrics.cloudwatch_client import Dimensions
from harness.metrics.prometheus_select import Matcher, by_likeness, listed, matchers, quoted

ECS, EKS = "ECS/ContainerInsights", "ContainerInsights"
EXAMPLE = """'ClusterName="prod",ServiceName="dagster"'"""
TASK, POD, CONTAINER = "TaskId", "FullPodName", "ContainerName"
_MIB, _CPU_UNIT, _MILLICORE, _PERCENT = float(1 << 20), 1 / 1024, 1e-3, 1e-2


@dataclass(frozen=True)
class Measure:
    """How a quantity is published."""

    metric: str
    factor: float
    """Times which a value is in our unit: bytes, or cores."""
    of: str = ""
    """Metric of which it is a share; empty where it stands by itself."""


@dataclass(frozen=True)
class Level:
    """A set of dimensions, and what is published under exactly these."""

    namespace: str
    dimensions: frozenset[str]
    memory: Measure
    cpu: Measure
    """A mean rate, in cores."""
    memory_limit: Measure
    cpu_limit: Measure
    restarts: str
    """Metric of how often containers were restarted in each minute."""
    life: str = ""
    """Dimension that tells one life from the next; empty where what is published is of all of them."""
    tasks: str = ""
    """Metric of how many ran, where what is published is the mean over them."""

    @property
    def of_restarts(self) -> frozenset[str]:
        """Dimensions of the metric of restarts, which on EKS is of a whole pod."""
        return self.dimensions - {CONTAINER} if self.namespace == EKS else self.dimensions


def _of_ecs(dimensions: Iterable[str], kind: str, life: str = TASK, tasks: str = "") -> Level:
    return Level(
        namespace=ECS,
        dimensions=frozenset({"ClusterName", *dimensions}),
        memory=Measure(f"{kind}MemoryUtilized", _MIB),
        cpu=Measure(f"{kind}CpuUtilized", _CPU_UNIT),
        memory_limit=Measure(f"{kind}MemoryReserved", _MIB),
        cpu_limit=Measure(f"{kind}CpuReserved", _CPU_UNIT),
        restarts="RestartCount",
        life=life,
        tasks=tasks,
    )


def _of_eks(dimensions: Iterable[str], kind: str, memory: Measure, cpu: Measure) -> Level:
    return Level(
        namespace=EKS,
        dimensions=frozenset({"ClusterName", "Namespace", "PodName", POD, *dimensions}),
        memory=memory,
        cpu=cpu,
        memory_limit=Measure(f"{kind}_memory_limit", 1.0),
        cpu_limit=Measure(f"{kind}_cpu_limit", _MILLICORE),
        restarts="pod_number_of_container_restarts",
        life=POD,
    )


LEVELS = (
    _of_ecs({"ServiceName", TASK, CONTAINER}, "Container"),
    _of_ecs({"TaskDefinitionFamily", TASK, CONTAINER}, "Container"),
    _of_ecs({"ServiceName", TASK}, ""),
    _of_ecs({"TaskDefinitionFamily", TASK}, ""),
    _of_ecs({"ServiceName"}, "", life="", tasks="RunningTaskCount"),
    # Of a container, bytes and millicores are in log events alone: metrics are the shares of its limits.
    _of_eks(
        {CONTAINER},
        "container",
        Measure("container_memory_utilization_over_container_limit", _PERCENT, "container_memory_limit"),
        Measure(
            "container_cpu_utilization_over_container_limit", _PERCENT * _MILLICORE, "container_cpu_limit"
        ),
    ),
    _of_eks({}, "pod", Measure("pod_memory_working_set", 1.0), Measure("pod_cpu_usage_total", _MILLICORE)),
    # As agents published before they published the two of above.
    _of_eks(
        {},
        "pod",
        Measure("pod_memory_utilization_over_pod_limit", _PERCENT, "pod_memory_limit"),
        Measure("pod_cpu_utilization_over_pod_limit", _PERCENT * _MILLICORE, "pod_cpu_limit"),
    ),
)
"""The most precise first, on each platform."""
KNOWN = sorted(frozenset().union(*(level.dimensions for level in LEVELS)))


def dimensions_of(select: str) -> dict[str, str]:
    """What `--select` asks for, by dimension.

    Raises:
        InputError: it is no list of matchers that CloudWatch can be asked with.
    """
    shown = f"--select {select[:200]}"
    try:
        told = matchers(select.strip().removeprefix("{").removesuffix("}").strip().removesuffix(","))
    except InputError:
        raise InputError(
            f"{shown}: names of dimensions and their values are expected, parted by commas, such as {EXAMPLE}"
        ) from None
    for one in told:
        if one.label not in KNOWN:
            raise InputError(
                f"{shown}: {one.label} is no dimension of Container Insights; there are {', '.join(KNOWN)}"
            )
        if one.sign != "=" or not one.value:
            raise InputError(f"{shown}: CloudWatch knows only = and a whole value, such as {EXAMPLE}")
    chosen = {one.label: one.value for one in told}
    if not chosen or len(chosen) < len(told):
        raise InputError(f"{shown}: name each dimension once, such as {EXAMPLE}")
    return chosen


def fitting(chosen: Dimensions) -> list[Level]:
    """Levels that have all of these dimensions: with that of containers only where one is asked for.

    Raises:
        InputError: there are none.
    """
    found = [
        level
        for level in LEVELS
        if level.dimensions >= chosen.keys() and (CONTAINER in level.dimensions) == (CONTAINER in chosen)
    ]
    if not found:
        raise InputError(
            f"--select {as_matchers(chosen)}: nothing is published under all of these dimensions together; "
            f'of ECS name {EXAMPLE}, of EKS \'ClusterName="prod",Namespace="data",PodName="dagster"\''
        )
    return found


def deployment(level: Level, dimensions: Dimensions) -> str:
    """Matchers that select all lives of what a series is of."""
    return as_matchers({name: value for name, value in dimensions.items() if name != level.life})


def as_matchers(dimensions: Dimensions) -> str:
    """As `--select` takes them."""
    order = {name: place for place, name in enumerate(("ClusterName", "Namespace"))}
    names = sorted(dimensions, key=lambda name: (order.get(name, len(order)), name))
    return ",".join(f"{name}={quoted(dimensions[name])}" for name in names)


def listed_for(chosen: Dimensions, these: Iterable[str]) -> str:
    """Some of what there is, the most alike to what was asked for first."""
    asked = [Matcher(name, "=", value) for name, value in chosen.items()]
    return listed(by_likeness(sorted(set(these)), asked))


def own_name(level: Level, dimensions: Dimensions) -> str:
    """For people: the task, the pod or the service."""
    return dimensions[level.life] if level.life else dimensions["ServiceName"]
