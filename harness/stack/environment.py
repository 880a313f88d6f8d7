"""Python environments for any Dagster version, made by uv and kept in a cache.

Dependencies are held to the day after the Dagster release, so that an old version is measured with what its
users had. The release date comes from the index itself (`upload-time`, PEP 700), through uv.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import os
import platform
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import platformdirs
import uv
from filelock import FileLock

from harness.atomic import write_text
from harness.errors import InputError, MachineError
from harness.scenario.model import Scenario
from harness.stack.base import ServerEnvironment

Say = Callable[[str], None]
WORKLOAD_REQUIREMENTS = ("pandas", "psutil")
_DONE = "environment.json"


@dataclass(frozen=True)
class PreparedEnvironment:
    """An environment that is ready to run a code server."""

    python: Path
    info: ServerEnvironment


def prepare_environment(scenario: Scenario, version: str, say: Say) -> PreparedEnvironment:
    """The environment for one Dagster version of a scenario: the user's own, a cached one, or a new one.

    Raises:
        InputError: the version or a requirement does not exist, or the user's environment does not fit.
        MachineError: no network, no disk, or no uv.
    """
    location = scenario.location
    if location is not None and location.python is not None:
        return _existing(location.python, version)
    requirements = _requirements(scenario, version)
    python = scenario.dagster.python or f"{sys.version_info.major}.{sys.version_info.minor}"
    if scenario.dagster.exclude_newer == "release" and not _kept_release(version).is_file():
        say(f"finding out when Dagster {version} was released")
    newest = newest_upload(scenario, version)
    # not the kernel, which a container or an update changes and no wheel depends on
    system = (platform.system(), platform.machine(), *platform.libc_ver())
    key_parts = [version, python, newest, *system, *requirements]
    key = hashlib.sha256("\n".join(key_parts).encode()).hexdigest()[:16]
    directory = cache_folder() / f"dagster-{version}-{key}"
    directory.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(directory.parent / f"{directory.name}.lock"):
        if not (directory / _DONE).exists():
            _make(directory, version, python, requirements, newest, scenario.timeouts.environment, say)
    recorded = json.loads((directory / _DONE).read_text("utf-8"))
    return PreparedEnvironment(directory / "bin" / "python", ServerEnvironment(**recorded))


def newest_upload(scenario: Scenario, version: str) -> str:
    """The instant by which a dependency must have been uploaded, as scenario and release say; empty for any.

    In RFC 3339 and UTC: of a bare date, uv takes the end, in whatever time zone the machine is.

    Raises:
        InputError: there is no such version.
        MachineError: the index cannot be asked, or does not say when it was released.
    """
    wanted = scenario.dagster.exclude_newer
    if wanted == "never":
        return ""
    if isinstance(wanted, datetime.date):
        return _end_of(wanted)
    released = _release_date(version, scenario.timeouts.environment)
    return _end_of(released + datetime.timedelta(days=1))


def _end_of(day: datetime.date) -> str:
    return f"{day + datetime.timedelta(days=1)}T00:00:00Z"


def cache_folder() -> Path:
    """Where environments are kept."""
    named = os.environ.get("DAGSTER_SIZING_CACHE")
    return Path(named) if named else platformdirs.user_cache_path("dagster-sizing")


def _requirements(scenario: Scenario, version: str) -> list[str]:
    own = scenario.location.requirements if scenario.location else WORKLOAD_REQUIREMENTS
    return [
        f"dagster=={version}",
        f"dagster-webserver=={version}",
        *own,
        *scenario.dagster.requirements,
    ]


def _make(
    directory: Path,
    version: str,
    python: str,
    requirements: list[str],
    newest: str,
    timeout: float,
    say: Say,
) -> None:
    say(f"making the environment for Dagster {version} (once; kept in the cache)")
    _uv(["venv", "--quiet", "--clear", "--python", python, str(directory)], timeout)
    held = ["--exclude-newer", newest] if newest else []
    target = ["--python", str(directory / "bin" / "python")]
    # Without compiled bytecode every run would pay for compiling, which no deployed server does.
    _uv(["pip", "install", "--quiet", "--compile-bytecode", *target, *held, *requirements], timeout)
    listed = json.loads(_uv(["pip", "list", "--format", "json", *target], timeout))
    info = ServerEnvironment(
        python_version=_ask(
            directory / "bin" / "python", "import platform; print(platform.python_version())"
        ),
        packages={item["name"]: item["version"] for item in listed},
        exclude_newer=newest,
    )
    write_text(directory / _DONE, json.dumps(info.__dict__), durable=False)


def _release_date(version: str, timeout: float) -> datetime.date:
    """From the index, once: a release does not move."""
    kept = _kept_release(version)
    if kept.is_file():
        return datetime.date.fromisoformat(kept.read_text("utf-8"))
    released = _ask_index(version, timeout)
    kept.parent.mkdir(parents=True, exist_ok=True)
    write_text(kept, released.isoformat(), durable=False)
    return released


def _kept_release(version: str) -> Path:
    return cache_folder() / f"released-{version}"


def _ask_index(version: str, timeout: float) -> datetime.date:
    lock = _uv(
        ["pip", "compile", "--quiet", "--no-deps", "--format", "pylock.toml", "-"],
        timeout,
        stdin=f"dagster=={version}\n",
    )
    package = tomllib.loads(lock)["packages"][0]
    files = [*package.get("wheels", ()), *([package["sdist"]] if "sdist" in package else ())]
    times = [file["upload-time"] for file in files if "upload-time" in file]
    if not times:
        raise MachineError(
            "dagster.exclude_newer: the package index does not say when Dagster was released; "
            "give a date, or `never`"
        )
    moment: datetime.datetime = min(times)
    return moment.astimezone(datetime.UTC).date()


def _existing(python: Path, version: str) -> PreparedEnvironment:
    script = (
        "import importlib.metadata as m, json, platform;"
        "print(json.dumps([platform.python_version(), {d.name: d.version for d in m.distributions()}]))"
    )
    try:
        python_version, packages = json.loads(_ask(python, script))
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        raise InputError(
            f"location.python: {python} does not run as a Python interpreter ({error})"
        ) from None
    for needed in ("dagster", "dagster-webserver"):
        found = packages.get(needed) or packages.get(needed.replace("-", "_"))
        if found is None:
            raise InputError(f"location.python: {python} has no {needed}; install it there")
        if found != version:
            raise InputError(
                f"dagster.versions: {version} is asked for, but {python} has {needed} {found}; "
                f'write versions: ["{found}"]'
            )
    return PreparedEnvironment(python, ServerEnvironment(python_version, packages, ""))


def _ask(python: str | Path, script: str) -> str:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    done = subprocess.run(
        [str(python), "-c", script], capture_output=True, text=True, timeout=60, check=True, env=environment
    )
    return done.stdout.strip()


def _uv(arguments: list[str], timeout: float, stdin: str | None = None) -> str:
    try:
        done = subprocess.run(
            [uv.find_uv_bin(), *arguments],
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
    except FileNotFoundError:
        raise MachineError(
            "uv is not installed beside dagster-sizing; reinstall it, or: pip install uv"
        ) from None
    except subprocess.TimeoutExpired:
        raise MachineError(
            f"making the environment took longer than timeouts.environment ({timeout:g}s)"
        ) from None
    if done.returncode == 0:
        return done.stdout
    raise _explained(done.stderr)


def _explained(stderr: str) -> InputError | MachineError:
    """One line out of uv's many."""
    line = " ".join(re.sub(r"[×╰─▶│├]", " ", stderr).split())
    short = line if len(line) < 400 else line[:400] + "..."
    if re.search(r"No solution found|not found in the package registry|Failed to parse|no version", line):
        return InputError(
            f"dagster.versions or requirements cannot be installed: {short} (correct the scenario, or set "
            "dagster.exclude_newer)"
        )
    return MachineError(f"the server's environment could not be made: {short}")
