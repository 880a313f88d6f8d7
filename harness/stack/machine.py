"""What this machine can and cannot do, each with its fix: the substance of `dagster-sizing doctor`."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil
import uv

from harness.errors import MachineError
from harness.stack import cgroup
from harness.stack.environment import cache_folder
from harness.stack.process import free_port

GIB = 1024**3
NEEDED_DISK_BYTES = 2 * GIB


@dataclass(frozen=True)
class Check:
    """One thing an experiment needs or profits from."""

    name: str
    ok: bool
    detail: str
    fix: str = ""
    required: bool = False


def probe_machine() -> list[Check]:
    """Look at everything an experiment needs here; changes nothing that it does not undo."""
    return [probe() for probe in (_python, _uv, _limits, _cpus, _memory, _disk, _ports, _quiet, _docker)]


def _python() -> Check:
    ok = sys.version_info >= (3, 11)
    return Check("python", ok, platform.python_version(), "use Python 3.11 or newer", required=True)


def _uv() -> Check:
    try:
        done = subprocess.run(
            [uv.find_uv_bin(), "--version"], capture_output=True, text=True, timeout=30, check=True
        )
    except (OSError, subprocess.SubprocessError) as error:
        return Check("uv", False, str(error), "reinstall dagster-sizing, or: pip install uv", required=True)
    return Check("uv", True, done.stdout.strip(), required=True)


def _limits() -> Check:
    made: list[Path] = []
    try:
        limited = cgroup.make(1.0, GIB, made.append)
    except cgroup.NoCgroupError as error:
        if cgroup.systemd_scope(1.0, GIB) is not None:
            return Check("cgroup", True, "limits through systemd-run --user --scope")
        fix = "run as root on Linux or in a systemd user session; else results say `limits: not enforced`"
        return Check("cgroup", False, f"limits cannot be enforced: {error}", fix)
    finally:
        for directory in made:
            cgroup.remove(directory)
    return Check("cgroup", True, f"limits through {limited.method}")


def _cpus() -> Check:
    count = os.cpu_count() or 1
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else count
    detail = f"{usable} of {count} CPUs may be used"
    fix = "use at least 2 CPUs: load generator and sampler must not take those of the code server"
    return Check("cpus", usable >= 2, detail, fix)


def _memory() -> Check:
    available = psutil.virtual_memory().available
    fix = "close programs, or lower server.memory and load.levels in the scenario"
    return Check("memory", available >= 3 * GIB, f"{available / GIB:.1f} GiB available", fix)


def _disk() -> Check:
    folder = cache_folder()
    while not folder.exists():
        folder = folder.parent
    free = min(shutil.disk_usage(folder).free, shutil.disk_usage(tempfile.gettempdir()).free)
    fix = "free space, or name other folders with DAGSTER_SIZING_CACHE and TMPDIR"
    return Check("disk", free >= NEEDED_DISK_BYTES, f"{free / GIB:.1f} GiB free", fix, required=True)


def _ports() -> Check:
    return _attempt("ports", lambda: f"127.0.0.1 has free ports ({free_port()})", "allow TCP on 127.0.0.1")


def _quiet() -> Check:
    load = psutil.getloadavg()[0]
    cpus = os.cpu_count() or 1
    fix = "wait until other work has ended: it makes the intervals wider"
    return Check("quiet", load < 0.5 * cpus, f"load average {load:.1f} on {cpus} CPUs", fix)


def _docker() -> Check:
    found = shutil.which("docker")
    detail = "installed; not needed for the process stack" if found else "not installed; not needed"
    return Check("docker", True, detail)


def _attempt(name: str, action: Callable[[], str], fix: str) -> Check:
    try:
        return Check(name, True, action(), required=True)
    except MachineError as error:
        return Check(name, False, str(error), fix, required=True)
