"""The text of a scenario file for somebody's own project. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import yaml


@dataclass(frozen=True)
class Project:
    """What is to be measured."""

    name: str
    target: tuple[str, str]
    """`python_file`, `module` or `package`, and which."""
    jobs: Sequence[str]
    image: str = ""
    """That has the code; empty where the code is on this machine."""
    working_directory: str = ""
    requirements: Sequence[str] = ()
    version: str = ""
    """Of Dagster; empty for the default, and where an image brings its own."""
    cpus: str = "2"
    memory: str = "2GiB"
    workers: int | None = None
    levels: Sequence[int] = (1, 2, 4, 6)


def scenario_text(project: Project) -> str:
    """YAML with comments on what to change next."""
    kind, which = project.target
    location: dict[str, Any] = {"image": project.image} if project.image else {}
    location[kind] = which
    if project.working_directory:
        location["working_directory"] = project.working_directory
    if project.requirements:
        location["requirements"] = list(project.requirements)
    cpus = int(project.cpus) if project.cpus.isdecimal() else project.cpus
    server: dict[str, Any] = {"cpus": cpus, "memory": project.memory}
    server["grpc_max_workers"] = "unset" if project.workers is None else project.workers
    parts = [
        "# Checked by `dagster-sizing scenario check`; `dagster-sizing scenario schema` lists every field."
    ]
    parts += [_dump({"name": project.name})]
    if project.version:
        parts += [_dump({"dagster": {"versions": [project.version]}})]
    parts += [
        "# Your code, as `dagster api grpc` loads it.",
        _dump({"location": location}),
        "# The limits of your code server; a list such as [2GiB, 4GiB] measures each.",
        _dump({"server": server}),
        "# Jobs as they are in production. A run config goes below its job as `run_config:`, a partition",
        "# as `partition:`. With `hold: ops.NAME.config.FIELD` the harness chooses how long a run lasts.",
        _dump({"workloads": [{"job": job} for job in project.jobs]}),
        "# Runs at once in each burst, and bursts of each: the highest has to fit into the memory.",
        _dump({"load": {"levels": list(project.levels), "repeats": 3}}, flow=True),
    ]
    return "\n".join(parts) + "\n"


def _dump(section: dict[str, Any], flow: bool = False) -> str:
    if flow:
        ((name, value),) = section.items()
        return f"{name}: {yaml.safe_dump(value, default_flow_style=True, sort_keys=False).strip()}"
    return str(yaml.safe_dump(section, sort_keys=False, default_flow_style=False)).rstrip()
