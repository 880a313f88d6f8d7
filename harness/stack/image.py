"""The images of the compose stack: what is built of what, in a folder made for the build alone."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version as installed_version
from pathlib import Path

import docker
from docker.errors import ContainerError, DockerException

import harness
from harness.errors import CodeLocationError, InputError, MachineError
from harness.scenario.cells import Cell
from harness.scenario.model import LocationSection, Scenario
from harness.stack.base import ServerEnvironment
from harness.stack.engine import LABEL
from harness.stack.environment import WORKLOAD_REQUIREMENTS, newest_upload
from harness.stack.pinned import pinned
from harness.stack.server_command import own_workloads

Say = Callable[[str], None]

CODE_LIMIT_BYTES = 1024**3
CODE = Path("/opt/code")
"""Where it is inside the image."""
PACKAGE_ROOT = Path(harness.__file__).parent
LEFT_OUT = (".git", ".venv", "venv", "node_modules", "__pycache__", ".mypy_cache", ".pytest_cache", ".tox")
"""Folders of the user's code that no server needs."""

INSPECT = (
    "import importlib.metadata as m, json, platform;"
    "print(json.dumps([platform.python_version(), {d.name: d.version for d in m.distributions()}]))"
)
_STEP = re.compile(r"^#\d+ \[(?:\S+ )?(\w+) +\d+/\d+\] RUN ")
_STAGES = {
    "base": "base image",
    "installer": "uv",
    "packages": "Dagster and what the code needs (the longest part)",
    "server": "the code",
    "collector": "the sampler",
    "locust": "Locust",
}
_FAILURE = re.compile(r"^#\d+ [\d.]+ +((?:error|cause|ERROR|hint): .*|[×╰─▶]+ .*)$")
"""What uv or pip wrote of its failure; the engine's own words repeat the whole command."""


def compose_folder() -> Path:
    """The folder with `compose.yaml`: beside the package in a checkout, inside it when installed."""
    for folder in (PACKAGE_ROOT.parent / "compose", PACKAGE_ROOT / "compose_files"):
        if (folder / "compose.yaml").is_file():
            return folder
    raise MachineError("compose.yaml is not installed beside the harness; reinstall dagster-sizing")


def stage_context(scenario: Scenario, context: Path) -> None:
    """Fill the folder `context` with exactly what the images are built of.

    Raises:
        InputError: the code's folder is too large to be the code alone.
    """
    ignore = shutil.ignore_patterns(*LEFT_OUT)
    shutil.copytree(compose_folder(), context / "compose")
    shutil.copytree(PACKAGE_ROOT, context / "harness", ignore=ignore)
    source = code_folder(scenario.location)
    if source is None:
        root = own_workloads().working_directory
        assert root is not None
        shutil.copytree(root / "workloads", context / "code" / "workloads", ignore=ignore)
        return
    size = sum(_sizes(source))
    if size > CODE_LIMIT_BYTES:
        raise InputError(
            f"location.working_directory: {source} holds {size / 2**30:.1f} GiB, which is copied into the "
            "image; name the folder that has only the code, or bring it as location.image"
        )
    shutil.copytree(source, context / "code", ignore=ignore, symlinks=True)


def code_folder(location: LocationSection | None) -> Path | None:
    """The folder of the user's code that goes into the image; None where there is none to copy.

    Raises:
        InputError: there is code, but what the image shall have of it cannot be told.
    """
    if location is None or location.image is not None:
        return None
    if location.python is not None:
        raise InputError(
            "location.python: containers cannot use an environment of this machine; name what the code "
            "needs in location.requirements, or bring it as location.image"
        )
    if location.working_directory is not None:
        return location.working_directory
    if location.python_file is not None:
        return location.python_file.parent
    raise InputError(
        "location.working_directory: containers get the code from there; name the folder that holds "
        f"{location.module or location.package}"
    )


def build_variables(scenario: Scenario, version: str, experiment: str, context: Path) -> dict[str, str]:
    """What compose.yaml is told about the images of one Dagster version of one experiment."""
    own = scenario.location.requirements if scenario.location else WORKLOAD_REQUIREMENTS
    given = {name: os.environ[name] for name in ("BASE_IMAGE", "CA_BUNDLE") if os.environ.get(name)}
    python = scenario.dagster.python or "3.11"
    return {
        "BASE_IMAGE": f"python:{python}-slim",
        **given,
        "BUILD_CONTEXT": str(context),
        "DAGSTER_VERSION": version,
        "EXCLUDE_NEWER": newest_upload(scenario, version),
        "REQUIREMENTS": "\\n".join([*own, *scenario.dagster.requirements]),
        "CODE_SOURCE": "code",
        "CODE_TARGET": "",
        "SERVER_IMAGE": f"dagster-sizing/server:{experiment}-{version}",
        "COLLECTOR_IMAGE": f"dagster-sizing/collector:{experiment}",
        "LOAD_IMAGE": f"dagster-sizing/load:{experiment}",
        "LOAD_BASE_IMAGE": os.environ.get("LOAD_BASE_IMAGE") or given.get("BASE_IMAGE", "python:3.11-slim"),
        "LOAD_REQUIREMENTS": "\\n".join(pinned("locust")),
        "UV_VERSION": installed_version("uv"),
        "PSUTIL_VERSION": installed_version("psutil"),
    }


def build(
    command: list[str],
    services: Sequence[str],
    variables: Mapping[str, str],
    log: Path,
    timeout: float,
    say: Say,
) -> None:
    """Run `docker compose ... build` for the images of some services, saying each step as it begins.

    Raises:
        InputError: a requirement cannot be installed.
        MachineError: the build failed otherwise, or took too long.
    """
    say("building the images (once; layers are kept by the engine)")
    argv = [
        *command,
        "--profile",
        "collector",
        "--profile",
        "load",
        "--progress",
        "plain",
        "build",
        *services,
    ]
    failures: list[str] = []
    line = ""
    stages = dict(_STAGES)
    with log.open("a", encoding="utf-8") as stream:
        process = subprocess.Popen(
            argv,
            env=os.environ | dict(variables),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert process.stdout is not None
        timer = threading.Timer(timeout, process.kill)
        timer.start()
        try:
            for line in process.stdout:
                stream.write(line)
                if (step := _STEP.match(line)) and step[1] in stages:
                    say(f"building the images: {stages.pop(step[1])}")
                if failure := _FAILURE.match(line.rstrip()):
                    failures.append(failure[1].strip())
        finally:
            in_time = timer.is_alive()
            timer.cancel()
            process.terminate()
            process.stdout.close()
            code = process.wait()
    if not in_time:
        raise MachineError(f"building the images took longer than timeouts.environment ({timeout:g}s)")
    if code != 0:
        raise _explained(failures or [line.strip()], log)


def inspect_image(client: docker.DockerClient, image: str, experiment: str, newest: str) -> ServerEnvironment:
    """Python and packages of an image, asked of itself.

    Raises:
        CodeLocationError: the image has no Python, or not what a code server needs.
    """
    try:
        output = client.containers.run(
            image,
            ["-c", INSPECT],
            entrypoint="python",
            remove=True,
            network_mode="none",
            labels={LABEL: experiment},
        )
    except (ContainerError, DockerException) as error:
        said = " ".join(str(error).split())[:300]
        raise CodeLocationError(f"location.image: `python` does not run in {image}: {said}") from None
    return read_inspected(output, image, newest)


def read_inspected(output: bytes | str, image: str, newest: str) -> ServerEnvironment:
    """What `INSPECT` printed in an image.

    Raises:
        CodeLocationError: it printed nothing, or the image has not what a code server needs.
    """
    if not output:
        raise CodeLocationError(f"location.image: `python` does not run in {image}")
    python_version, packages = json.loads(output)
    names = {name.lower().replace("_", "-") for name in packages}
    missing = [name for name in ("dagster", "dagster-postgres") if name not in names]
    if missing:
        raise CodeLocationError(
            f"location.image: {image} has no {' and no '.join(missing)}; install it there, runs need it"
        )
    return ServerEnvironment(python_version, packages, newest)


def check_environment(environment: ServerEnvironment, scenario: Scenario, cell: Cell, image: str) -> None:
    """Refuse an image that has not what the scenario asks for.

    Raises:
        InputError: another Dagster, or another Python.
    """
    found, wanted = environment.packages["dagster"], cell.dagster_version
    if found != wanted:
        raise InputError(
            f"dagster.versions: {wanted} is asked for, but {image} has Dagster {found}; "
            f'write versions: ["{found}"]'
        )
    python = scenario.dagster.python
    if python and not environment.python_version.startswith(f"{python}."):
        raise InputError(
            f"dagster.python: {python} is asked for, but the image has {environment.python_version}; "
            "name another BASE_IMAGE"
        )


def inside_image(location: LocationSection) -> LocationSection:
    """The location as it is found inside the image."""
    folder = code_folder(location)
    if folder is None:
        return location
    changes: dict[str, Path] = {"working_directory": CODE}
    if location.python_file is not None:
        if not location.python_file.is_relative_to(folder):
            raise InputError(
                f"location.python_file: {location.python_file} is not below location.working_directory "
                f"({folder}), which is what containers get"
            )
        changes["python_file"] = CODE / location.python_file.relative_to(folder)
    return location.model_copy(update=changes)


def _sizes(folder: Path) -> list[int]:
    sizes = []
    for path, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name not in LEFT_OUT]
        sizes += [(Path(path) / name).lstat().st_size for name in files]
    return sizes


def _explained(failures: list[str], log: Path) -> InputError | MachineError:
    text = " ".join(failures)
    short = (text[:400] + "...") if len(text) > 400 else text
    if re.search(r"No solution found|not found in the package registry|Failed to parse|no version", text):
        return InputError(
            f"dagster.versions or requirements cannot be installed: {short} (correct the scenario, or set "
            f"dagster.exclude_newer; the whole log is {log})"
        )
    return MachineError(
        f"the images could not be built: {short or 'see the log'} (behind a proxy, name its certificates "
        f"with CA_BUNDLE; without a registry, name BASE_IMAGE and POSTGRES_IMAGE; the whole log is {log})"
    )
