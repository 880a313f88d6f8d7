"""What `dagster api grpc` is told about the code it shall load, and what it says when it cannot."""

from __future__ import annotations

import importlib.util
import math
import re
from pathlib import Path

from harness.errors import ExperimentError, MachineError
from harness.scenario.cells import Cell
from harness.scenario.env_file import kept_secrets, read_env_file, taken_from_outside
from harness.scenario.model import LocationSection, Scenario

_EXCEPTION = r"^(?:\x1b\[\d+m)?([A-Za-z_][\w.]*(?:Error|Exception|Exit|Interrupt)\b.*)$"


INSTANCE_REF = (
    "import os\n"
    "from dagster._core.instance.ref import InstanceRef\n"
    "from dagster._serdes import serialize_value\n"
    "print(serialize_value(InstanceRef.from_dir(os.environ['DAGSTER_HOME'])))\n"
)
"""Prints what Dagster+'s agents tell a code server of the instance."""

MAKE_TABLES = "from dagster import DagsterInstance; DagsterInstance.get()"
"""Makes the tables of a new database: of servers that start together and each make them, one may fail."""


def start_arguments(cell: Cell) -> list[str]:
    """The command of `dagster` that a cell's code server is."""
    return ["code-server", "start"] if cell.started_as == "code_server" else ["api", "grpc"]


def agent_settings(instance_ref: str) -> dict[str, str]:
    """The environment in which Dagster+'s agents start a code server.

    Source: `core/workspace.py` of dagster-cloud-cli 1.13.27.

    Args:
        instance_ref: as `INSTANCE_REF` prints it.

    Raises:
        ExperimentError: it printed nothing.
    """
    if not instance_ref.strip():
        raise ExperimentError("server.started_as: the environment's Dagster does not tell of its instance")
    return {
        "DAGSTER_CLI_API_GRPC_LAZY_LOAD_USER_CODE": "1",
        "DAGSTER_INJECT_ENV_VARS_FROM_INSTANCE": "1",
        "DAGSTER_INSTANCE_REF": instance_ref.strip(),
    }


def health_check_arguments(port: int) -> list[str]:
    """The command of `dagster` that the Helm chart's probe executes beside the code server."""
    return ["api", "grpc-health-check", "-p", str(port)]


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
    if (directory := directory_of(location)) is not None:
        argv += ["--working-directory", str(directory)]
    return argv


def directory_of(location: LocationSection) -> Path | None:
    """The folder that the code is imported from; None where it is installed."""
    if location.working_directory is None and location.python_file is not None:
        return location.python_file.parent
    return location.working_directory


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
    """What a cell and its scenario set in the environment of the code server.

    Raises:
        InputError: the scenario's env_file has gone, or become something else, since it was checked; or a
            variable that is left to the harness's environment is not there.
    """
    settings: dict[str, str] = {}
    if cell.grpc_max_workers is not None:
        settings["DAGSTER_GRPC_MAX_WORKERS"] = str(cell.grpc_max_workers)
    if scenario.sampling.ping_hz:
        settings["DAGSTER_ENABLE_SERVER_METRICS"] = "1"
    if scenario.server.env_file is not None:
        settings |= read_env_file(scenario.server.env_file)
    return settings | taken_from_outside(scenario.server.env)


def webserver_settings(scenario: Scenario) -> dict[str, str]:
    """What the webserver and the daemon are told: to wait for the code server as long as the harness does."""
    return {"DAGSTER_GRPC_TIMEOUT_SECONDS": f"{math.ceil(scenario.timeouts.launch)}"}


def said_of_environment(scenario: Scenario) -> list[str]:
    """What to say of secrets that a result will hold, and of a `.env` beside the code that nobody named."""
    kept = [
        f"server.env: the result keeps the value of {name}; leave it empty to take it from the environment"
        for name in kept_secrets(scenario.server.env)
    ]
    left_out = scenario.server.pod.left_out
    without = (
        [f"measured without what the deployment's file says of {', '.join(left_out)}"] if left_out else []
    )
    return [*kept, *without, *filter(None, [_unread_env_file(scenario)])]


def _unread_env_file(scenario: Scenario) -> str:
    location = scenario.location
    if location is None or location.image is not None or scenario.server.env_file is not None:
        return ""
    folder = directory_of(location)
    if folder is None or not (folder / ".env").is_file():
        return ""
    return f"{folder / '.env'} is not read; name it as server.env_file if the server shall have it"


def last_line(log: str) -> str:
    """The last line of a log that says something."""
    said = [line.strip() for line in log.splitlines() if line.strip()]
    return said[-1] if said else "nothing in its log"


def cause(log: str) -> str:
    """The innermost exception in a code server's log, else its last line."""
    errors = re.findall(_EXCEPTION, log, re.MULTILINE)
    # Dagster adds advice about working directories after the first sentence
    return re.split(r"\. Local modules were", errors[-1].strip())[0] if errors else last_line(log)
