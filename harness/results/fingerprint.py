"""What the experiment ran on, so that two results can be compared with open eyes."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import psutil

from harness.results.fingerprint_record import FingerprintRecord

_TOOLS = ("locust", "psutil", "pandas", "pyarrow", "scipy", "numpy", "uv")


def machine_fingerprint() -> FingerprintRecord:
    """Machine, kernel, CPU and the harness's own tools; nothing that names the machine or its user."""
    affinity = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return FingerprintRecord(
        {
            "system": platform.system(),
            "kernel": platform.release(),
            "architecture": platform.machine(),
            "distribution": _distribution(),
            "cpu_model": _cpu_model(),
            "cpu_count": os.cpu_count(),
            "cpu_affinity_count": affinity,
            "memory_total_bytes": psutil.virtual_memory().total,
            "swap_total_bytes": psutil.swap_memory().total,
            "cgroup_version": _cgroup_version(),
            "virtualisation": _virtualisation(),
            "python_version": platform.python_version(),
            "tools": {name: _version(name) for name in _TOOLS},
        }
    )


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _distribution() -> str:
    try:
        return platform.freedesktop_os_release().get("PRETTY_NAME", "")
    except OSError:
        return platform.platform()


def _cpu_model() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith(("model name", "Hardware", "CPU implementer")):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor()


def _cgroup_version() -> int:
    if Path("/sys/fs/cgroup/cgroup.controllers").exists():
        return 2
    return 1 if Path("/sys/fs/cgroup/memory").exists() else 0


def _virtualisation() -> str:
    try:
        flags = Path("/proc/cpuinfo").read_text()
    except OSError:
        return ""
    return "hypervisor" if " hypervisor" in flags else ""
