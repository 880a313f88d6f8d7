"""Imports the code of a location once, as Dagster does, and prints what that took.

Runs in the code server's own environment, which may be as old as Python 3.8 and has not got the harness:
only Dagster and the standard library may be imported here.

    python import_probe.py '{"python_file": null, "module": "my.defs", "working_directory": null}' 'figures: '
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path


def own_memory() -> int | None:
    """Memory that is this process's alone, in bytes; None where the system does not tell."""
    try:
        with Path("/proc/self/smaps_rollup").open() as stream:
            return 1024 * sum(int(line.split()[1]) for line in stream if line.startswith("Private_"))
    except OSError:
        return None


def main() -> None:
    """Import it, and print the figures."""
    import dagster._grpc.server  # noqa: F401 - every code server has it before it comes to the code
    from dagster._core.code_pointer import load_python_file, load_python_module

    target, mark = json.loads(sys.argv[1]), sys.argv[2]
    memory, cpu, began = own_memory(), time.process_time(), time.perf_counter()
    if target["python_file"] is not None:
        load_python_file(target["python_file"], target["working_directory"])
    else:
        load_python_module(target["module"], target["working_directory"])
    seconds, cpu_seconds, after = time.perf_counter() - began, time.process_time() - cpu, own_memory()
    grown = None if memory is None or after is None else max(0, after - memory)
    print(mark + json.dumps({"seconds": seconds, "cpu_seconds": cpu_seconds, "memory_bytes": grown}))


if __name__ == "__main__":
    main()
