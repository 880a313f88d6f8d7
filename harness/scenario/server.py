"""The code server in a scenario: its limits, how it is started, and its pod."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from harness.scenario.duration import Seconds
from harness.scenario.quantity import MIB, ServerCpus, ServerMemory
from harness.scenario.section import Section, each_once, one_or_many

StartedAs = Literal["grpc", "agent", "code_server"]
SWEPT = ("cpus", "memory", "grpc_max_workers", "replicas", "started_as", "health_check_every", "locations")
"""Fields of the code server that may be lists, for a cell of each value."""


class Toleration(Section):
    """A taint that keeps others off a node, and not the code server."""

    key: str = Field("", description="of the taint; empty for any")
    operator: Literal["Equal", "Exists"] = Field("Equal", description="whether `value` counts")
    value: str = Field("", description="of the taint")
    effect: Literal["", "NoSchedule", "PreferNoSchedule", "NoExecute"] = Field(
        "", description="empty for any"
    )


class PodSection(Section):
    """What a pod has besides its container."""

    node_selector: dict[str, str] = Field(
        default_factory=dict, description="labels that its node has to have"
    )
    tolerations: tuple[Toleration, ...] = Field((), description="taints that its node may have")
    image_pull_secrets: tuple[str, ...] = Field((), description="names of secrets with which to pull images")
    env_secrets: tuple[str, ...] = Field((), description="names of secrets that it has in its environment")
    env_config_maps: tuple[str, ...] = Field((), description="names of config maps, likewise")
    namespace: str | None = Field(
        None,
        min_length=1,
        description="where these secrets and config maps are; they are copied for the experiment",
    )
    left_out: tuple[str, ...] = Field(
        (), description="keys of from_helm_values or from_container_context that are not made use of"
    )

    @model_validator(mode="after")
    def _copied_from_somewhere(self) -> PodSection:
        named = (*self.image_pull_secrets, *self.env_secrets, *self.env_config_maps)
        if named and self.namespace is None:
            raise ValueError(f"namespace: where {', '.join(named)} are; name it")
        return self


class ServerSection(Section):
    """Limits and settings of the code server; a list makes one cell per value."""

    cpus: tuple[ServerCpus, ...] = Field((2.0,), min_length=1, description="CPU quota")
    memory: tuple[ServerMemory, ...] = Field((2048 * MIB,), min_length=1, description="memory limit")
    grpc_max_workers: tuple[Annotated[int, Field(ge=1, strict=True)] | Literal["unset"], ...] = Field(
        (8,), min_length=1, description="DAGSTER_GRPC_MAX_WORKERS; `unset` leaves it to Dagster"
    )
    replicas: tuple[Annotated[int, Field(ge=1, le=50, strict=True)], ...] = Field(
        (1,),
        min_length=1,
        description="code servers behind one name, each with the limits above; more than one needs "
        "--stack compose",
    )
    env: dict[str, str | None] = Field(
        default_factory=dict,
        description="environment of the code server. Results keep it, so a secret goes without value "
        "(`TOKEN:`), which takes that of the environment that `bench` runs in, or into `env_file`",
    )
    env_file: Path | None = Field(
        None,
        description="file of `NAME=value` lines for that environment, such as `.env`; relative to the "
        "scenario file. `env` goes over it. Results keep only its path. No other `.env` is read",
    )
    started_as: tuple[StartedAs, ...] = Field(
        ("grpc",),
        min_length=1,
        description="`grpc`: `dagster api grpc`, as in the Compose and ECS examples and in the Helm chart's "
        "dagsterApiGrpcArgs; `agent`: the same with the environment that Dagster+'s agents set, in which the "
        "code is loaded at the first request; `code_server`: `dagster code-server start`, a proxy and a "
        "server below it (the Helm chart's codeServerArgs). A list makes one cell per value",
    )
    health_check_every: tuple[Seconds, ...] = Field(
        (0,),
        min_length=1,
        description="run `dagster api grpc-health-check` beside the code server this often, in the same "
        "container, as the Helm chart's probe does every 20s; 0 runs none. A list makes one cell per value",
    )
    locations: tuple[Annotated[int, Field(ge=1, le=20, strict=True)], ...] = Field(
        (1,),
        min_length=1,
        description="code servers in one container, as Dagster+'s PEX servers have one for each location; "
        "all load the same code, and the first takes the runs. A list makes one cell per value",
    )
    tmp: Literal["disk", "memory"] = Field(
        "disk",
        description="what /tmp is in the code server's container: files in memory are charged to its limit; "
        "`memory` needs --stack compose",
    )
    restart: bool = Field(
        False,
        description="start a code server again that has ended (killed at its memory limit, say), as ECS and "
        "Kubernetes do, and go on with the next burst; needs --stack compose",
    )

    from_helm_values: Path | None = Field(
        None,
        description="values file of Dagster's Helm chart, whose user deployment is measured: what of `cpus`, "
        "`memory`, `env`, `started_as`, `health_check_every`, `pod` and `location` is not written here is "
        "taken from there; relative to the scenario file",
    )
    from_container_context: Path | None = Field(
        None,
        description="the same from a container_context.yaml, build.yaml or dagster_cloud.yaml of Dagster+",
    )
    deployment: str | None = Field(
        None, min_length=1, description="which deployment, or location, of that file, where it has several"
    )
    pod: PodSection = Field(
        PodSection.model_construct(), description="more of its pod; for --stack kubernetes"
    )

    @field_validator(*SWEPT, mode="before")
    @classmethod
    def _one_or_many(cls, value: Any) -> Any:
        return one_or_many(value)

    @field_validator(*SWEPT)
    @classmethod
    def _distinct(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        return each_once(value)
