"""The first process of the container beside this one, where both share their processes, and its limits.

    python -m harness.observe.beside        {"pid": 7, "memory_bytes": 1073741824, "cpus": 2.0}

In a pod that shares its process namespace, pid 1 is the pod's own; the first ones of its containers have
no parent that can be seen, and a cgroup of their own. Only the standard library is imported.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from harness.observe.cgroup import CgroupPaths
from harness.observe.cgroup_limits import CgroupLimits

EXIT_NOT_FOUND = 3


def first_beside(proc: Path = Path("/proc")) -> int | None:
    """Its pid; None where no other container has a process, or several have."""
    own = _cgroup(proc, "self")
    found: dict[str, int] = {}
    for folder in proc.iterdir():
        if not folder.name.isdigit() or folder.name == "1":
            continue
        cgroup = _cgroup(proc, folder.name)
        if cgroup and cgroup != own and _parent(folder) == 0:
            found.setdefault(cgroup, int(folder.name))
    return next(iter(found.values())) if len(found) == 1 else None


def _cgroup(proc: Path, name: str) -> str:
    try:
        return (proc / name / "cgroup").read_text("ascii")
    except OSError:
        return ""


def _parent(folder: Path) -> int | None:
    try:
        stat = (folder / "stat").read_bytes()
    except OSError:
        return None
    return int(stat.rpartition(b")")[2].split()[1])  # the name before may hold anything


def main() -> int:
    """Print it."""
    pid = first_beside()
    if pid is None:
        print("no process of one other container is seen here", file=sys.stderr)
        return EXIT_NOT_FOUND
    print(json.dumps({"pid": pid} | CgroupLimits.of(CgroupPaths.seen_by(pid)).to_json()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
