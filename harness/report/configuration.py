"""A size as configuration files, ready to paste: Dagster+, open source, Helm and Compose."""

from __future__ import annotations

import math
import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from harness.report.text import MIB
from harness.results.sizing_document import Platform, ShapeRecord, SizingDocument

_LOCATION = "my-code-location"
_PACKAGE = "my_package"
_WORKERS = "DAGSTER_GRPC_MAX_WORKERS"
_WIDTH = 100
_LONGEST_LABEL = 63

# Dagster's schema takes concurrency.runs since 1.9.12, but runs are queued without being asked to only since
# 1.10: before, it is read and caps nothing.
_CONCURRENCY_SINCE = (1, 10)


def render_configs(sizing: SizingDocument) -> dict[str, str]:
    """Configuration files with the recommended size, by name; each tells where its numbers are from."""
    return {
        "dagster_cloud.yaml": _dagster_cloud(sizing),
        "dagster.yaml": _dagster(sizing),
        "values.yaml": _values(sizing),
        "compose.override.yaml": _compose(sizing),
    }


@dataclass(frozen=True)
class _Size:
    """One code server."""

    cpus: float
    memory_bytes: int
    workers: int

    @property
    def setting(self) -> str:
        """The number of workers as a variable of the environment."""
        return f"{_WORKERS}={self.workers}"

    @property
    def resources(self) -> dict[str, dict[str, str]]:
        """As Kubernetes takes it; CPU has no limit, so that what the node has to spare is not withheld."""
        millis = math.ceil(round(self.cpus * 1000, 6))
        cpu = f"{millis}m" if millis % 1000 else str(millis // 1000)
        memory = f"{_mib(self.memory_bytes)}Mi"
        return {"requests": {"cpu": cpu, "memory": memory}, "limits": {"memory": memory}}


def _dagster_cloud(sizing: SizingDocument) -> str:
    ecs, kubernetes = _size(sizing, "ecs-fargate"), _size(sizing, "kubernetes")
    replicas = sizing.replicas.replicas
    notes = [
        "For Dagster+ Hybrid. Replace location_name, image and package_name by yours, and keep the part of "
        "container_context that is your agent's: ecs or k8s.",
        "Only runs tagged dagster/isolation: disabled execute in the code server. How many at once is a "
        "setting of the deployment, not of this file: non_isolated_runs.max_concurrent_non_isolated_runs, "
        + ("1 unless set." if not sizing.cap else f"here {sizing.cap}; it is 1 unless set.")
        + " Runs beyond it are launched isolated.",
    ]
    context: dict[str, Any] = {}
    if ecs is None:
        notes.append(_left_out("container_context.ecs", sizing.shape("ecs-fargate")))
    else:
        context["ecs"] = _ecs(ecs, sizing)
        notes.append("On ECS cpu (1024 per vCPU) and memory (MiB) are strings: bare numbers are refused.")
        if "run_resources" in context["ecs"]:
            notes.append("run_resources are for isolated runs, each of them a task of its own.")
        else:
            notes.append("run_resources is left out: no task is large enough for one isolated run.")
    if kubernetes is None:
        notes.append(_left_out("container_context.k8s", sizing.shape("kubernetes")))
    else:
        context["k8s"] = {
            "env_vars": [kubernetes.setting],
            "server_k8s_config": {"container_config": {"resources": kubernetes.resources}},
        }
        if replicas > 1:
            context["k8s"]["server_replica_count"] = replicas
            notes.append("server_replica_count takes an agent of version 1.13.5 or newer.")
    location: dict[str, Any] = {
        "location_name": sizing.location or _LOCATION,
        "image": "my-image:latest",
        "code_source": {"package_name": _PACKAGE},
    }
    if context:
        location["container_context"] = context
    return _file(sizing, notes, {"locations": [location]})


def _ecs(size: _Size, sizing: SizingDocument) -> dict[str, Any]:
    server: dict[str, Any] = _task(size.cpus, size.memory_bytes)
    if sizing.replicas.replicas > 1:
        server["replica_count"] = sizing.replicas.replicas
    part: dict[str, Any] = {"env_vars": [size.setting], "server_resources": server}
    if sizing.isolated_cpus is not None and sizing.isolated_memory_bytes is not None:
        part["run_resources"] = _task(sizing.isolated_cpus, sizing.isolated_memory_bytes)
    return part


def _task(cpus: float, memory_bytes: int) -> dict[str, str]:
    return {"cpu": str(math.ceil(round(cpus * 1024, 6))), "memory": str(_mib(memory_bytes))}


def _dagster(sizing: SizingDocument) -> str:
    notes = [
        "For open source Dagster: merge it into the dagster.yaml in the DAGSTER_HOME of webserver and "
        "daemon. dagster-daemon must be up: it launches what is queued. With the Helm chart it is "
        "dagsterDaemon.runCoordinator.config.queuedRunCoordinator.maxConcurrentRuns instead.",
        "The cap counts runs, and those of all code locations together. With the multiprocess executor, "
        "Dagster's default, each step is a process on top of its run, which the cap does not count: cap "
        "steps too (max_concurrent of the executor, or pools), or measure with that executor.",
    ]
    content: dict[str, Any]
    if not sizing.cap:  # to Dagster, 0 means that no run is ever launched
        notes.append("The cap is left out: no size on offer holds a run of every kind.")
        content = {}
    elif _knows_concurrency(sizing.kinds[0].dagster_version):
        content = {"concurrency": {"runs": {"max_concurrent_runs": sizing.cap}}}
    else:
        notes.append("From Dagster 1.10 on: concurrency.runs.max_concurrent_runs instead.")
        content = {
            "run_coordinator": {
                "module": "dagster.core.run_coordinator",
                "class": "QueuedRunCoordinator",
                "config": {"max_concurrent_runs": sizing.cap},
            }
        }
    return _file(sizing, notes, content)


def _values(sizing: SizingDocument) -> str:
    size, replicas = _size(sizing, "kubernetes"), sizing.replicas.replicas
    several = f"; for the {replicas} that are recommended, make {replicas} deployments and divide the jobs"
    notes = [
        "For the Helm chart dagster-user-deployments; within the chart dagster, put it below the key "
        "dagster-user-deployments. Replace name, image and dagsterApiGrpcArgs by yours; the name must be a "
        "DNS label.",
        "The chart runs exactly one pod per deployment" + (several if replicas > 1 else "") + ".",
        "Runs are inside the code server only with the DefaultRunLauncher (runLauncher.type: "
        "CustomRunLauncher). The chart's own default, K8sRunLauncher, isolates: each run is a pod of its "
        "own, and would ask for these resources too, unless includeConfigInLaunchedRuns.enabled is false.",
    ]
    if size is None:
        return _file(sizing, [*notes, _left_out("deployments", sizing.shape("kubernetes"))], {})
    deployment = {
        "name": _label(sizing.location or _LOCATION),
        "image": {"repository": "my-image", "tag": "latest", "pullPolicy": "Always"},
        "dagsterApiGrpcArgs": ["--package-name", _PACKAGE],
        "port": 3030,
        "env": [{"name": _WORKERS, "value": str(size.workers)}],
        "resources": size.resources,
    }
    return _file(sizing, notes, {"deployments": [deployment]})


def _compose(sizing: SizingDocument) -> str:
    size, replicas = _size(sizing, "compose"), sizing.replicas.replicas
    notes = [
        "For Docker Compose, beside your own file: docker compose -f compose.yaml -f compose.override.yaml "
        "up. Rename code-server to your service.",
        "memswap_limit is of memory and swap together: none of it is swap.",
    ]
    if size is None:
        return _file(sizing, [*notes, _left_out("services", sizing.shape("compose"))], {})
    memory = f"{_mib(size.memory_bytes)}MiB"  # which the harness reads too, unlike `m`
    service: dict[str, Any] = {
        "mem_limit": memory,
        "memswap_limit": memory,
        "cpus": round(size.cpus, 6),
        "environment": {_WORKERS: str(size.workers)},
    }
    if replicas > 1:
        service["deploy"] = {"replicas": replicas}
    return _file(sizing, notes, {"services": {"code-server": service}})


def _file(sizing: SizingDocument, notes: Sequence[str], content: dict[str, Any]) -> str:
    """A YAML file, after comments that say what it is computed from."""
    peak, replicas = sizing.peak, sizing.replicas
    told = [
        f"Computed by dagster-sizing {sizing.harness_version} from result {sizing.result} for {peak.total} "
        f"runs at once ({peak.name}: {peak.how}), Dagster {sizing.kinds[0].dagster_version}."
    ]
    if sizing.forced:
        told.append("FORCED: it rests on a result that is not valid, or extrapolates far.")
    told += [f"Warning: {warning}" for warning in sizing.warnings]
    if replicas.replicas > 1:
        told.append(f"{replicas.replicas} replicas, each with this size: {replicas.why}")
    comments = "".join(_comment(line) for line in (*told, *notes))
    return comments + yaml.safe_dump(content, sort_keys=False, allow_unicode=True)


def _comment(line: str) -> str:
    """A line as YAML comments; what it quotes may hold anything, line breaks too."""
    printable = "".join(one if one.isprintable() else " " for one in line)
    wrapped = textwrap.wrap(
        " ".join(printable.split()),
        _WIDTH,
        initial_indent="# ",
        subsequent_indent="#   ",
        break_long_words=False,
        break_on_hyphens=False,
    )
    return "".join(f"{one}\n" for one in wrapped)


def _left_out(what: str, shape: ShapeRecord) -> str:
    return f"{what} is left out: {shape.note}"


def _size(sizing: SizingDocument, platform: Platform) -> _Size | None:
    """The size on a platform; None where none is large enough."""
    shape = sizing.shape(platform)
    if shape.cpus is None or shape.memory_bytes is None or shape.grpc_max_workers is None:
        return None
    return _Size(shape.cpus, shape.memory_bytes, shape.grpc_max_workers)


def _mib(memory_bytes: int) -> int:
    return -(-memory_bytes // MIB)


def _knows_concurrency(version: str) -> bool:
    found = re.match(r"(\d+)\.(\d+)", version)
    return found is None or (int(found[1]), int(found[2])) >= _CONCURRENCY_SINCE


def _label(location: str) -> str:
    """A DNS label of a code location's name: the chart names a Service by it."""
    label = re.sub(r"[^a-z0-9]+", "-", location.lower()).strip("-")
    if not label[:1].isalpha():
        label = f"{_LOCATION}-{label}"
    return label[:_LONGEST_LABEL].rstrip("-")
