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
from harness.stack import limited_cgroup
from harness.stack.engine import clock_offset, engine_host, is_elsewhere, require_engine
from harness.stack.environment import cache_folder
from harness.stack.ports import free_port
from harness.stack.ssh_tunnel import SCHEME

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


def probe_machine(clocks_apart: float) -> list[Check]:
    """Look at everything an experiment needs here; changes nothing that it does not undo.

    Args:
        clocks_apart: seconds by which the clock of an engine elsewhere may be off this one's.
    """
    probes = (_python, _uv, _limits, _cpus, _memory, _disk, _ports, _quiet)
    return [*(probe() for probe in probes), *probe_docker(clocks_apart)]


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
        limited = limited_cgroup.make(1.0, GIB, made.append)
    except limited_cgroup.NoCgroupError as error:
        if limited_cgroup.has_user_systemd():
            return Check("cgroup", True, "limits through systemd-run --user --scope")
        fix = "run as root on Linux or in a systemd user session; else results say `limits: not enforced`"
        return Check("cgroup", False, f"limits cannot be enforced: {error}", fix)
    finally:
        for directory in made:
            limited_cgroup.remove(directory)
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


def probe_docker(clocks_apart: float) -> list[Check]:
    """Look at what `--stack compose` needs; nothing of it is required, the process stack does without.

    Args:
        clocks_apart: as for `probe_machine`.
    """
    try:
        client, info = require_engine()
    except MachineError as error:
        problem, _, fix = str(error).partition("; ")
        return [Check("docker", False, problem, fix)]
    offset = clock_offset(client)
    client.close()
    checks = [
        Check("docker", True, f"engine {info.version}, Compose {info.compose_version}, BuildKit"),
        Check(
            "docker cgroup",
            info.cgroup_version == 2 or info.cgroup_driver != "none",
            f"version {info.cgroup_version}, driver {info.cgroup_driver}",
            "rootless engines need cgroup v2 with delegation (https://docs.docker.com/engine/security/rootless/)",
        ),
    ]
    lacking = [text for text in info.warnings if any(w in text for w in ("memory limit", "cpu cfs"))]
    if lacking:
        fix = "enable the memory and cpu controllers in the kernel (cgroup_enable=memory), then restart"
        checks.append(Check("docker limits", False, "; ".join(lacking), fix))
    if info.in_virtual_machine:
        detail = (
            f"a virtual machine lies between ({info.operating_system}: {info.cpus} CPUs, "
            f"{info.memory_bytes / GIB:.1f} GiB); limits beyond it have no effect"
        )
        fix = "give the machine more CPUs and memory in Docker's settings than the scenario's limits"
        checks.append(Check("docker machine", info.memory_bytes >= 6 * GIB, detail, fix))
    host = engine_host()
    if is_elsewhere(host):
        detail = f"{host}, whose clock is {offset:+.3f}s off this one's"
        fix = "keep the time of both by NTP"
        checks.append(Check("docker host", abs(offset) <= clocks_apart, detail, fix))
    elif not host.startswith(("unix://", "npipe://")):
        detail = f"the engine at {host} is another machine, whose 127.0.0.1 takes the load"
        fix = f"reach it by ssh: DOCKER_HOST={SCHEME}USER@HOST"
        checks.append(Check("docker host", False, detail, fix))
    return checks


def _attempt(name: str, action: Callable[[], str], fix: str) -> Check:
    try:
        return Check(name, True, action(), required=True)
    except MachineError as error:
        return Check(name, False, str(error), fix, required=True)
