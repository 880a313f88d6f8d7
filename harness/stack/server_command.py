"""What `dagster api grpc` is told about the code it shall load, and what it says when it cannot."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

from harness.errors import MachineError
from harness.scenario.cells import Cell
from harness.scenario.model import LocationSection, Scenario

_EXCEPTION = r"^(?:\x1b\[\d+m)?([A-Za-z_][\w.]*(?:Error|Exception|Exit|Interrupt)\b.*)$"


def target_arguments(location: LocationSection) -> list[str]:
    """The options that name the code of a location."""
    argv: list[str] = []
    if location.python_file is not None:
        argv += ["--python-file", str(location.python_file)]
    if location.module is not None:
        argv += ["--module-name", location.module]
    if location.package is not None:
        argv += ["--package-name", location.package]
    if location.attribute is not None:
        argv += ["--attribute", location.attribute]
    directory = location.working_directory
    if directory is None and location.python_file is not None:
        directory = location.python_file.parent
    if directory is not None:
        argv += ["--working-directory", str(directory)]
    return argv


def own_workloads() -> LocationSection:
    """The project's own code location, which is measured where a scenario names none.

    Raises:
        MachineError: it is not installed.
    """
    spec = importlib.util.find_spec("workloads")
    if spec is None or not spec.submodule_search_locations:
        raise MachineError(
            "the package `workloads` is not installed beside the harness; reinstall dagster-sizing"
        )
    root = Path(next(iter(spec.submodule_search_locations))).parent
    return LocationSection(module="workloads.definitions", working_directory=root)


def server_settings(scenario: Scenario, cell: Cell) -> dict[str, str]:
    """What a cell sets in the environment of its code server."""
    settings: dict[str, str] = {}
    if cell.grpc_max_workers is not None:
        settings["DAGSTER_GRPC_MAX_WORKERS"] = str(cell.grpc_max_workers)
    if scenario.sampling.ping_hz:
        settings["DAGSTER_ENABLE_SERVER_METRICS"] = "1"
    return settings


def last_line(log: str) -> str:
    """The last line of a log that says something."""
    said = [line.strip() for line in log.splitlines() if line.strip()]
    return said[-1] if said else "nothing in its log"


def cause(log: str) -> str:
    """The innermost exception in a code server's log, else its last line."""
    errors = re.findall(_EXCEPTION, log, re.MULTILINE)
    # Dagster adds advice about working directories after the first sentence
    return re.split(r"\. Local modules were", errors[-1].strip())[0] if errors else last_line(log)
