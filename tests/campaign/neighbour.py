"""Another experiment beside the one that is harmed: a live owner of a process, a cgroup and a folder.

python -m tests.campaign.neighbour      with DAGSTER_SIZING_STATE set; ends with its stdin
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from pathlib import Path

from harness.stack import limited_cgroup
from harness.stack.ledger import Ledger
from harness.stack.limited_cgroup import NoCgroupError


def main() -> None:
    """Own something, tell of it in one line of JSON, and give it back at the end."""
    ledger = Ledger()
    sleeper = subprocess.Popen(["sleep", "86400"])
    ledger.add_process(sleeper.pid)
    folder = ledger.make_folder("dagster-sizing-neighbour-")
    groups: list[str] = []

    def recorded(directory: Path) -> None:
        ledger.add_cgroup(directory)
        groups.append(str(directory))

    with contextlib.suppress(NoCgroupError):  # then there is none to be harmed
        limited_cgroup.make(1.0, 2**30, recorded)
    print(json.dumps({"pid": sleeper.pid, "paths": [str(folder), *groups]}), flush=True)
    sys.stdin.read()
    ledger.close()
    sleeper.wait()


if __name__ == "__main__":
    main()
