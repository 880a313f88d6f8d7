"""Another experiment beside the one that is harmed: a live owner of a process, a folder, and more.

python -m tests.campaign.neighbour process|compose      with DAGSTER_SIZING_STATE set; ends with its stdin
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import uuid
from pathlib import Path

from harness.stack import limited_cgroup
from harness.stack.engine import LABEL, connect, engine_host
from harness.stack.ledger import Ledger
from harness.stack.limited_cgroup import NoCgroupError


def main() -> None:
    """Own something, tell of it in one line of JSON, and give it back at the end."""
    ledger = Ledger()
    sleeper = subprocess.Popen(["sleep", "86400"])
    ledger.add_process(sleeper.pid)
    paths = [str(ledger.make_folder("dagster-sizing-neighbour-"))]

    def recorded(directory: Path) -> None:
        ledger.add_cgroup(directory)
        paths.append(str(directory))

    networks = []
    if sys.argv[1] == "compose":
        networks.append(_network(ledger))
    else:
        with contextlib.suppress(NoCgroupError):  # then there is none to be harmed
            limited_cgroup.make(1.0, 2**30, recorded)
    print(json.dumps({"pid": sleeper.pid, "paths": paths, "networks": networks}), flush=True)
    sys.stdin.read()
    ledger.close()
    sleeper.wait()


def _network(ledger: Ledger) -> str:
    """Name of a network in the Docker engine with the label of an experiment."""
    experiment = uuid.uuid4().hex[:12]
    ledger.add_engine(engine_host(), experiment)
    client = connect(engine_host())
    name = f"dagster-sizing-{experiment}"
    client.api.create_network(name, labels={LABEL: experiment})
    client.close()
    return name


if __name__ == "__main__":
    main()
