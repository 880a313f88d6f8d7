"""Runs of the user's own code location: a job, or a selection of assets."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from harness.scenario.one_kind import OneKind, TicksBeside, as_name
from harness.scenario.section import Name, Section, each_once, one_or_many

Text = Annotated[str, Field(min_length=1)]


class PartitionRange(Section):
    """Partitions in the order of their definition, both ends included."""

    first: Text = Field(description="key of the first")
    last: Text = Field(description="key of the last")


class StartMethod(Section):
    """The multiprocess executor, with its steps started in one way."""

    start_method: Literal["spawn", "forkserver"] = Field(
        description="`spawn` imports everything anew in each step, `forkserver` forks a process that has"
    )
    preload: tuple[Text, ...] = Field(
        (), description="forkserver: modules that it imports once for all; left out, Dagster's own choice"
    )

    @model_validator(mode="after")
    def _only_a_forkserver_preloads(self) -> StartMethod:
        if self.preload and self.start_method != "forkserver":
            raise ValueError("preload belongs to start_method: forkserver")
        return self

    @property
    def label(self) -> str:
        """In the name of a workload."""
        return f"{self.start_method}-preload" if self.preload else self.start_method

    @property
    def settings(self) -> dict[str, Any]:
        """As the executor's config."""
        chosen = {"preload_modules": list(self.preload)} if self.preload else {}
        return {"multiprocess": {"start_method": {self.start_method: chosen}}}


ExecutorName = Literal["in_process", "multiprocess"]


class OwnRuns(OneKind):
    """What may be said of any run of one's own."""

    name: Name | None = Field(None, description="label in results; default: the name of what is run")
    run_config: dict[str, Any] = Field(
        default_factory=dict,
        description="run config, as in the launchpad; with a partition, it goes over that of the partition",
    )
    hold: str | None = Field(
        None,
        pattern=r"^[^.\s]+(\.[^.\s]+)*$",
        description="dotted path of a run-config number that says how many seconds a run lasts, such as "
        "`ops.wait.config.seconds`; the harness sets it so that runs overlap",
    )
    partition: tuple[Text, ...] | PartitionRange = Field(
        (),
        description="key of the partition that each run is of; of a list, or of a range from `first` to "
        "`last`, the runs of a burst take one after another, each burst from the next one on",
    )
    tags: dict[Text, str] = Field(default_factory=dict, description="tags that each run carries")
    executor: tuple[ExecutorName | StartMethod, ...] = Field(
        (),
        description="how steps are run: `in_process`, `multiprocess`, or `{start_method: forkserver, "
        "preload: [pandas]}`; for jobs that keep Dagster's own executor. A list makes one cell per value. "
        "Left out, as the job and `run_config` say",
    )
    ticks: TicksBeside | None = Field(None, description="sensor or schedule ticks fired with each burst")

    @field_validator("partition", mode="before")
    @classmethod
    def _one_key_or_many(cls, value: Any) -> Any:
        return value if isinstance(value, dict | PartitionRange) else one_or_many(value)

    @field_validator("executor", mode="before")
    @classmethod
    def _one_or_many(cls, value: Any) -> Any:
        return one_or_many(value)

    @field_validator("executor")
    @classmethod
    def _distinct(cls, value: tuple[Any, ...]) -> tuple[Any, ...]:
        return each_once(value)

    @model_validator(mode="after")
    def _hold_leads_through_mappings(self) -> Self:
        node: Any = self.run_config
        *parents, last = self.hold.split(".") if self.hold else [""]
        for depth, key in enumerate(parents):
            node = node.get(key, {})
            if not isinstance(node, dict):
                place = ".".join(parents[: depth + 1])
                raise ValueError(
                    f"hold {self.hold}: {place} of run_config is not a mapping of keys to values"
                )
        if isinstance(node.get(last), dict):
            raise ValueError(f"hold {self.hold}: a number is expected there in run_config; got a mapping")
        return self

    @model_validator(mode="after")
    def _one_word_on_execution(self) -> Self:
        if self.executor and "execution" in self.run_config:
            raise ValueError("executor: run_config says `execution` itself; leave one of them out")
        return self

    @property
    def label(self) -> str:
        """Name of this workload in results."""
        raise NotImplementedError

    @property
    def holds(self) -> bool:
        """Whether the harness chooses how long a run holds."""
        return self.hold is not None

    def for_warmup(self) -> Self:
        """The job as it is: how long it lasts without `hold` is its own affair."""
        return self

    def run_config_for(self, hold_seconds: float) -> dict[str, Any]:
        """Run config of one run that holds for `hold_seconds`, where the job lets us choose."""
        config = copy.deepcopy(self.run_config)
        if self.executor:
            [executor] = self.executor
            settings = executor.settings if isinstance(executor, StartMethod) else {executor: {}}
            config["execution"] = {"config": settings}
        if self.hold is None:
            return config
        *parents, last = self.hold.split(".")
        node = config
        for key in parents:
            node = node.setdefault(key, {})
        node[last] = float(hold_seconds)
        return config


class OwnJob(OwnRuns):
    """Any job of the scenario's own code location."""

    job: Text = Field(description="name of the job in the code location")

    @property
    def label(self) -> str:
        """Name of this workload in results."""
        return self.name or as_name(self.job)


class OwnAssets(OwnRuns):
    """Any assets of the scenario's own code location, all of them in each run."""

    assets: tuple[Text, ...] = Field(
        min_length=1, description="key of an asset, with slashes (`mart/sales`), or a list of them"
    )

    @field_validator("assets", mode="before")
    @classmethod
    def _one_asset_or_many(cls, value: Any) -> Any:
        return one_or_many(value)

    @field_validator("assets")
    @classmethod
    def _each_asset_once(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return each_once(value)

    @property
    def label(self) -> str:
        """Name of this workload in results."""
        return self.name or as_name("-".join(self.assets))


def each_executor(workloads: Iterable[Any]) -> tuple[Any, ...]:
    """Every workload, and those with several executors once for each, named after it."""
    return tuple(variant for one in workloads for variant in _variants(one))


def _variants(workload: Any) -> tuple[Any, ...]:
    if not isinstance(workload, OwnRuns) or len(workload.executor) < 2:
        return (workload,)
    return tuple(
        workload.model_copy(update={"executor": (one,), "name": f"{workload.label}-{_label(one)}"})
        for one in workload.executor
    )


def _label(executor: ExecutorName | StartMethod) -> str:
    return executor.label if isinstance(executor, StartMethod) else executor
